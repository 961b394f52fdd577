package verify

import (
	"strconv"
	"strings"
)

// layout spells the contract's keys for one export.
type layout struct {
	prefix, listing, exportID string
}

func (l layout) root() string {
	if l.prefix == "" {
		return ""
	}

	return l.prefix + "/"
}

// parts is the folder of the export's parts, with its slash.
func (l layout) parts() string {
	return l.root() + l.listing + "/export_id=" + l.exportID + "/"
}

// state is the folder of what the export keeps beside its parts, with its slash.
func (l layout) state() string { return l.root() + "_state/" + l.listing + "/" + l.exportID + "/" }

func (l layout) manifest() string { return l.state() + "manifest.json" }

func (l layout) checkpoint() string { return l.state() + "checkpoint.json" }

// latest is one object for all exports of a listing.
func (l layout) latest() string { return l.root() + "_state/" + l.listing + "/latest.json" }

// of is the layout of another export of the same listing.
func (l layout) of(exportID string) layout {
	l.exportID = exportID

	return l
}

// partNumber reads the number out of a part's key; false where the key is not part-NNNNNN-….jsonl.gz in the export's
// own folder.
func (l layout) partNumber(key string) (int, bool) {
	name, own := strings.CutPrefix(key, l.parts()+"part-")
	name, typed := strings.CutSuffix(name, ".jsonl.gz")
	digits, owner, split := strings.Cut(name, "-")

	if !own || !typed || !split || len(digits) != 6 || owner == "" || strings.Contains(owner, "/") {
		return 0, false
	}

	// Unsigned, because a sign is no digit.
	number, err := strconv.ParseUint(digits, 10, 31)

	return int(number), err == nil
}
