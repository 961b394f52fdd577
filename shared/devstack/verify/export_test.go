package verify

import (
	"bufio"
	"io"
)

// Object tells whether raw is one whole JSON object, and how many different names it has.
func Object(raw []byte) (names int, ok bool) {
	fields, _, ok := readObject(raw)

	return len(fields), ok
}

// Gunzip unpacks as parts are unpacked; damage is "" where it was gzip to the very end.
func Gunzip(stored io.Reader) (content []byte, damage Kind) {
	unpacked := &gunzip{from: bufio.NewReader(stored)}
	content, _ = io.ReadAll(unpacked)

	return content, unpacked.damage
}

// CountDoubles runs lines through the books of an export that is compared with source; -1 where they differ.
func CountDoubles(export, source io.Reader) int64 {
	books, report := newLedger(), &Report{}
	books.against = newComparison(source)

	if _, err := readLines(export, books); err != nil {
		return -1
	}

	if books.against.settle(report) != nil || !report.OK() {
		return -1
	}

	return books.same.count + books.sameID.count
}
