package s3sim

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"syscall"
)

// refusal is an error as a client of S3 sees it.
type refusal struct {
	status        int
	code, message string
}

func (r *refusal) Error() string { return r.code + ": " + r.message }

func accessDenied() error { return &refusal{http.StatusForbidden, "AccessDenied", "Access Denied"} }

func invalidArgument(message string) error {
	return &refusal{http.StatusBadRequest, "InvalidArgument", message}
}

func notImplemented(what string) error {
	return &refusal{
		http.StatusNotImplemented, "NotImplemented", "this local S3 does not have " + what +
			", only what CreateBucket, GetObject, HeadObject, PutObject, DeleteObject and ListObjectsV2 need: moto and LocalStack have the others",
	}
}

// Fill makes the store behave as if its disk had no room left, or some again; tests use it.
func (e *Endpoint) Fill(full bool) { e.full.Store(full) }

func (e *Endpoint) write(name string, content []byte) error {
	if e.full.Load() {
		return &fs.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
	}

	return e.files.write(name, content)
}

// refusalOf returns what a client is told of an error.
func (e *Endpoint) refusalOf(err error) *refusal {
	if told, is := errors.AsType[*refusal](err); is {
		return told
	}
	// The disk, or its user, has no room. S3 has no such error: with this status no client tries it again, as nothing changes
	// until somebody makes room.
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		full := fmt.Errorf("the disk is full below %s", e.config.Folder)
		if e.config.OnFull != nil {
			e.config.OnFull(full)
		}

		return &refusal{http.StatusInsufficientStorage, "DiskFull", full.Error()}
	}
	e.config.Logger.Error("s3 request failed", "error", err)

	return &refusal{http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again."}
}

// refusalBody is S3's XML of an error.
type refusalBody struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	RequestID string `xml:"RequestId"`
}

func (e *Endpoint) writeError(w http.ResponseWriter, r *http.Request, err error) {
	told := e.refusalOf(err)
	writeXML(w, r, told.status, refusalBody{Code: told.code, Message: told.message, RequestID: w.Header().Get("X-Amz-Request-Id")})
}

// writeXML writes a reply. A HEAD's has no body.
func writeXML(w http.ResponseWriter, r *http.Request, status int, reply any) {
	content, err := xml.Marshal(reply)
	if err != nil {
		panic(err) // it is text and numbers alone
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append([]byte(xml.Header), content...))
	}
}
