package iamsim

import (
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"net/http"

	"genesys-cloud-export/shared/devstack/s3sim"
)

// refuseJSON answers with that status as Parameter Store, Secrets Manager and Lambda do.
func refuseJSON(status int) refusal {
	return func(w http.ResponseWriter, _ *http.Request, message string) {
		const code = "AccessDeniedException"
		content, _ := json.Marshal(map[string]string{"__type": code, "message": message}) //nolint:errchkjson // it is text alone

		w.Header().Set("X-Amzn-Errortype", code)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(content)
	}
}

// refuseXML answers as S3 does. The reply to a HEAD has no body.
func refuseXML(w http.ResponseWriter, r *http.Request, message string) {
	reply := struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string   `xml:"Code"`
		Message   string   `xml:"Message"`
		RequestID string   `xml:"RequestId"`
	}{Code: "AccessDenied", Message: message, RequestID: rand.Text()}
	content, _ := xml.Marshal(reply)

	w.Header().Del("Content-Length")
	w.Header().Set("X-Amz-Request-Id", reply.RequestID)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusForbidden)

	if r.Method != http.MethodHead {
		_, _ = w.Write(append([]byte(xml.Header), content...))
	}
}

// conceals says whether a read may not tell a missing key from a forbidden one. S3 asks for the right to list without any
// prefix, so that one that is bound to a prefix does not count.
func (g *Guard) conceals(role Role, r *http.Request) bool {
	if operation := s3sim.Operation(r); operation != "GetObject" && operation != "HeadObject" {
		return false
	}

	bucket, _ := s3sim.Location(r)

	return !role.Decide(Access{Action: "s3:ListBucket", Resource: objectARN(bucket, "")}).Allowed
}

// concealer turns a reply that something is not there into a refusal.
type concealer struct {
	http.ResponseWriter

	request   *http.Request
	concealed bool
}

// WriteHeader implements [http.ResponseWriter].
func (c *concealer) WriteHeader(status int) {
	if status == http.StatusNotFound {
		c.concealed = true
		refuseXML(c.ResponseWriter, c.request, "Access Denied")

		return
	}

	c.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter]; what a concealed reply says is dropped.
func (c *concealer) Write(content []byte) (int, error) {
	if c.concealed {
		return len(content), nil
	}

	return c.ResponseWriter.Write(content)
}
