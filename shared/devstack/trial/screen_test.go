package trial_test

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/trial"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
)

func TestTheLastLineOfARunReadsTheExportByItsManifest(t *testing.T) {
	t.Parallel()

	c, out := config(t)
	c.Out = filepath.Join(c.Out, "it's here") // a folder that a shell would trip over

	var truth bytes.Buffer
	c.BeforeCheck = func(_ context.Context, s *stack.Stack, _ export.Result) {
		if err := s.Genesys.WriteUsers(&truth, genesyssim.Query{State: "any"}); err != nil {
			t.Error(err)
		}
	}

	summary := mustRun(t, c, out)

	// What an invocation that was cut off leaves: a part that is in no manifest.
	write(t, filepath.Join(summary.Folder, "part-000001-0000.jsonl.gz"), "not a part")

	lines := strings.Split(strings.TrimSpace(out.String()), "\n")

	read, err := exec.CommandContext(t.Context(), "sh", "-c", lines[len(lines)-1]).CombinedOutput()
	if err != nil {
		t.Fatalf("the last line is no command: %v\n%s\n%s", err, lines[len(lines)-1], read)
	}

	if want := strings.Join(strings.SplitAfterN(truth.String(), "\n", 4)[:3], ""); string(read) != want {
		t.Errorf("it reads\n%s\nwant the first three users:\n%s", read, want)
	}

	if !strings.Contains(out.String(), "manifest       "+filepath.Join(c.Out, "s3", stack.Bucket, "exports", "_state", "users")) {
		t.Errorf("the manifest's path is not told:\n%s", out)
	}
}

// soon is long before a run would have tried everything again.
const soon = 10 * time.Second

func TestAFullDiskEndsARunAtOnceAndByName(t *testing.T) {
	t.Parallel()

	c, out := config(t)

	var full time.Time
	c.OnStart = func(_ context.Context, s *stack.Stack) {
		s.Objects.Fill(true)
		full = time.Now()
	}

	_, err := trial.Run(t.Context(), c)
	if want := "the disk is full below " + filepath.Join(c.Out, "s3") + ": make room there, or choose another folder"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q\n%s", err, want, out)
	}

	if took := time.Since(full); took > soon {
		t.Errorf("it took %v", took)
	}
}

func TestAnExportThatFoundTheDiskFullGoesOnOnceThereIsRoom(t *testing.T) {
	t.Parallel()

	c, organisation, out := liveConfig(t)

	var full time.Time
	c.OnSlice = func(_ context.Context, s *stack.Stack, _ driver.Invocation) {
		s.Objects.Fill(true)
		full = time.Now()
	}

	_, err := trial.RunLive(t.Context(), c)
	for _, want := range []string{"the disk is full below ", "start again in the same way to go on"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("got %v, want %q\n%s", err, want, out)
		}
	}

	if took := time.Since(full); took > soon || strings.Contains(err.Error(), "interrupted") {
		t.Errorf("it took %v: %v", took, err)
	}

	c.OnSlice = nil

	summary, err := trial.RunLive(t.Context(), c)
	if err != nil {
		t.Fatalf("got %v\n%s", err, out)
	}

	requireEveryUser(t, organisation, genesyssim.Query{State: "any"}, summary.Folder)
}

func TestWhatAnInvocationHasReadIsShownBeforeItCommits(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer

	err := trial.Progress(&out,
		`{"timestamp":"2026-11-28T04:00:00Z","level":"INFO","message":"export continues","records":7,"note":"reading"}`,
		`{"timestamp":"2026-11-28T04:00:05Z","level":"INFO","message":"reading","export_id":"e","pages":12,"records":1200}`,
		`no JSON, and "reading"`,
	)
	if want := "reading   1,200 records, 12 pages so far\n"; err != nil || out.String() != want {
		t.Errorf("got %v and %q, want %q", err, out.String(), want)
	}
}

func TestWhatIsWrongWithALiveRunIsFoundBeforeAnybodyIsAsked(t *testing.T) {
	t.Parallel()

	for says, change := range map[string]func(*trial.Live){
		`"all" is none of active`:              func(l *trial.Live) { l.State = "all" },
		"from 1 to 500":                        func(l *trial.Live) { l.PageSize = 501 },
		"certificate authorities":              func(l *trial.Live) { l.Organisation.Authorities = "none" },
		"built functions and the template":     func(l *trial.Live) { l.Binaries = "none" },
		"the template: stat other.yaml":        func(l *trial.Live) { l.Template = "other.yaml" },
		"is no folder":                         func(l *trial.Live) { l.Out = templateFile },
		"is negative":                          func(l *trial.Live) { l.Timeout = -time.Second },
		"begun otherwise (page size 50, now 7": func(l *trial.Live) { l.PageSize = 7 },
	} {
		c, organisation, _ := liveConfig(t)
		c.Stdout = io.Discard
		write(t, filepath.Join(c.Out, "unfinished.json"), `{"export_id":"e","state":"any","page_size":50,"client_id":"a-client","environment":"`+
			strings.TrimPrefix(c.Organisation.APIURL, "https://")+`"}`)
		c.Organisation.ClientID = "" // nobody has typed it yet

		if err := c.Check(); err != nil {
			t.Errorf("what is right is refused: %v", err)
		}

		change(&c)

		if err := c.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}

		if n := asked(organisation); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	}
}
