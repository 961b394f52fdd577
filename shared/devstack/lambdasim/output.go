package lambdasim

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
)

// maxLine is Lambda's limit of one log event.
const maxLine = 256 << 10

// output is the pipe that a process prints into. Once a mark that the parent writes comes out, all that was printed before has come out.
type output struct {
	read  *os.File
	write *os.File
	lines *log.Logger
	// mark is a line that nobody prints by chance. One goroutine at a time writes it and waits until it is reached.
	mark    string
	reached chan struct{}
	ended   chan struct{}
}

func newOutput(lines *log.Logger) (*output, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for a function's log: %w", err)
	}
	o := &output{read: read, write: write, lines: lines, mark: rand.Text(), reached: make(chan struct{}, 1), ended: make(chan struct{})}
	go o.pump()

	return o, nil
}

// flush returns when every line printed before has been passed on; an unfinished line is passed on as it is.
func (o *output) flush() {
	// The first newline ends whatever line is unfinished, so that the mark is a line of its own.
	if _, err := io.WriteString(o.write, "\n"+o.mark+"\n"); err != nil {
		return
	}
	select {
	case <-o.reached:
	case <-o.ended:
	}
}

// finish writes the rest and closes the pipe, once the process is gone or has not come up.
func (o *output) finish() {
	_ = o.write.Close()
	<-o.ended
	_ = o.read.Close()
}

func (o *output) pump() {
	defer close(o.ended)
	lines := bufio.NewReaderSize(o.read, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		switch text := strings.TrimSuffix(string(line), "\n"); text {
		case "":
		case o.mark:
			o.reached <- struct{}{}
		default:
			o.lines.Print(text)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}
