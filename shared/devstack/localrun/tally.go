package localrun

import (
	"encoding/json"
	"io"
	"sync/atomic"
)

// tally passes the functions' log on, a whole line at a time, and reads it: metrics are added up, progress is reported.
type tally struct {
	log io.Writer
	// onReading is called with how many records and pages an export has, those of a running invocation included.
	onReading func(records, pages int64)

	throttled, minted atomic.Int64
}

// Write implements [io.Writer]. line is one line.
func (t *tally) Write(line []byte) (int, error) {
	t.read(line)
	return t.log.Write(line)
}

func (t *tally) read(line []byte) {
	var entry struct {
		// Of a line of metrics.
		RequestsThrottled, TokenRotated int64
		// What an exporter logs every few seconds while it reads pages.
		Message        string
		Records, Pages int64
	}
	if json.Unmarshal(line, &entry) != nil {
		return
	}

	t.throttled.Add(entry.RequestsThrottled)
	t.minted.Add(entry.TokenRotated)

	if entry.Message == "reading" {
		t.onReading(entry.Records, entry.Pages)
	}
}
