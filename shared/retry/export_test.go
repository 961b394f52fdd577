package retry

import "time"

// WaitAfter is Policy.wait.
func (p Policy) WaitAfter(failures int, after time.Duration) time.Duration {
	return p.wait(failures, after)
}
