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

// add counts a line of the embedded metric format; others are passed over.
func (t *tally) add(line []byte) {
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

// counts returns how many requests met a rate limit, and how many tokens were stored.
func (t *tally) counts() (throttled, minted int64) {
	t.mu.Lock()
	defer t.mu.Unlock()

	return int64(t.throttled), int64(t.minted)
}
