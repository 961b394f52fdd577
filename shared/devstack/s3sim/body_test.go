package s3sim_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"genesys-cloud-export/shared/devstack/s3sim"
)

// send sends one request of the bucket, with headers that are written "Name: value".
func send(endpoint *s3sim.Endpoint, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, "/"+bucket+target, strings.NewReader(body))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	if length, err := strconv.ParseInt(request.Header.Get("Content-Length"), 10, 64); err == nil {
		request.ContentLength = length
	}
	reply := httptest.NewRecorder()
	endpoint.ServeHTTP(reply, request)

	return reply
}

// stored returns what lies under the key k, "" for nothing, and what is shown with it.
func stored(endpoint *s3sim.Endpoint) (body string, header http.Header) {
	reply := send(endpoint, http.MethodGet, "/k", "", "X-Amz-Checksum-Mode: ENABLED")
	if reply.Code != http.StatusOK {
		return "", nil
	}

	return reply.Body.String(), reply.Header()
}

// The right digests of "123456789" are the check values that the algorithms' definitions give.
func TestABodyIsStoredWholeAndVerifiedOrNotAtAll(t *testing.T) {
	t.Parallel()
	for header, code := range map[string]string{ // "" where it is stored
		"X-Amz-Checksum-Crc32: y/Q5Jg==":                                      "",
		"X-Amz-Checksum-Crc32c: 4waSgw==":                                     "",
		"X-Amz-Checksum-Crc64nvme: rosUhgp5mIg=":                              "",
		"X-Amz-Checksum-Sha256: FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=": "",
		"Content-Md5: JfnnlDI7RTiF9RgfG2JNCw==":                               "",

		"X-Amz-Checksum-Crc32: AAAAAA==":                          "BadDigest",
		"X-Amz-Checksum-Crc32c: AAAAAA==":                         "BadDigest",
		"X-Amz-Checksum-Crc64nvme: AAAAAAAAAAA=":                  "BadDigest",
		"X-Amz-Checksum-Sha256: " + strings.Repeat("A", 43) + "=": "BadDigest",
		"X-Amz-Checksum-Sha256: AAAA":                             "BadDigest",
		"Content-Md5: AAAAAAAAAAAAAAAAAAAAAA==":                   "BadDigest",
		"Content-Length: 10":                                      "IncompleteBody",
		"Content-Length: -1":                                      "MissingContentLength",
		"X-Amz-Trailer: x-amz-checksum-crc32":                     "NotImplemented",
		"X-Amz-Decoded-Content-Length: 9":                         "NotImplemented",
	} {
		endpoint := open(t, s3sim.Config{})
		reply := send(endpoint, http.MethodPut, "/k", "123456789", header, "Content-Encoding: gzip")
		body, shown := stored(endpoint)
		if code != "" {
			if reply.Code < 400 || !strings.Contains(reply.Body.String(), code) || body != "" {
				t.Errorf("%s: got %d and %s, stored is %q: want %s, and nothing", header, reply.Code, reply.Body, body, code)
			}

			continue
		}
		if reply.Code != http.StatusOK || body != "123456789" || shown.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: got %d and %s, stored is %q with %v, want all of it", header, reply.Code, reply.Body, body, shown)
		}
		name, value, _ := strings.Cut(header, ": ")
		if strings.HasPrefix(name, "X-Amz-") && (shown.Get(name) != value || reply.Header().Get(name) != value) {
			t.Errorf("%s: the put shows %v, and the get %v", header, reply.Header(), shown)
		}
	}
}

func TestAReaderSeesOneVersionWhileWritersReplaceIt(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	body := func(i int) string { return strings.Repeat(string(rune('a'+i)), 100_000+i) }
	s.put("k", body(0))

	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for range 10 {
				if _, refused := s.tryPut("k", body(i), nil); refused != "" {
					t.Error(refused)
				}
			}
		})
		group.Go(func() {
			for range 10 {
				got := s.get("k")
				if len(got) < 100_000 || got != body(len(got)-100_000) {
					t.Errorf("got %d bytes that are of no one version", len(got))
				}
			}
		})
	}
	group.Wait()
}
