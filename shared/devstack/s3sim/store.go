package s3sim

import (
	"crypto/md5" //nolint:gosec // S3's ETag is the MD5 of the content
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/johannesboyne/gofakes3"
)

// object is what is known of a stored object beside its content. It is never changed.
type object struct {
	key      string
	size     int64
	modified time.Time
	md5      []byte
	headers  map[string]string
}

// etag returns the entity tag with its quotes.
func (o *object) etag() string { return `"` + hex.EncodeToString(o.md5) + `"` }

// draft is a body on its way into the store, seen by nobody.
type draft interface {
	io.Writer
	// discard throws the draft away; it does nothing once it was placed.
	discard()
}

// shelf is where objects lie. What is not there is reported as gofakes3's errors. Its callers hold the store's lock, but
// for stage and what it returns.
type shelf interface {
	buckets() ([]gofakes3.BucketInfo, error)
	hasBucket(bucket string) (bool, error)
	addBucket(bucket string) error
	dropBucket(bucket string) error
	// keys returns the keys that begin with prefix in the order of their bytes.
	keys(bucket, prefix string) ([]string, error)
	stat(bucket, key string) (*object, error)
	// open returns an object and its content, which stays what it is whatever is placed later.
	open(bucket, key string) (*object, io.ReadSeekCloser, error)
	stage() (draft, error)
	// place makes a draft the object of a key, at once and entirely, and uses it up.
	place(bucket, key string, d draft, o object) error
	// remove removes a key; one that is not there is removed already.
	remove(bucket, key string) error
	close() error
}

// store is a shelf with the one lock that makes checking and placing one step, and gofakes3's view of both.
type store struct {
	mu    sync.Mutex
	shelf shelf
	// filled tells that nothing more fits, see [Endpoint.Fill].
	filled atomic.Bool
}

var _ gofakes3.Backend = (*store)(nil)

// place places a draft if the conditions hold.
func (s *store) place(bucket, key string, d draft, o object, conditions *gofakes3.PutConditions) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.filled.Load() {
		return noSpace()
	}
	if err := s.needBucket(bucket); err != nil {
		return err
	}
	if conditions != nil {
		if err := s.checkConditions(bucket, key, conditions); err != nil {
			return err
		}
	}

	// Not wrapped, here and elsewhere: gofakes3 tells its errors by their outermost type.
	return s.shelf.place(bucket, key, d, o)
}

func (s *store) checkConditions(bucket, key string, conditions *gofakes3.PutConditions) error {
	there, err := s.shelf.stat(bucket, key)
	missing := gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey)
	if err != nil && !missing {
		return err
	}

	switch {
	case conditions.IfNoneMatch != nil && !missing:
		return gofakes3.ErrPreconditionFailed
	case conditions.IfMatch != nil && missing:
		return gofakes3.KeyNotFound(key)
	case conditions.IfMatch != nil && !tagMatches(*conditions.IfMatch, there):
		return gofakes3.ErrPreconditionFailed
	}

	return nil
}

func (s *store) open(bucket, key string) (*object, io.ReadSeekCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.shelf.open(bucket, key)
}

// needBucket returns NoSuchBucket where there is none. It must be called with the lock held.
func (s *store) needBucket(bucket string) error {
	exists, err := s.shelf.hasBucket(bucket)
	if err != nil {
		return err
	}
	if !exists {
		return gofakes3.BucketNotFound(bucket)
	}

	return nil
}

// BucketExists reports whether there is such a bucket.
func (s *store) BucketExists(name string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.shelf.hasBucket(name)
}

// ListBuckets returns all buckets by name.
func (s *store) ListBuckets() ([]gofakes3.BucketInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.shelf.buckets()
}

// CreateBucket makes a bucket.
func (s *store) CreateBucket(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	exists, err := s.shelf.hasBucket(name)
	if err != nil {
		return err
	}
	if exists {
		return gofakes3.ResourceError(gofakes3.ErrBucketAlreadyExists, name)
	}

	return s.shelf.addBucket(name)
}

// DeleteBucket removes a bucket without objects.
func (s *store) DeleteBucket(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	if err := s.needBucket(name); err != nil {
		return err
	}
	keys, err := s.shelf.keys(name, "")
	if err != nil {
		return err
	}
	if len(keys) > 0 {
		return gofakes3.ResourceError(gofakes3.ErrBucketNotEmpty, name)
	}

	return s.shelf.dropBucket(name)
}

// ForceDeleteBucket is MinIO's, not S3's: nobody deletes a bucket with objects here.
func (s *store) ForceDeleteBucket(name string) error { return s.DeleteBucket(name) }

// HeadObject returns an object without content.
func (s *store) HeadObject(bucket, key string) (*gofakes3.Object, error) {
	found, err := s.GetObject(bucket, key, nil)
	if err != nil {
		return nil, err
	}

	return found, found.Contents.Close()
}

// GetObject returns an object and its content, for gofakes3's copies.
func (s *store) GetObject(bucket, key string, part *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	if part != nil {
		return nil, gofakes3.ErrNotImplemented
	}
	found, content, err := s.open(bucket, key)
	if err != nil {
		return nil, err
	}

	return &gofakes3.Object{
		Name: key, Size: found.size, Hash: found.md5, Metadata: found.headers, Contents: content,
	}, nil
}

// PutObject stores what gofakes3 put together: copies and multipart uploads.
func (s *store) PutObject(
	bucket, key string, meta map[string]string, input io.Reader, _ int64, conditions *gofakes3.PutConditions,
) (gofakes3.PutObjectResult, error) {
	d, err := s.stage()
	if err != nil {
		return gofakes3.PutObjectResult{}, err
	}
	defer d.discard()

	sum := md5.New() //nolint:gosec // S3's ETag
	size, err := io.Copy(io.MultiWriter(d, sum), input)
	if err != nil {
		return gofakes3.PutObjectResult{}, fmt.Errorf("receive %s for bucket %s: %w", key, bucket, err)
	}
	header := make(http.Header, len(meta))
	for name, value := range meta {
		header.Set(name, value)
	}

	return gofakes3.PutObjectResult{}, s.place(bucket, key, d,
		object{size: size, md5: sum.Sum(nil), headers: storedHeaders(header)}, conditions)
}

// CopyObject copies by reading and putting.
func (s *store) CopyObject(
	srcBucket, srcKey, dstBucket, dstKey string, meta map[string]string,
) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObject(s, srcBucket, srcKey, dstBucket, dstKey, meta)
}

// DeleteObject removes a key, whether it was there or not.
func (s *store) DeleteObject(bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if err := s.needBucket(bucket); err != nil {
		return gofakes3.ObjectDeleteResult{}, err
	}

	return gofakes3.ObjectDeleteResult{}, s.shelf.remove(bucket, key)
}

// DeleteMulti removes keys, and reports those that it could not remove.
func (s *store) DeleteMulti(bucket string, keys ...string) (gofakes3.MultiDeleteResult, error) {
	var result gofakes3.MultiDeleteResult
	for _, key := range keys {
		if _, err := s.DeleteObject(bucket, key); err != nil {
			result.Error = append(result.Error, gofakes3.ErrorResultFromError(err))

			continue
		}
		result.Deleted = append(result.Deleted, gofakes3.ObjectID{Key: key})
	}

	return result, nil
}
