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

// refusal is an error as a client of S3 sees it, in S3's XML.
type refusal struct {
	XMLName       xml.Name `xml:"Error"`
	Code, Message string
	RequestID     string `xml:"RequestId"`

	status int
}

func refuse(status int, code, message string) *refusal {
	return &refusal{Code: code, Message: message, status: status}
}

func (r *refusal) Error() string { return r.Code + ": " + r.Message }

func accessDenied() error { return refuse(http.StatusForbidden, "AccessDenied", "Access Denied") }

func invalidArgument(message string) error {
	return refuse(http.StatusBadRequest, "InvalidArgument", message)
}

func notImplemented(what string) error {
	return refuse(http.StatusNotImplemented, "NotImplemented", "this local S3 does not have "+what+
		", only what CreateBucket, GetObject, HeadObject, PutObject, DeleteObject and ListObjectsV2 need: moto and LocalStack have the others")
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

	return refuse(http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
}

// diskFull reports a full disk. S3 has no such error; no client repeats a request with this status.
func (e *Endpoint) diskFull() *refusal {
	full := fmt.Errorf("the disk is full below %s", e.config.Folder)
	if e.config.OnFull != nil {
		e.config.OnFull(full)
	}

	return refuse(http.StatusInsufficientStorage, "DiskFull", full.Error())
}

func (r *refusal) write(w http.ResponseWriter, about *http.Request) {
	r.RequestID = w.Header().Get("X-Amz-Request-Id")
	writeXML(w, about, r.status, r)
}

// Deny answers AccessDenied.
func Deny(w http.ResponseWriter, r *http.Request, message string) {
	w.Header().Set("X-Amz-Request-Id", rand.Text())
	refuse(http.StatusForbidden, "AccessDenied", message).write(w, r)
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

	return refuse(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
}

// writeXML writes a reply. A HEAD's has no body.
func writeXML(w http.ResponseWriter, r *http.Request, status int, reply any) {
	content, _ := xml.Marshal(reply) // text and numbers alone
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append([]byte(xml.Header), content...)) //nolint:gosec // it is escaped
	}
}
