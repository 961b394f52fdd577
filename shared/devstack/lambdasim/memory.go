package lambdasim

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
)

// floorSlack is what two readings of the same peak may differ by: the kernel counts pages per processor.
const floorSlack = 4 << 20

func selfID() int { return os.Getpid() }

// highWater returns the peak resident set of a living process in bytes, the VmHWM of proc(5). Where there is no /proc,
// and for a process that is gone, it is 0.
func highWater(processID int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", processID)) //nolint:gosec // a number cannot leave /proc
	if err != nil {
		return 0
	}

	_, rest, found := bytes.Cut(status, []byte("\nVmHWM:"))
	if !found {
		return 0
	}
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}

	return kilobytes << 10
}

// exitPeak returns the peak resident set of an ended process in bytes, or 0 where it cannot be told. On Linux the usage of
// a child starts with the peak of its parent at the time of exec, so that a value is the child's own only above floor,
// the parent's peak just after the start. Elsewhere floor is 0.
func exitPeak(state *os.ProcessState, floor int64) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}

	peak := usage.Maxrss
	if runtime.GOOS != "darwin" { // which counts bytes; others count kilobytes
		peak <<= 10
	}
	if floor > 0 && peak <= floor+floorSlack {
		return 0
	}

	return peak
}
