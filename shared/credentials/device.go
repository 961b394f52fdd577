package credentials

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"genesys-cloud-export/shared/secret"
)

// lineLimit is the longest line that is read, in bytes; the terminal itself takes at most 4,096.
const lineLimit = 4096

// Device is a [Terminal] on a terminal device. One question is asked at a time.
//
// A question that ctx ended leaves a goroutine that waits for the line, as nothing can take a read of a terminal back:
// ask no more afterwards.
type Device struct {
	in  *os.File
	fd  int
	out io.Writer
}

// Open returns the terminal that in is, and false where in is none. Questions are shown on out.
func Open(in *os.File, out io.Writer) (*Device, bool) {
	fd := int(in.Fd())
	if !term.IsTerminal(fd) {
		return nil, false
	}

	return &Device{in: in, fd: fd, out: out}, true
}

// Ask implements [Terminal].
func (d *Device) Ask(ctx context.Context, question string) (string, error) {
	return d.ask(ctx, question, d.line)
}

// AskSecret implements [Terminal]: the device's echo is off until the line has ended or ctx has.
func (d *Device) AskSecret(ctx context.Context, question string) (secret.Text, error) {
	before, err := term.GetState(d.fd)
	if err != nil {
		return secret.Text{}, fmt.Errorf("learn how the terminal is set: %w", err)
	}
	// Reading sets it back too, unless it never ends.
	defer func() { _ = term.Restore(d.fd, before) }()

	typed, err := d.ask(ctx, question, func() (string, error) {
		line, err := term.ReadPassword(d.fd)
		return string(line), err
	})

	// The line's end is as unseen as the line.
	_, _ = fmt.Fprintln(d.out)

	return secret.New(typed), err
}

// ask shows the question and waits for read, or for the end of ctx.
func (d *Device) ask(ctx context.Context, question string, read func() (string, error)) (string, error) {
	if _, err := io.WriteString(d.out, question); err != nil {
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

		return a.line, a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// line reads byte by byte, so that nothing of the next line is taken.
func (d *Device) line() (string, error) {
	var line []byte
	for one := make([]byte, 1); len(line) < lineLimit; {
		n, err := d.in.Read(one)
		if n == 1 && one[0] == '\n' {
			break
		}

		line = append(line, one[:n]...)

		if err != nil {
			return "", err
		}
	}

	return string(line), nil
}
