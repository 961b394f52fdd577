package trial

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// tally passes the functions' log on, a whole line at a time, and adds up what the metrics in it count. It implements
// [io.Writer] as the Lambda endpoint uses it.
type tally struct {
	log io.Writer
	// onReading is called with how many records and pages a running invocation has read, the export's whole; it may be nil.
	onReading func(records, pages int64)

	mu                sync.Mutex
	throttled, minted float64
}

// Write implements [io.Writer]. line is one line.
func (t *tally) Write(line []byte) (int, error) {
	t.add(line)

	n, err := t.log.Write(line)
	if err != nil {
		return n, fmt.Errorf("write the functions' log: %w", err)
	}

	return n, nil
}

// add counts a line of the embedded metric format, and passes on what an exporter says while it reads; others are passed over.
func (t *tally) add(line []byte) {
	if t.onReading != nil && bytes.Contains(line, []byte(`"reading"`)) {
		t.read(line)
	}

	if !bytes.Contains(line, []byte(`"_aws"`)) {
		return
	}

	var metrics struct {
		AWS               json.RawMessage `json:"_aws"`
		RequestsThrottled float64         `json:"RequestsThrottled"`
		TokenRotated      float64         `json:"TokenRotated"`
	}
	if json.Unmarshal(line, &metrics) != nil || metrics.AWS == nil {
		return
	}

	t.mu.Lock()
	defer t.mu.Unlock()

	t.throttled += metrics.RequestsThrottled
	t.minted += metrics.TokenRotated
}

// read takes the line that an exporter logs every few seconds while it reads pages.
func (t *tally) read(line []byte) {
	var said struct {
		Message string `json:"message"`
		Records *int64 `json:"records"`
		Pages   int64  `json:"pages"`
	}
	if json.Unmarshal(line, &said) == nil && said.Message == "reading" && said.Records != nil {
		t.onReading(*said.Records, said.Pages)
	}
}

// counts returns how many requests met a rate limit, and how many tokens were stored.
func (t *tally) counts() (throttled, minted int64) {
	t.mu.Lock()
	defer t.mu.Unlock()

	return int64(t.throttled), int64(t.minted)
}
