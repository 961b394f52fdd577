// Package s3sim is Amazon S3 on one machine, as far as an application uses it: the AWS SDKs and the AWS CLI take it for the
// real one. Buckets are addressed by path: http://127.0.0.1:port/bucket/key.
//
// Objects are plain files, <folder>/<bucket>/<key>, so that people and tools read them where they lie; everything else
// that belongs to them stands apart in <folder>/.s3sim. Or they are held in memory.
//
// The protocol's breadth (multipart uploads, copies, multi-object deletes, buckets) is gofakes3's. What an application's
// safety rests on is this package's own, by the S3 API reference:
//
//   - conditional puts are atomic: of several with the same If-Match, exactly one wins; a missing key is NoSuchKey;
//   - a body is stored whole and verified, or not at all: its length, Content-MD5, x-amz-content-sha256 and every
//     x-amz-checksum of header or trailer are held against what came;
//   - an object appears at once under its name, so that a process killed in the middle never leaves half of one;
//   - reads take preconditions and ranges, and see one version of the object from beginning to end;
//   - listings roll up, page and order keys as S3 does.
//
// Rules: one process owns a folder. Signatures are not checked, and a request without one is served too. There are no
// versions, no access control lists and no lifecycle: what is not known here is answered NotImplemented. The ETag of an
// object is the MD5 of its content, also where it was put in parts or its file was changed by hand.
package s3sim

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/johannesboyne/gofakes3"
)

// Config says where objects are kept and who asks for them.
type Config struct {
	// Folder is where objects are kept; it is made where it is missing. It must be empty where Memory is set.
	Folder string
	// Memory keeps objects in memory, for tests, also in virtual time.
	Memory bool
	// Buckets are made at the start where they are missing.
	Buckets []string
	// DenyList imitates a caller without s3:ListBucket: listings are AccessDenied, and so is what S3 will not admit to be
	// missing: a read of a key that does not exist, and a put with If-Match on one.
	DenyList bool
	// OnFull is called whenever something is put for which the disk has no room, with an error that names the folder; it does not
	// block. The caller of S3 gets the status 507 and the code DiskFull, which S3 does not have. Nil: nobody is told.
	OnFull func(error)
	// Logger hears of failures on the server side; nil means nobody does.
	Logger *slog.Logger
}

// Endpoint is the service: an [http.Handler] that may be served by any number of goroutines.
type Endpoint struct {
	store    *store
	fallback http.Handler
	denyList bool
	folder   string
	onFull   func(error)
	logger   *slog.Logger
}

// New opens the folder, or makes an empty memory, and makes the buckets. What a process that was killed left unfinished
// in the folder is removed. It starts nothing in the background; [Endpoint.Close] lets go of the folder.
func New(config Config) (*Endpoint, error) {
	shelf, err := openShelf(config)
	if err != nil {
		return nil, err
	}

	logger := config.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	e := &Endpoint{
		store: &store{shelf: shelf}, denyList: config.DenyList, folder: config.Folder, onFull: config.OnFull, logger: logger,
	}
	e.fallback = gofakes3.New(e.store,
		gofakes3.WithTimeSkewLimit(0), gofakes3.WithoutVersioning(), gofakes3.WithLogger(failureLog{logger}),
	).Server()

	for _, bucket := range config.Buckets {
		if err := e.addBucket(bucket); err != nil {
			return nil, errors.Join(err, shelf.close())
		}
	}

	return e, nil
}

func openShelf(config Config) (shelf, error) {
	switch {
	case config.Memory && config.Folder != "":
		return nil, errors.New("open the object store: give a folder or memory, not both")
	case config.Memory:
		return newMemory(), nil
	case config.Folder == "":
		return nil, errors.New("open the object store: give a folder, or memory")
	}

	return openFolder(config.Folder)
}

func (e *Endpoint) addBucket(bucket string) error {
	if err := gofakes3.ValidateBucketName(bucket); err != nil {
		return fmt.Errorf("make bucket %q: %w", bucket, err)
	}
	if err := e.store.CreateBucket(bucket); err != nil && !gofakes3.IsAlreadyExists(err) {
		return fmt.Errorf("make bucket %q: %w", bucket, err)
	}

	return nil
}

// Close lets go of the folder. Requests are answered no more after it.
func (e *Endpoint) Close() error { return e.store.shelf.close() }

// failureLog hands gofakes3's failures on; the rest of what it says is for its own developers.
type failureLog struct{ logger *slog.Logger }

// Print logs errors and drops everything else.
func (l failureLog) Print(level gofakes3.LogLevel, v ...any) {
	if level == gofakes3.LogErr {
		l.logger.Error("s3 request failed", "error", fmt.Sprint(v...))
	}
}
