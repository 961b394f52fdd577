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
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/secret"
)

// screen is the outer side of a pseudo terminal: the person's keyboard, and all that the person sees.
type screen struct {
	keyboard *os.File
	inner    *os.File

	mu   sync.Mutex
	seen bytes.Buffer
}

// opened is a pseudo terminal, whose inner side is what a program has as its standard input, and its screen.
func opened(t *testing.T) (*credentials.Terminal, *screen) {
	t.Helper()

	outer, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = outer.Close() })

	if err := unix.IoctlSetPointerInt(int(outer.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetUint32(int(outer.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	// It stays open: a read that outlives its test ends when the outer side is closed, and then sets the terminal back.
	inner, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}

	s := &screen{keyboard: outer, inner: inner}
	go func() { _, _ = io.Copy(s, outer) }()

	terminal, ok := credentials.Open(inner, inner)
	if !ok {
		t.Fatal("a pseudo terminal is not taken for a terminal")
	}

	return terminal, s
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

// await waits ten seconds for a condition, and does not end the test where it never holds: another goroutine may wait.
func (s *screen) await(t *testing.T, what string, holds func() bool) {
	t.Helper()

	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("it never came to %s; the terminal shows %q", what, s.text())
			return
		}
	}
}

// awaitText waits until the terminal has shown a text.
func (s *screen) awaitText(t *testing.T, text string) {
	t.Helper()
	s.await(t, text, func() bool { return strings.Contains(s.text(), text) })
}

// awaitEcho waits until the terminal shows what is typed, or does not.
func (s *screen) awaitEcho(t *testing.T, on bool) {
	t.Helper()
	s.await(t, fmt.Sprint("the echo is ", on), func() bool { return s.echoes(t) == on })
}

// echoes reports whether the terminal shows what is typed.
func (s *screen) echoes(t *testing.T) bool {
	t.Helper()

	settings, err := unix.IoctlGetTermios(int(s.inner.Fd()), unix.TCGETS)
	if err != nil {
		t.Error(err)
		return false
	}

	return settings.Lflag&unix.ECHO != 0
}

// answers types an answer to each question as it comes, in order.
func (s *screen) answers(t *testing.T, pairs ...string) {
	t.Helper()

	go func() {
		for i := 0; i < len(pairs); i += 2 {
			s.awaitText(t, pairs[i])
			s.awaitEcho(t, !strings.Contains(pairs[i], "not shown"))
			if _, err := io.WriteString(s.keyboard, pairs[i+1]+"\n"); err != nil {
				t.Error(err)
			}
		}
	}()
}

func TestATerminalShowsTheIdAndNotTheSecret(t *testing.T) {
	t.Parallel()

	terminal, s := opened(t)
	s.answers(t, "OAuth client id: ", " an-id ", "OAuth client secret (not shown): ", canary+" ")

	got, err := credentials.FromTerminal(t.Context(), terminal)
	if err != nil {
		t.Fatal(err)
	}

	compare(t, credentials.Credentials{ClientID: "an-id", ClientSecret: secret.New(canary), Source: "typed"}, got)
	s.awaitEcho(t, true)

	if text := s.text(); strings.Contains(text, canary) || !strings.Contains(text, "an-id") {
		t.Errorf("the terminal shows %q", text)
	}
}

func TestAPersonWhoTypesNothingIsAskedToStartAgain(t *testing.T) {
	t.Parallel()

	for says, answers := range map[string][]string{
		"no client id was typed":     {"OAuth client id: ", "  "},
		"no client secret was typed": {"OAuth client id: ", "an-id", "OAuth client secret (not shown): ", ""},
	} {
		terminal, s := opened(t)
		s.answers(t, answers...)

		_, err := credentials.FromTerminal(t.Context(), terminal)
		refused(t, err, says)
	}
}

func TestOnlyAYesGoesOn(t *testing.T) {
	t.Parallel()

	for answer, want := range map[string]bool{"y": true, "YES": true, "": false, "no": false, "yep": false} {
		terminal, s := opened(t)
		s.answers(t, "Go on? [y/N] ", " "+answer+" ")

		err := credentials.Confirm(t.Context(), terminal, "nothing was done")
		if !want {
			refused(t, err, "not confirmed, so nothing was done")
		} else if err != nil {
			t.Errorf("%q: %v", answer, err)
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

func TestAClosedTerminalIsNoAnswerAndIsAskedNothing(t *testing.T) {
	t.Parallel()

	terminal, s := opened(t)

	go func() {
		s.awaitText(t, "Go on?")
		_, _ = io.WriteString(s.keyboard, "\x04") // Ctrl-D
	}()

	refused(t, credentials.Confirm(t.Context(), terminal, ""), "the terminal was closed")

	closed, unread := io.Pipe()
	_ = closed.Close()
	terminal, _ = credentials.Open(s.inner, unread)
	refused(t, credentials.Confirm(t.Context(), terminal, ""), "show the question")
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
