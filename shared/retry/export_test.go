package retry

import "time"

// WaitAfter is Policy.wait.
func (p Policy) WaitAfter(failures int, failed *TransientError) time.Duration {
	return p.wait(failures, failed)
}
