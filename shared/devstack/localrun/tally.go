package localrun

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// tally passes the functions' log on, a whole line at a time, and reads it: metrics are added up, progress is reported.
type tally struct {
	log io.Writer
	// onReading is called with how many records and pages an export has, those of a running invocation included.
	onReading func(records, pages int64)

	mu                sync.Mutex
	throttled, minted float64
}

// Write implements [io.Writer]. line is one line.
func (t *tally) Write(line []byte) (int, error) {
	t.read(line)

	n, err := t.log.Write(line)
	if err != nil {
		return n, fmt.Errorf("write the functions' log: %w", err)
	}

	return n, nil
}

func (t *tally) read(line []byte) {
	if !bytes.Contains(line, []byte(`"_aws"`)) && !bytes.Contains(line, []byte(`"reading"`)) {
		return
	}

	var entry struct {
		// A line of the embedded metric format.
		AWS               json.RawMessage `json:"_aws"`
		RequestsThrottled float64         `json:"RequestsThrottled"`
		TokenRotated      float64         `json:"TokenRotated"`
		// What an exporter logs every few seconds while it reads pages.
		Message string `json:"message"`
		Records *int64 `json:"records"`
		Pages   int64  `json:"pages"`
	}
	if json.Unmarshal(line, &entry) != nil {
		return
	}

	if entry.Message == "reading" && entry.Records != nil {
		t.onReading(*entry.Records, entry.Pages)
	}

	if entry.AWS != nil {
		t.mu.Lock()
		defer t.mu.Unlock()

		t.throttled += entry.RequestsThrottled
		t.minted += entry.TokenRotated
	}
}

// counts returns how many requests were throttled, and how many tokens were stored.
func (t *tally) counts() (throttled, minted int64) {
	t.mu.Lock()
	defer t.mu.Unlock()

	return int64(t.throttled), int64(t.minted)
}
