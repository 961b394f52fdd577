package credentials_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"genesys-cloud-export/shared/credentials"
)

// screen is the outer side of a pseudo terminal: the person's keyboard, and all that the person sees.
type screen struct {
	keyboard *os.File
	inner    *os.File

	mu   sync.Mutex
	seen bytes.Buffer
}

// newScreen opens a pseudo terminal, whose inner side is what a program has as its standard input.
func newScreen(t *testing.T) *screen {
	t.Helper()

	outer, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = outer.Close() })

	var number, unlocked int32
	control(t, outer, syscall.TIOCSPTLCK, &unlocked)
	control(t, outer, syscall.TIOCGPTN, &number)

	inner, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	// inner stays open: a read that outlives its test ends when the outer side is closed, and then sets the terminal back.

	s := &screen{keyboard: outer, inner: inner}
	go func() { _, _ = io.Copy(s, outer) }()

	return s
}

func control(t *testing.T, file *os.File, request uintptr, value *int32) {
	t.Helper()

	if _, _, failed := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), request, uintptr(unsafe.Pointer(value))); failed != 0 {
		t.Fatalf("control the pseudo terminal: %v", failed)
	}
}

// Write takes what the terminal shows.
func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.seen.Write(text)
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.seen.String()
}

// await waits until the terminal has shown text, and is no end of the test where it never does: who waits may be another
// goroutine.
func (s *screen) await(t *testing.T, text string) {
	t.Helper()

	if !within(func() bool { return strings.Contains(s.text(), text) }) {
		t.Errorf("the terminal never showed %q; it shows %q", text, s.text())
	}
}

// within reports whether a condition comes true in ten seconds.
func within(holds func() bool) bool {
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}

	return true
}

// echoes reports whether the terminal shows what is typed.
func (s *screen) echoes(t *testing.T) bool {
	t.Helper()

	var settings syscall.Termios
	if _, _, failed := syscall.Syscall(syscall.SYS_IOCTL, s.inner.Fd(), syscall.TCGETS, uintptr(unsafe.Pointer(&settings))); failed != 0 {
		t.Errorf("learn how the terminal is set: %v", failed)
	}

	return settings.Lflag&syscall.ECHO != 0
}

// awaitEcho waits in the same way until the terminal's echo is on, or off.
func (s *screen) awaitEcho(t *testing.T, on bool) {
	t.Helper()

	if !within(func() bool { return s.echoes(t) == on }) {
		t.Errorf("the terminal's echo never became %v", on)
	}
}

func (s *screen) typed(t *testing.T, line string) {
	t.Helper()

	if _, err := io.WriteString(s.keyboard, line+"\n"); err != nil {
		t.Error(err)
	}
}

// answers types an answer to each question as it comes, in order.
func (s *screen) answers(t *testing.T, pairs ...string) {
	t.Helper()

	go func() {
		for i := 0; i < len(pairs); i += 2 {
			s.await(t, pairs[i])
			s.awaitEcho(t, !strings.Contains(pairs[i], "not shown"))
			s.typed(t, pairs[i+1])
		}
	}()
}

// opened is a terminal, and its screen.
func opened(t *testing.T) (*credentials.Terminal, *screen) {
	t.Helper()

	s := newScreen(t)

	terminal, ok := credentials.Open(s.inner, s.inner)
	if !ok {
		t.Fatal("a pseudo terminal is not taken for a terminal")
	}

	return terminal, s
}

func TestATerminalShowsTheIdAndNotTheSecret(t *testing.T) {
	t.Parallel()

	terminal, s := opened(t)
	s.answers(t, "OAuth client id: ", " an-id ", "OAuth client secret (not shown): ", canary+" ")

	got, err := credentials.FromTerminal(t.Context(), terminal)
	if err != nil {
		t.Fatal(err)
	}

	compare(t, credentials.Credentials{ClientID: "an-id", Source: "typed"}, got, canary)
	s.awaitEcho(t, true)

	if text := s.text(); strings.Contains(text, canary) || !strings.Contains(text, "an-id") {
		t.Errorf("the terminal shows %q", text)
	}
}

func TestAPersonWhoTypesNothingIsAskedToStartAgain(t *testing.T) {
	t.Parallel()

	terminal, s := opened(t)
	s.answers(t, "OAuth client id: ", "  ")

	_, err := credentials.FromTerminal(t.Context(), terminal)
	refused(t, err, "no client id was typed")

	terminal, s = opened(t)
	s.answers(t, "OAuth client id: ", "an-id", "OAuth client secret (not shown): ", "")

	_, err = credentials.FromTerminal(t.Context(), terminal)
	refused(t, err, "no client secret was typed")
}

func TestOnlyAYesGoesOn(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		answer string
		want   bool
	}{{"y", true}, {" YES ", true}, {"", false}, {"no", false}, {"yep", false}} {
		terminal, s := opened(t)
		s.answers(t, "Go on? [y/N] ", test.answer)

		if got, err := credentials.Confirm(t.Context(), terminal); err != nil || got != test.want {
			t.Errorf("%q: got %v, %v, want %v", test.answer, got, err, test.want)
		}
	}
}

func TestAnInterruptedQuestionLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()

	terminal, s := opened(t)
	s.answers(t, "OAuth client id: ", "an-id")

	interrupted := errors.New("interrupted")
	ctx, interrupt := context.WithCancelCause(t.Context())

	go func() {
		s.awaitEcho(t, false)
		interrupt(interrupted)
	}()

	if _, err := credentials.FromTerminal(ctx, terminal); !errors.Is(err, interrupted) {
		t.Errorf("got %v, want %v", err, interrupted)
	}

	if !s.echoes(t) {
		t.Error("the terminal's echo is still off")
	}
}

func TestAClosedTerminalIsNoAnswer(t *testing.T) {
	t.Parallel()

	terminal, s := opened(t)

	go func() {
		s.await(t, "Go on?")
		_, _ = io.WriteString(s.keyboard, "\x04") // Ctrl-D
	}()

	_, err := credentials.Confirm(t.Context(), terminal)
	refused(t, err, "the terminal was closed")
}

func TestAPipeIsNoTerminal(t *testing.T) {
	t.Parallel()

	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer out.Close()

	if _, ok := credentials.Open(in, io.Discard); ok {
		t.Error("a pipe is taken for a terminal")
	}
}
