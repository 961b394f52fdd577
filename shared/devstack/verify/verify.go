// Package verify checks a complete export from the outside: what lies in the bucket against the contract with its readers,
// and, where the source can list itself, against the source.
//
// Its rules:
//   - It is a second opinion. It imports nothing of the module, takes gzip and JSON from the standard library where the
//     writer has others, spells the keys out again, and counts everything itself.
//   - What is wrong with the export is a problem; an error means that it could not look. One problem does not end the
//     check, unless nothing can be read after it.
//   - It only reads. It holds one part at a time, and its memory does not grow with the export, but for the list of parts.
//   - No problem and no error holds an entity's content, not even an id: records are named by their number.
package verify

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	// maxProblems is how many problems are listed.
	maxProblems = 20
	// maxDigests is how many records are remembered at a time, by 16 bytes each.
	maxDigests = 1 << 20
)

// Config says which export is checked, and against what.
type Config struct {
	// S3 reads the bucket; it needs s3:GetObject and s3:ListBucket.
	S3 *s3.Client
	// Bucket is the bucket's name.
	Bucket string
	// Prefix is what every key begins with, without a slash at its end; "" where keys begin with the listing.
	Prefix string
	// Listing is the listing's name in keys and manifest: "users".
	Listing string
	// ExportID is the export's id.
	ExportID string
	// Truth opens the source's own list: one JSON entity a line, in the listing's order. It is called once at most; what it
	// returns is closed. Nil: the export is checked in itself only.
	Truth func(ctx context.Context) (io.ReadCloser, error)
}

// Report is what was counted in an export, and what is wrong with it.
type Report struct {
	// Pages is how many pages the manifest says were fetched; Parts is how many parts it names.
	Pages int64
	Parts int
	// Records is how many lines were read, and Bytes is the size of the parts as stored.
	Records, Bytes int64
	// Compared reports whether the export was held against the source's own list.
	Compared bool
	// Problems are sentences that say what is wrong with what; of more than twenty the last one says that there are more.
	Problems []string
}

// OK reports whether nothing is wrong.
func (r Report) OK() bool { return len(r.Problems) == 0 }

// Write prints the problems, one a line. The error is the writer's.
func (r Report) Write(w io.Writer) error {
	for _, problem := range r.Problems {
		if _, err := fmt.Fprintln(w, "  -", problem); err != nil {
			return fmt.Errorf("print the problems of the export: %w", err)
		}
	}

	return nil
}

// Export checks the complete export that config names. Where its manifest cannot be read to the letter, nothing else is
// looked at. After an error the report is no verdict.
func Export(ctx context.Context, config Config) (Report, error) {
	return export(ctx, config, maxDigests)
}

func export(ctx context.Context, config Config, digests int64) (Report, error) {
	c := &check{Config: config, digests: digests}

	readable, err := c.read(ctx, c.manifestKey(c.ExportID), &c.manifest)
	if err != nil || !readable {
		return c.report, err
	}

	c.judgeManifest()

	for _, step := range []func(context.Context) error{
		c.readParts, c.findRepeats, c.findStrays, c.checkLatest, c.checkCheckpoint,
	} {
		if err := step(ctx); err != nil {
			return c.report, err
		}
	}

	return c.report, nil
}

// check is one look at one export.
type check struct {
	Config

	digests  int64
	manifest manifest
	source   source
	report   Report
}

// problem takes down what is wrong. What comes out of the bucket is quoted.
func (c *check) problem(format string, args ...any) {
	switch n := len(c.report.Problems); n {
	case maxProblems:
	case maxProblems - 1:
		c.report.Problems = append(c.report.Problems, "there are more problems, which are not listed")
	default:
		c.report.Problems = append(c.report.Problems, fmt.Sprintf(format, args...))
	}
}

func (c *check) root() string { return strings.TrimPrefix(c.Prefix+"/", "/") }

// partsFolder is the folder of the export's parts, and stateFolder that of what the listing's exports keep beside them.
func (c *check) partsFolder() string { return c.root() + c.Listing + "/export_id=" + c.ExportID + "/" }
func (c *check) stateFolder() string { return c.root() + "_state/" + c.Listing + "/" }

func (c *check) manifestKey(exportID string) string {
	return c.stateFolder() + exportID + "/manifest.json"
}
