package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// maxIDLength is the longest export id that the contract allows, in bytes.
const maxIDLength = 80

// Config says which export is checked, and against what.
type Config struct {
	// S3 reads the bucket; it needs s3:GetObject and s3:ListBucket. Its own checksum validation is switched off for
	// these reads: it would make an error of what is a [Problem].
	S3 *s3.Client
	// Bucket is the bucket's name.
	Bucket string
	// Prefix is the first part of every key, without a slash at either end; "" where keys begin with the listing.
	Prefix string
	// Listing is the listing's name in keys and manifest: "users".
	Listing string
	// ExportID is the export's id: a letter or digit, then letters, digits, "_" and "-", at most 80 in all.
	ExportID string
	// Truth opens the source's own list: one JSON entity a line, in listing order. It is called at most once, read to its
	// end as the parts are read, and closed. Nil: the export is checked in itself only.
	Truth func(ctx context.Context) (io.ReadCloser, error)
}

// validate tells all that is wrong with the settings at once.
func (c Config) validate() error {
	var problems []error

	if c.S3 == nil {
		problems = append(problems, errors.New("no S3 client: hand one in"))
	}

	if c.Bucket == "" {
		problems = append(problems, errors.New("no bucket: name the one of the export"))
	}

	if strings.HasPrefix(c.Prefix, "/") || strings.HasSuffix(c.Prefix, "/") {
		problems = append(problems, fmt.Errorf("the prefix %q begins or ends with a slash: leave it out", c.Prefix))
	}

	if c.Listing == "" || strings.Contains(c.Listing, "/") {
		problems = append(problems, fmt.Errorf("the listing %q is no listing's name: give one word such as users", c.Listing))
	}

	if !validID(c.ExportID) {
		problems = append(problems, fmt.Errorf("the export id %q is none: give the id that the export was started under", c.ExportID))
	}

	if len(problems) == 0 {
		return nil
	}

	return fmt.Errorf("settings of the check: %w", errors.Join(problems...))
}

// validID reports whether id is [A-Za-z0-9][A-Za-z0-9_-]{0,79}.
func validID(id string) bool {
	if id == "" || len(id) > maxIDLength || id[0] == '_' || id[0] == '-' {
		return false
	}

	return !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	})
}
