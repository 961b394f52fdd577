// Package s3sim is Amazon S3 on one machine, as far as this project uses it. Buckets are addressed by path:
// http://127.0.0.1:port/bucket/key. Objects are plain files, <folder>/<bucket>/<key>, so that people and tools read them there.
//
// What an application's safety rests on is as the S3 API reference has it:
//
//   - conditional puts are atomic: of several with the same If-Match, exactly one wins; a missing key is NoSuchKey;
//   - a body is stored whole and verified, or not at all;
//   - an object appears at once under its name, and a reader sees one version of it from beginning to end;
//   - listings roll up, page and order keys as S3 does.
//
// Rules: one process uses a folder. Signatures are not checked. An operation, a parameter or an X-Amz header that is not here is
// refused, not ignored. The ETag of an object is the MD5 of its content, also where its file was changed by hand. The type,
// encoding and checksum of a put are forgotten with the process.
package s3sim

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"sync"
	"sync/atomic"
)

// Config says where objects are kept and who asks for them.
type Config struct {
	Folder  string   // is made where it is missing
	Buckets []string // are made at the start where they are missing
	// DenyList imitates a caller without s3:ListBucket: listings are AccessDenied, and so are a read of a key that does not
	// exist and a put with If-Match on one.
	DenyList bool
	// OnFull is called whenever the disk has no room for a put, with an error that names the folder; it does not block. The caller
	// of S3 gets the status 507 and the code DiskFull, which S3 does not have. Nil: nothing is called.
	OnFull func(error)
	Logger *slog.Logger // gets failures on the server side; nil: none
}

// Endpoint is the service: an [http.Handler] that may be served by any number of goroutines.
type Endpoint struct {
	config Config
	full   atomic.Bool

	// mu makes checking and writing one step. It guards everything below.
	mu     sync.Mutex
	folder folder
	known  map[string]object // what was learned of the files, which may have changed since
}

// New opens the folder and makes the buckets. It starts nothing in the background; [Endpoint.Close] closes the folder.
func New(config Config) (*Endpoint, error) {
	config.Logger = cmp.Or(config.Logger, slog.New(slog.DiscardHandler))

	errMake := os.MkdirAll(config.Folder, folderMode)
	root, errOpen := os.OpenRoot(config.Folder)
	if err := errors.Join(errMake, errOpen); err != nil {
		return nil, fmt.Errorf("open the folder of the object store: %w", err)
	}
	e := &Endpoint{config: config, known: make(map[string]object), folder: folder{root}}
	for _, bucket := range config.Buckets {
		if err := e.addBucket(bucket); err != nil {
			return nil, errors.Join(fmt.Errorf("make bucket %q: %w", bucket, err), e.Close())
		}
	}

	return e, nil
}

// Close closes the folder. No request is answered after it.
func (e *Endpoint) Close() error { return e.folder.Close() }

// Fill makes the store behave as if its disk had no room left, or some again; tests use it.
func (e *Endpoint) Fill(full bool) { e.full.Store(full) }

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// addBucket makes a bucket where it is missing.
func (e *Endpoint) addBucket(bucket string) error {
	if !bucketName.MatchString(bucket) {
		return refuse(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.")
	}

	return e.folder.MkdirAll(bucket, folderMode)
}

func (e *Endpoint) hasBucket(bucket string) bool {
	if !bucketName.MatchString(bucket) {
		return false
	}
	info, err := e.folder.Stat(bucket)

	return err == nil && info.IsDir()
}
