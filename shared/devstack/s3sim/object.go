package s3sim

import (
	"bytes"
	"crypto/md5" //nolint:gosec // S3's ETag is the MD5 of the content
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"strings"
	"syscall"
)

// object is what is known of a content. It is never changed.
type object struct {
	stamp

	etag    string            // with its quotes
	headers map[string]string // what a read shows with it: its type, its encoding and its checksums
}

// describe returns what a content says of itself.
func describe(content []byte) object {
	return object{
		etag:    fmt.Sprintf(`"%x"`, md5.Sum(content)), //nolint:gosec // as above
		headers: map[string]string{"Content-Type": "binary/octet-stream"},
	}
}

// find returns an object, or [fs.ErrNotExist]. Its caller has the lock.
func (e *Endpoint) find(name string) (object, error) {
	now, err := e.folder.stat(name)
	if err != nil || e.known[name].stamp == now {
		return e.known[name], err
	}

	// Somebody else wrote the file: another process before this one, or a person.
	content, err := e.folder.ReadFile(name)
	if err != nil {
		return object{}, err
	}
	found := describe(content)
	found.stamp = now
	e.known[name] = found

	return found, nil
}

// get answers GET and HEAD.
func (e *Endpoint) get(w http.ResponseWriter, r *http.Request, name string) error {
	found, content, err := e.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return e.missing(r)
	}
	if err != nil {
		return err
	}

	// Checksums are of the whole object, and shown to who asks.
	checked := r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" && r.Header.Get("Range") == ""
	for header, value := range found.headers {
		if checked || !strings.HasPrefix(header, checksumPrefix) {
			w.Header().Set(header, value)
		}
	}
	w.Header().Set("Etag", found.etag)
	http.ServeContent(w, r, "", found.modified, bytes.NewReader(content))

	return nil
}

func (e *Endpoint) read(name string) (object, []byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	found, err := e.find(name)
	if err != nil {
		return object{}, nil, err
	}
	content, err := e.folder.ReadFile(name)

	return found, content, err
}

// put stores a body, if it is whole and its condition holds.
func (e *Endpoint) put(w http.ResponseWriter, r *http.Request, name string) error {
	body, checksums, err := receive(r)
	if err != nil {
		return err
	}
	put := describe(body)
	maps.Copy(put.headers, checksums)
	for _, header := range []string{"Content-Type", "Content-Encoding"} {
		if value := r.Header.Get(header); value != "" {
			put.headers[header] = value
		}
	}

	e.mu.Lock()
	defer e.mu.Unlock()

	if err := e.condition(r, name); err != nil {
		return err
	}
	if e.full.Load() {
		return syscall.ENOSPC
	}
	if err := e.folder.write(name, body); err != nil {
		return err
	}
	if put.stamp, err = e.folder.stat(name); err != nil {
		return err
	}
	e.known[name] = put
	w.Header().Set("Etag", put.etag)
	for header, checksum := range checksums {
		w.Header().Set(header, checksum)
	}

	return nil
}

// condition returns an error where a put's condition does not hold. S3 knows If-None-Match with an asterisk alone, and not
// both headers in one request. Its caller has the lock.
func (e *Endpoint) condition(r *http.Request, name string) error {
	match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	if match == "" && none == "" {
		return nil
	}
	if match != "" && none != "" || none != "" && none != "*" {
		return notImplemented("this condition of a put")
	}

	there, err := e.find(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && match != "":
		return e.missing(r)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case none != "", strings.Trim(match, `"`) != strings.Trim(there.etag, `"`):
		return refuse(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	}

	return nil
}

// remove removes a key, whether it was there or not.
func (e *Endpoint) remove(w http.ResponseWriter, name string) error {
	e.mu.Lock()
	defer e.mu.Unlock()

	delete(e.known, name)
	if err := e.folder.remove(name); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)

	return nil
}
