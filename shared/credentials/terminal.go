package credentials

import (
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

// lineLimit is the longest line that is read, in bytes; the terminal itself takes at most 4,096.
const lineLimit = 4096

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
	id, err := terminal.ask(ctx, "OAuth client id: ", terminal.line)
	if err != nil {
		return Credentials{}, fmt.Errorf("ask for the client id: %w", err)
	}

	if id == "" {
		return Credentials{}, errors.New("no client id was typed: start again")
	}

	typed, err := terminal.askUnseen(ctx, "OAuth client secret (not shown): ")
	if err != nil {
		return Credentials{}, fmt.Errorf("ask for the client secret: %w", err)
	}

	if typed.Empty() {
		return Credentials{}, errors.New("no client secret was typed: start again")
	}

	return Credentials{ClientID: id, ClientSecret: typed, Source: "typed"}, nil
}

// Confirm asks whether to go on; everything but y and yes is no.
func Confirm(ctx context.Context, terminal *Terminal) (bool, error) {
	answer, err := terminal.ask(ctx, "Go on? [y/N] ", terminal.line)
	if err != nil {
		return false, fmt.Errorf("ask whether to go on: %w", err)
	}

	return slices.Contains([]string{"y", "yes"}, strings.ToLower(answer)), nil
}

// askUnseen switches the terminal's echo off until the line has ended or ctx has.
func (t *Terminal) askUnseen(ctx context.Context, question string) (secret.Text, error) {
	fd := int(t.in.Fd())

	before, err := term.GetState(fd)
	if err != nil {
		return secret.Text{}, fmt.Errorf("learn how the terminal is set: %w", err)
	}
	// Reading sets it back too, unless it never ends.
	defer func() { _ = term.Restore(fd, before) }()

	typed, err := t.ask(ctx, question, func() (string, error) {
		line, err := term.ReadPassword(fd)
		return string(line), err
	})

	// The line's end is as unseen as the line.
	_, _ = fmt.Fprintln(t.out)

	return secret.New(typed), err
}

// ask shows the question and waits for read, or for the end of ctx. Spaces around the answer do not count.
func (t *Terminal) ask(ctx context.Context, question string, read func() (string, error)) (string, error) {
	if _, err := io.WriteString(t.out, question); err != nil {
		return "", fmt.Errorf("show the question: %w", err)
	}

	type answer struct {
		line string
		err  error
	}

	answered := make(chan answer, 1)
	go func() {
		line, err := read()
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
func (t *Terminal) line() (string, error) {
	line := make([]byte, lineLimit)
	n, err := t.in.Read(line)

	return string(line[:n]), err
}
