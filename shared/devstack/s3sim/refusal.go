package s3sim

import (
	"context"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
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

// refusalOf returns what a client sees of an error.
func (e *Endpoint) refusalOf(err error) *refusal {
	if refused, is := errors.AsType[*refusal](err); is {
		return refused
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return e.diskFull()
	}
	e.config.Logger.Error("s3 request failed", "error", err)

	return &refusal{http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again."}
}

// diskFull reports a full disk. S3 has no such error; no client repeats a request with this status.
func (e *Endpoint) diskFull() *refusal {
	full := fmt.Errorf("the disk is full below %s", e.config.Folder)
	if e.config.OnFull != nil {
		e.config.OnFull(full)
	}

	return &refusal{http.StatusInsufficientStorage, "DiskFull", full.Error()}
}

// refusalBody is S3's XML of an error.
type refusalBody struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	RequestID string `xml:"RequestId"`
}

func (r *refusal) write(w http.ResponseWriter, about *http.Request) {
	writeXML(w, about, r.status, refusalBody{Code: r.code, Message: r.message, RequestID: w.Header().Get("X-Amz-Request-Id")})
}

// Deny answers AccessDenied.
func Deny(w http.ResponseWriter, r *http.Request, message string) {
	w.Header().Set("X-Amz-Request-Id", rand.Text())
	(&refusal{http.StatusForbidden, "AccessDenied", message}).write(w, r)
}

// listDenied is the key of a request's context that says that its caller has no s3:ListBucket.
type listDenied struct{}

// WithoutList returns the request as that of a caller without s3:ListBucket, as [Config].DenyList has all.
func WithoutList(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), listDenied{}, true))
}

// missing answers for a key that is not there.
func (e *Endpoint) missing(r *http.Request) error {
	if e.config.DenyList || r.Context().Value(listDenied{}) != nil {
		return accessDenied()
	}

	return &refusal{http.StatusNotFound, "NoSuchKey", "The specified key does not exist."}
}

// writeXML writes a reply. A HEAD's has no body.
func writeXML(w http.ResponseWriter, r *http.Request, status int, reply any) {
	content, _ := xml.Marshal(reply) // text and numbers alone
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append([]byte(xml.Header), content...))
	}
}
