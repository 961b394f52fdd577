// Package verify checks a complete export from the outside: what lies in the bucket against the contract with its readers,
// and, where the source can list itself, against the source.
//
// Its rules:
//   - It is a second opinion. It imports nothing of the module, takes gzip and JSON from the standard library where the
//     writer has others, spells the keys out again, and counts everything itself.
//   - It reads the bucket as a folder of files, one part at a time, and ends with the first problem. Without a source it keeps
//     16 bytes a record, to find a record that comes again.
//   - No error shows an entity's content, not even an id: records are named by their number.
package verify

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// ErrFailed is in every error that says what is wrong with an export. Any other error means that the check could not look.
var ErrFailed = errors.New("it did not pass the check")

// failed is an error that says what is wrong. What comes out of the bucket is to be quoted.
func failed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrFailed, fmt.Sprintf(format, args...))
}

// Config says which export is checked, and against what.
type Config struct {
	// Bucket has the objects as files, and BucketName is what it is called in URLs.
	Bucket     fs.FS
	BucketName string
	// Prefix is what every key begins with, without a slash at its end.
	Prefix string
	// Listing is the listing's name in keys and manifest: "users".
	Listing  string
	ExportID string
	// Truth writes the source's list: one JSON entity a line, in the listing's order. Nil: the export is checked in itself
	// only.
	Truth func(io.Writer) error
}

// Report is what was counted in an export.
type Report struct {
	// Pages is how many pages the manifest says were fetched; Parts is how many parts it names.
	Pages int64
	Parts int
	// Records is how many lines were read, and Bytes is the size of the parts as stored.
	Records, Bytes int64
}

// Export checks the complete export that config names. The error is [ErrFailed] with the first problem, or that of the bucket
// or of the source. The report is whole where there is no error.
func Export(ctx context.Context, config Config) (Report, error) {
	c := &check{Config: config}
	readParts := func() error { return c.readParts(ctx) }

	for _, step := range []func() error{c.readManifest, readParts, c.findStrays, c.checkLatest, c.checkCheckpoint} {
		if err := step(); err != nil {
			return c.report, err
		}
	}

	return c.report, nil
}

// check is one look at one export.
type check struct {
	Config

	manifest manifest
	report   Report

	list     *bufio.Scanner    // the source's; nil: there is none
	replaced int64             // unpaired surrogate escapes of the list so far
	seen     map[[16]byte]bool // digests of the records so far; nil: records may repeat
}

// partsFolder is the folder of the export's parts, and stateFolder that of what the listing's exports keep beside them.
func (c *check) partsFolder() string { return c.Prefix + "/" + c.Listing + "/export_id=" + c.ExportID }
func (c *check) stateFolder() string { return c.Prefix + "/_state/" + c.Listing + "/" }

func (c *check) manifestKey(exportID string) string {
	return c.stateFolder() + exportID + "/manifest.json"
}

func (c *check) load(key string) ([]byte, error) {
	raw, err := fs.ReadFile(c.Bucket, key)

	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid):
		return nil, failed("%q is missing", key)
	case err != nil:
		return nil, fmt.Errorf("read the bucket: %w", err)
	default:
		return raw, nil
	}
}

// findStrays lists the folder after the parts were read, so that what was stored meanwhile is seen as well.
func (c *check) findStrays() error {
	return fs.WalkDir(c.Bucket, c.partsFolder(), func(key string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // as of an export without parts
			return nil
		case err != nil:
			return fmt.Errorf("list the parts: %w", err)
		case !entry.IsDir() && !slices.ContainsFunc(c.manifest.Parts, func(p part) bool { return p.Key == key }):
			return failed("%q lies among the parts, and the manifest does not name it", key)
		default:
			return nil
		}
	})
}
