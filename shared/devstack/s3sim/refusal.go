package s3sim

import (
	"encoding/xml"
	"errors"
	"net/http"
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

// refusalOf returns what a client is told of an error.
func (e *Endpoint) refusalOf(err error) *refusal {
	if told, is := errors.AsType[*refusal](err); is {
		return told
	}
	if isFull(err) {
		return e.diskFull()
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
