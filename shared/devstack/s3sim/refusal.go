package s3sim

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"net/http"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// refusal is an error that gofakes3 has no code for, or another status.
type refusal struct {
	status        int
	code, message string
}

func (r *refusal) Error() string { return r.code + ": " + r.message }

func notImplemented(what string) error {
	return &refusal{http.StatusNotImplemented, "NotImplemented", "this local S3 does not know " + what}
}

func accessDenied() error { return &refusal{http.StatusForbidden, "AccessDenied", "Access Denied"} }

func badDigest(what string) error {
	return &refusal{http.StatusBadRequest, "BadDigest", "The " + what + " you specified did not match what we received."}
}

func invalidArgument(message string) error {
	return &refusal{http.StatusBadRequest, "InvalidArgument", message}
}

func invalidRequest(message string) error {
	return &refusal{http.StatusBadRequest, "InvalidRequest", message}
}

// errorBody is S3's XML of an error.
type errorBody struct {
	XMLName    xml.Name `xml:"Error"`
	Code       string   `xml:"Code"`
	Message    string   `xml:"Message"`
	BucketName string   `xml:"BucketName,omitempty"`
	Key        string   `xml:"Key,omitempty"`
	RequestID  string   `xml:"RequestId"`
	HostID     string   `xml:"HostId"`
}

func (e *Endpoint) writeError(w http.ResponseWriter, r *http.Request, err error) {
	status, code, message := classify(err)
	if status == http.StatusInternalServerError {
		e.logger.Error("s3 request failed", "error", err)
	}
	if status == http.StatusNotModified {
		w.WriteHeader(status)

		return
	}

	bucket, key := Location(r)
	body, _ := xml.Marshal(errorBody{
		Code: code, Message: message, BucketName: bucket, Key: key,
		RequestID: w.Header().Get("X-Amz-Request-Id"), HostID: w.Header().Get("X-Amz-Id-2"),
	})
	w.Header().Del("Content-Length")
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(xml.Header))
		_, _ = w.Write(body)
	}
}

func classify(err error) (status int, code, message string) {
	if own, ok := errors.AsType[*refusal](err); ok {
		return own.status, own.code, own.message
	}
	if theirs, ok := errors.AsType[gofakes3.Error](err); ok {
		known := theirs.ErrorCode()

		return known.Status(), string(known), messageOf(theirs)
	}

	return http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again."
}

// messageOf returns an error's text. It is never empty: the AWS CLI stumbles over an error without one.
func messageOf(err gofakes3.Error) string {
	code := err.ErrorCode()
	message := strings.TrimPrefix(strings.TrimPrefix(err.Error(), string(code)), ": ")

	switch {
	case message != "":
		return message
	case code == gofakes3.ErrNoSuchKey:
		return "The specified key does not exist."
	case code.Message() != "":
		return code.Message()
	}

	return string(code)
}

// requestID returns 16 random hexadecimal digits.
func requestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:])

	return strings.ToUpper(hex.EncodeToString(b[:]))
}
