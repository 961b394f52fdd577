package s3sim_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"genesys-cloud-export/shared/devstack/s3sim"
)

// The right digests of "123456789" are the check values that the algorithms' definitions give.
func TestABodyIsStoredWholeAndVerifiedOrNotAtAll(t *testing.T) {
	t.Parallel()
	for header, refused := range map[string]string{
		"X-Amz-Checksum-Crc32: y/Q5Jg==":                                      "",
		"X-Amz-Checksum-Crc64nvme: rosUhgp5mIg=":                              "",
		"X-Amz-Checksum-Sha256: FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=": "",
		"Content-Md5: JfnnlDI7RTiF9RgfG2JNCw==":                               "",

		"X-Amz-Checksum-Crc32: AAAAAA==":                          "BadDigest",
		"X-Amz-Checksum-Crc32c: 4waSgw==":                         "NotImplemented",
		"X-Amz-Checksum-Crc64nvme: AAAAAAAAAAA=":                  "BadDigest",
		"X-Amz-Checksum-Sha256: " + strings.Repeat("A", 43) + "=": "BadDigest",
		"X-Amz-Checksum-Sha256: AAAA":                             "BadDigest",
		"Content-Md5: AAAAAAAAAAAAAAAAAAAAAA==":                   "BadDigest",
		"Content-Length: 10":                                      "IncompleteBody",
		"Content-Length: -1":                                      "MissingContentLength",
		"X-Amz-Trailer: x-amz-checksum-crc32":                     "NotImplemented",
		"X-Amz-Decoded-Content-Length: 9":                         "NotImplemented",
	} {
		s := open(t, s3sim.Config{})
		put := s.about(http.MethodPut, "k", "123456789", header, "Content-Encoding: gzip")
		if got := code(put); got != refused {
			t.Errorf("%s: got %d and %q, want %q", header, put.Code, got, refused)
		}
		if refused != "" {
			s.want("k", "NoSuchKey")

			continue
		}
		got := s.about(http.MethodGet, "k", "", "X-Amz-Checksum-Mode: ENABLED")
		if got.Body.String() != "123456789" || got.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: stored is %q with %v, want all of it", header, got.Body, got.Header())
		}
		name, value, _ := strings.Cut(header, ": ")
		if strings.HasPrefix(name, "X-Amz-") && (got.Header().Get(name) != value || put.Header().Get(name) != value) {
			t.Errorf("%s: the put shows %v, and the get %v", header, put.Header(), got.Header())
		}
	}
}

func TestAReaderSeesOneVersionWhileWritersReplaceIt(t *testing.T) {
	t.Parallel()
	s := open(t, s3sim.Config{})
	body := func(i int) string { return strings.Repeat(string(rune('a'+i)), 100_000+i) }
	s.put("", "k", body(0))

	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for range 10 {
				s.put("", "k", body(i))
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

// The AWS CLI copies what is larger than 8 MB so.
func TestAnObjectIsReadInRangesOfOneVersion(t *testing.T) {
	t.Parallel()
	s := open(t, s3sim.Config{})
	headers := []string{"Range: bytes=7-99", "If-Match: " + s.put("", "k", "0123456789"), "X-Amz-Checksum-Mode: ENABLED"}
	got := s.about(http.MethodGet, "k", "", headers...)
	if got.Body.String() != "789" || got.Header().Get("Content-Range") != "bytes 7-9/10" || got.Header().Get("X-Amz-Checksum-Crc64nvme") != "" {
		t.Errorf("got %q with %v, want the range, and no checksum of the whole", got.Body, got.Header())
	}

	s.put("", "k", "another")
	if got := s.about(http.MethodGet, "k", "", headers...); got.Code != http.StatusPreconditionFailed {
		t.Errorf("of another version: got status %d, want 412", got.Code)
	}
}
