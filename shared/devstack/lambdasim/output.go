package lambdasim

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

const (
	// maxLine is Lambda's limit of one log event.
	maxLine = 256 << 10
	// tailSize is how much of an invocation's log Lambda returns.
	tailSize = 4 << 10
)

// output is the pipe that a process prints into. The parent keeps its writing end open too: a mark that it writes comes out
// behind everything printed before, which is the only way to know that a log is complete while the process lives.
type output struct {
	read  *os.File
	write *os.File
	sink  func(line string)
	ended chan struct{}

	mu    sync.Mutex
	marks map[string]chan struct{}
}

func newOutput(sink func(line string)) (*output, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for a function's log: %w", err)
	}

	o := &output{read: read, write: write, sink: sink, ended: make(chan struct{}), marks: make(map[string]chan struct{})}
	go o.pump()

	return o, nil
}

// flush returns when every line printed before has been passed on; an unfinished line is passed on as it is.
func (o *output) flush() {
	mark := rand.Text() // nobody prints it by chance
	reached := make(chan struct{})
	o.mu.Lock()
	o.marks[mark] = reached
	o.mu.Unlock()

	// The first newline ends whatever line is unfinished, so that the mark is a line of its own.
	if _, err := io.WriteString(o.write, "\n"+mark+"\n"); err != nil {
		return
	}

	select {
	case <-reached:
	case <-o.ended:
	}
}

// finish passes on the rest and closes the pipe. It is called once, when the process is gone or has not come up.
func (o *output) finish() {
	o.flush()
	_ = o.write.Close()
	_ = o.read.Close()
	<-o.ended
}

func (o *output) pump() {
	defer close(o.ended)

	lines := bufio.NewReaderSize(o.read, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		o.pass(strings.TrimSuffix(string(line), "\n"))
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// pass hands a line on, unless it is empty or a mark.
func (o *output) pass(line string) {
	o.mu.Lock()
	reached, marked := o.marks[line]
	delete(o.marks, line)
	o.mu.Unlock()

	switch {
	case marked:
		close(reached)
	case line != "":
		o.sink(line)
	}
}

// lineLog passes whole lines to a writer, one at a time.
type lineLog struct {
	mu  sync.Mutex
	out io.Writer
}

func (l *lineLog) line(line string) {
	if l.out == nil {
		return
	}

	l.mu.Lock()
	defer l.mu.Unlock()

	_, _ = io.WriteString(l.out, line+"\n") // a log that cannot be written stops no function
}

// tail keeps the last 4 KB of an invocation's log.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) line(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()

	t.text = append(append(t.text, line...), '\n')
	if over := len(t.text) - tailSize; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
}

func (t *tail) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()

	t.text = nil
}

func (t *tail) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()

	return append([]byte(nil), t.text...)
}
