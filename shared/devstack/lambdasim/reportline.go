package lambdasim

import (
	"fmt"
	"math"
	"time"
)

// The two phases in which a process may be brought up.
const (
	phaseInit   = "init"
	phaseInvoke = "invoke"
)

// initFailure tells why a process did not come up.
type initFailure struct {
	errorType string
	// message is Lambda's own, where the runtime has posted no document.
	message     string
	document    []byte
	timedOut    bool
	outOfMemory bool
}

// outcome returns what the invocation's caller gets for it.
func (i *initFailure) outcome(inv *invocation, timeout time.Duration) outcome {
	switch {
	case i.timedOut:
		return timedOut(inv, timeout)
	case i.document != nil:
		return outcome{payload: i.document, errorType: i.errorType, outOfMemory: i.outOfMemory}
	default:
		result := failed(inv, i.errorType, i.message)
		result.outOfMemory = i.outOfMemory

		return result
	}
}

// line is what Lambda writes into the log for each attempt that failed.
func (i *initFailure) line(phase string, took time.Duration) string {
	return fmt.Sprintf("INIT_REPORT Init Duration: %.2f ms\tPhase: %s", milliseconds(took), phase) +
		status(i.errorType, i.timedOut, i.outOfMemory)
}

// reportLine is the line that Lambda writes last into an invocation's log.
func reportLine(inv *invocation, o outcome, memoryMB int) string {
	line := fmt.Sprintf("REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB",
		inv.id, milliseconds(o.duration), o.billed().Milliseconds(), memoryMB, memoryUsedMB(o.peakMemory, memoryMB))
	if o.initDuration > 0 {
		line += fmt.Sprintf("\tInit Duration: %.2f ms", milliseconds(o.initDuration))
	}

	return line + status(o.errorType, o.timedOut, o.outOfMemory)
}

// status is the end of both lines, empty on success.
func status(errorType string, timedOut, outOfMemory bool) string {
	switch {
	case timedOut:
		return "\tStatus: timeout"
	case outOfMemory:
		return "\tStatus: error\tError Type: " + typeOutOfMemory
	case errorType != "":
		return "\tStatus: error\tError Type: " + errorType
	default:
		return ""
	}
}

// memoryUsedMB is a peak as Lambda reports it: in whole MB, and never more than there is.
func memoryUsedMB(peak int64, memoryMB int) int {
	return min(int(math.Ceil(float64(peak)/megabyte)), memoryMB)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
