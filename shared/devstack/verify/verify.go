// Package verify checks a complete export from the outside: what lies in the bucket against the contract with its readers,
// and, where the source can list itself, against the source.
//
// Its rules:
//   - It is a second opinion. It imports nothing of the module, takes gzip and JSON from the standard library where the
//     writer has others, spells the keys out again, and counts everything itself.
//   - What is wrong with the export is a problem; an error means that it could not look. One problem does not end the
//     check, unless nothing can be read after it.
//   - It only reads, one part at a time. Without a source, an export of millions of records is read several times, since
//     only so many of its records are compared with each other at once. From the first part with a problem on, they are
//     not compared with each other any more.
//   - No problem and no error shows an entity's content, not even an id: records are named by their number.
package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	// maxProblems is how many problems are listed.
	maxProblems = 20
	// maxObject is the largest object, and the longest line, that is read: several times what a part, an entity, or the
	// manifest of 100,000 parts takes.
	maxObject = 32 << 20
)

// Config says which export is checked, and against what.
type Config struct {
	// S3 reads the bucket; it needs s3:GetObject and s3:ListBucket.
	S3     *s3.Client
	Bucket string
	// Prefix is what every key begins with, without a slash at its end; "" where keys begin with the listing.
	Prefix string
	// Listing is the listing's name in keys and manifest: "users".
	Listing  string
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
	// Compared reports whether the export was compared with the source's own list.
	Compared bool
	// Problems are sentences that say what is wrong with what, the first twenty.
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
	return (&check{Config: config, digests: maxDigests}).export(ctx)
}

func (c *check) export(ctx context.Context) (Report, error) {
	readable, err := c.read(ctx, c.manifestKey(c.ExportID), &c.manifest)
	if err != nil || !readable {
		return c.report, err
	}

	c.judgeManifest()

	for _, step := range []func(context.Context) error{c.readParts, c.findRepeats, c.findStrays, c.checkLatest, c.checkCheckpoint} {
		if err := step(ctx); err != nil {
			return c.report, err
		}
	}

	return c.report, nil
}

// check is one look at one export.
type check struct {
	Config

	manifest manifest
	source   source
	report   Report

	seen          map[[16]byte]bool // of the records so far, the digests of this share; nil: records may repeat
	share, shares int64             // which part of all digests is kept, and how many there are
	digests       int64             // about how many a share has
	line          int64             // of the record that was looked at last
}

// problem notes what is wrong. What comes out of the bucket is quoted.
func (c *check) problem(format string, args ...any) {
	if len(c.report.Problems) < maxProblems {
		c.report.Problems = append(c.report.Problems, fmt.Sprintf(format, args...))
	}
}

// partsFolder is the folder of the export's parts, and stateFolder that of what the listing's exports keep beside them.
func (c *check) partsFolder() string { return c.root() + c.Listing + "/export_id=" + c.ExportID + "/" }
func (c *check) stateFolder() string { return c.root() + "_state/" + c.Listing + "/" }
func (c *check) root() string        { return strings.TrimPrefix(c.Prefix+"/", "/") }

func (c *check) manifestKey(exportID string) string {
	return c.stateFolder() + exportID + "/manifest.json"
}

// load reads an object; nil where there is none, which is a problem. The SDK's own checksum validation is off, since it would
// make an error of what is a problem.
func (c *check) load(ctx context.Context, key string) ([]byte, error) {
	object, err := c.S3.GetObject(ctx, &s3.GetObjectInput{Bucket: &c.Bucket, Key: &key}, func(o *s3.Options) {
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
	if _, missing := errors.AsType[*types.NoSuchKey](err); missing {
		c.problem("%q is missing", key)

		return nil, nil
	}

	if err != nil {
		return nil, fmt.Errorf("get s3://%s/%s, check the endpoint and the permission s3:GetObject: %w", c.Bucket, key, err)
	}
	defer object.Body.Close()

	if encoding := aws.ToString(object.ContentEncoding); encoding != "" {
		c.problem("%q has the Content-Encoding %q: some clients would unpack it", key, encoding)
	}

	raw, err := io.ReadAll(io.LimitReader(object.Body, maxObject))
	if err != nil {
		return nil, fmt.Errorf("read s3://%s/%s, try again: %w", c.Bucket, key, err)
	}

	return raw, nil
}

// findStrays lists the folder after the parts were read, so that what landed meanwhile is seen as well.
func (c *check) findStrays(ctx context.Context) error {
	named := make(map[string]bool, len(c.manifest.Parts))
	for _, p := range c.manifest.Parts {
		named[p.Key] = true
	}

	folder := c.partsFolder()
	pages := s3.NewListObjectsV2Paginator(c.S3, &s3.ListObjectsV2Input{Bucket: &c.Bucket, Prefix: &folder})

	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list s3://%s/%s, check the permission s3:ListBucket: %w", c.Bucket, folder, err)
		}

		for _, object := range page.Contents {
			if key := aws.ToString(object.Key); !named[key] {
				c.problem("%q lies among the parts, and the manifest does not name it", key)
			}
		}
	}

	return nil
}
