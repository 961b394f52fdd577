package lambdasim

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	megabyte = 1 << 20

	// floorSlack is what two readings of the same peak may differ by: the kernel counts pages per processor.
	floorSlack = 4 * megabyte

	// scanEvery is how often the members of a process group are looked up, which reads one file for every process of the
	// machine.
	scanEvery = 250 * time.Millisecond
)

// gauge measures the memory of an environment: the process group that its first process, the leader, opened.
type gauge struct {
	leader int

	mu      sync.Mutex
	peak    int64
	others  []int
	scanned time.Time
	// before is the group's sum at the last reading.
	before int64
}

// read looks at the group.
//
// The leader counts with the high-water mark that the kernel keeps, so that no peak of it is missed. The group counts with
// the smaller of two sums in a row: between fork and exec a child shows its parent's memory as its own.
func (g *gauge) read() {
	g.mu.Lock()
	defer g.mu.Unlock()

	if now := time.Now(); now.Sub(g.scanned) >= scanEvery {
		g.others, g.scanned = followers(g.leader), now
	}

	leader := residentSet(g.leader)
	sum := leader.now
	for _, id := range g.others {
		sum += residentSet(id).now
	}
	g.peak = max(g.peak, leader.peak, min(sum, g.before))
	g.before = sum
}

// keep takes a peak that was learned otherwise.
func (g *gauge) keep(peak int64) {
	g.mu.Lock()
	defer g.mu.Unlock()

	g.peak = max(g.peak, peak)
}

// seen returns the largest memory seen so far, in bytes, 0 where nothing could be seen.
func (g *gauge) seen() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()

	return g.peak
}

// resident is a process's resident set in bytes, now and at its largest: VmRSS and VmHWM of proc(5).
type resident struct{ now, peak int64 }

// residentSet asks the kernel about a process. Where there is no /proc, and for a process that is gone, it is all 0.
func residentSet(processID int) resident {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", processID)) //nolint:gosec // a number cannot leave /proc
	if err != nil {
		return resident{}
	}

	return resident{now: kilobytes(status, "\nVmRSS:"), peak: kilobytes(status, "\nVmHWM:")}
}

// kilobytes reads a field of /proc/…/status that is given in kB, and returns it in bytes, 0 where it is missing.
func kilobytes(status []byte, field string) int64 {
	_, rest, _ := bytes.Cut(status, []byte(field))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	number, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" "))

	count, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil {
		return 0
	}

	return count << 10
}

// followers returns the members of a process group but its leader; where there is no /proc, none.
func followers(group int) []int {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer func() { _ = proc.Close() }()

	names, _ := proc.Readdirnames(-1) // what could be read is better than nothing
	var members []int
	for _, name := range names {
		id, err := strconv.Atoi(name)
		if err == nil && id != group && groupOf(id) == group {
			members = append(members, id)
		}
	}

	return members
}

// groupOf returns the process group of a process, 0 for one that is gone. The group is the third field behind the program's
// name, which is in parentheses and may hold any character.
func groupOf(processID int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", processID))
	if err != nil {
		return 0
	}

	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 3 {
		return 0
	}
	group, err := strconv.Atoi(string(fields[2]))
	if err != nil {
		return 0
	}

	return group
}

func selfID() int { return os.Getpid() }

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
