package credentials

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"genesys-cloud-export/shared/secret"
)

// Terminal is a terminal with a person at it. One question is asked at a time.
//
// A question that ctx ended leaves a goroutine that waits for the line, as nothing can take a read of a terminal back: ask no
// more afterwards.
type Terminal struct {
	in  *os.File
	out io.Writer
}

// Open returns the terminal that in is, and false where in is none. Questions are shown on out.
func Open(in *os.File, out io.Writer) (*Terminal, bool) {
	if !term.IsTerminal(int(in.Fd())) {
		return nil, false
	}

	return &Terminal{in: in, out: out}, true
}

// FromTerminal asks for both; the secret is not shown while it is typed.
func FromTerminal(ctx context.Context, terminal *Terminal) (Credentials, error) {
	id, err := terminal.need(ctx, "client id", "OAuth client id: ", false)
	if err != nil {
		return Credentials{}, err
	}

	typed, err := terminal.need(ctx, "client secret", "OAuth client secret (not shown): ", true)
	if err != nil {
		return Credentials{}, err
	}

	return Credentials{ClientID: id, ClientSecret: secret.New(typed), Source: "typed"}, nil
}

// Confirm asks whether to go on. Everything but y and yes is an error, which says what was not done.
func Confirm(ctx context.Context, terminal *Terminal, undone string) error {
	answer, err := terminal.ask(ctx, "Go on? [y/N] ", false)

	switch {
	case err != nil:
		return fmt.Errorf("ask whether to go on: %w", err)
	case !slices.Contains([]string{"y", "yes"}, strings.ToLower(answer)):
		return errors.New("not confirmed, so " + undone)
	default:
		return nil
	}
}

// need asks for what cannot be empty.
func (t *Terminal) need(ctx context.Context, what, question string, hidden bool) (string, error) {
	answer, err := t.ask(ctx, question, hidden)

	switch {
	case err != nil:
		return "", fmt.Errorf("ask for the %s: %w", what, err)
	case answer == "":
		return "", fmt.Errorf("no %s was typed: start again", what)
	default:
		return answer, nil
	}
}

// ask shows the question and waits for a line, or for the end of ctx. Spaces around the answer do not count. What is hidden is not
// shown while it is typed.
func (t *Terminal) ask(ctx context.Context, question string, hidden bool) (string, error) {
	if _, err := io.WriteString(t.out, question); err != nil {
		return "", fmt.Errorf("show the question: %w", err)
	}

	if before, err := term.GetState(int(t.in.Fd())); err == nil && hidden {
		defer func() {
			_ = term.Restore(int(t.in.Fd()), before) // reading does that too, unless it never ends
			_, _ = fmt.Fprintln(t.out)               // the line's end is as hidden as the line
		}()
	}

	type answer struct {
		line string
		err  error
	}

	answered := make(chan answer, 1)
	go func() {
		line, err := t.line(hidden)
		answered <- answer{line, err}
	}()

	select {
	case a := <-answered:
		if errors.Is(a.err, io.EOF) {
			return "", errors.New("the terminal was closed instead of an answer")
		}

		return strings.TrimSpace(a.line), a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// line reads one line: a terminal gives no more at a time.
func (t *Terminal) line(hidden bool) (string, error) {
	if hidden {
		typed, err := term.ReadPassword(int(t.in.Fd()))

		return string(typed), err
	}

	return bufio.NewReader(t.in).ReadString('\n')
}
