package lambdasim_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

const megabyte = 1 << 20

func TestThePeakMemoryIsThatOfTheLargestProcess(t *testing.T) {
	t.Parallel()

	for name, event := range map[string]string{
		"an answer": `{"do":"eat","count":300}`,
		"a crash":   `{"do":"eat","count":300,"text":"exit","millis":1000}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			function := probe()
			function.MemoryMB = 1024
			s := start(t, lambdasim.Config{Functions: []lambdasim.Function{function}})

			s.invoke(t, `{}`)
			if small := s.Report("probe").PeakMemory; runtime.GOOS == "linux" && (small < megabyte || small > 100*megabyte) {
				t.Errorf("an empty invocation peaked at %d bytes", small)
			}
			log := s.tail(t, event)
			if runtime.GOOS != "linux" {
				s.Kill("probe") // elsewhere memory is known at the end of a process
			}
			report := s.Report("probe")
			if large := report.PeakMemory; large < 300*megabyte || large > 700*megabyte {
				t.Errorf("an invocation that took 300 MB peaked at %d bytes", large)
			}
			rounded := int((report.PeakMemory + megabyte - 1) / megabyte)
			if report.MaxMemoryUsedMB != rounded {
				t.Errorf("%d MB are reported for a peak of %d bytes", report.MaxMemoryUsedMB, report.PeakMemory)
			}
			if want := fmt.Sprintf("Memory Size: 1024 MB\tMax Memory Used: %d MB", rounded); runtime.GOOS == "linux" && !strings.Contains(log, want) {
				t.Errorf("the log does not say %q:\n%s", want, log)
			}
		})
	}
}

func TestAProcessIsNotChargedWithItsParentsMemory(t *testing.T) {
	t.Parallel()
	ballast := make([]byte, 200<<20)
	for i := range ballast {
		ballast[i] = 1
	}
	s := startProbe(t)

	s.invoke(t, `{"do":"exit","count":1}`)
	if got := s.Report("probe").PeakMemory; got > 100<<20 {
		t.Errorf("a process that took next to nothing peaked at %d bytes; its parent holds %d", got, len(ballast))
	}
	runtime.KeepAlive(ballast)
}

func TestBilledTimeIsRoundedUpAndHoldsTheColdStart(t *testing.T) {
	t.Parallel()
	ended := make(chan lambdasim.Invocation, 10)
	s := start(t, lambdasim.Config{
		Functions: []lambdasim.Function{probe()},
		Hooks:     lambdasim.Hooks{Ended: func(i lambdasim.Invocation) { ended <- i }},
	})

	s.invoke(t, `{"do":"sleep","millis":50}`)
	cold, billedCold := receive(t, ended), s.Report("probe").BilledDuration
	s.invoke(t, `{"do":"sleep","millis":50}`)
	warm, billedWarm := receive(t, ended), s.Report("probe").BilledDuration-billedCold

	if !cold.Cold || warm.Cold {
		t.Errorf("cold starts were %t and %t, want true and false", cold.Cold, warm.Cold)
	}
	if billedCold <= cold.Duration || billedCold%time.Millisecond != 0 {
		t.Errorf("%s were billed for a cold start and %s", billedCold, cold.Duration)
	}
	if want := (warm.Duration + time.Millisecond - 1).Truncate(time.Millisecond); warm.Duration < 50*time.Millisecond || billedWarm != want {
		t.Errorf("%s were billed for %s, want %s", billedWarm, warm.Duration, want)
	}
}

func TestAnUnknownFunctionHasAnEmptyReport(t *testing.T) {
	t.Parallel()
	s := startProbe(t)

	if diff := cmp.Diff(lambdasim.FunctionReport{}, s.Report("nobody")); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}
