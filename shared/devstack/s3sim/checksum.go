package s3sim

import (
	"crypto/md5"  //nolint:gosec // S3's ETag is the MD5 of the content
	"crypto/sha1" //nolint:gosec // one of the checksums that S3 offers
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strings"
)

// nvme is the polynomial of CRC-64/NVME, reflected; from the NVM Express NVM command set specification.
const nvme = 0x9a6c9329ac4bc9b5

const checksumPrefix = "X-Amz-Checksum-"

// newChecksum returns the hash of a header such as "X-Amz-Checksum-Crc32", or nil where it names none.
func newChecksum(header string) hash.Hash {
	switch strings.TrimPrefix(header, checksumPrefix) {
	case "Crc32":
		return crc32.NewIEEE()
	case "Crc32c":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "Crc64nvme":
		return crc64.New(crc64.MakeTable(nvme))
	case "Sha1":
		return sha1.New() //nolint:gosec // as above
	case "Sha256":
		return sha256.New()
	}

	return nil
}

// sums hashes a body in all the ways that its request speaks of.
type sums struct {
	md5       hash.Hash
	sha256    hash.Hash
	checksums map[string]hash.Hash
	size      int64
}

func newSums(r *http.Request) *sums {
	s := &sums{md5: md5.New(), sha256: sha256.New(), checksums: make(map[string]hash.Hash)} //nolint:gosec // as above
	headers := strings.Split(r.Header.Get("X-Amz-Trailer"), ",")
	for name := range r.Header {
		headers = append(headers, name)
	}
	for _, name := range headers {
		name = http.CanonicalHeaderKey(strings.TrimSpace(name))
		if sum := newChecksum(name); sum != nil && strings.HasPrefix(name, checksumPrefix) {
			s.checksums[name] = sum
		}
	}

	return s
}

// Write hashes p.
func (s *sums) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	_, _ = s.md5.Write(p)
	_, _ = s.sha256.Write(p)
	for _, sum := range s.checksums {
		_, _ = sum.Write(p)
	}

	return len(p), nil
}

// verify holds the sums against what the request and its trailer say.
func (s *sums) verify(r *http.Request, trailer http.Header) error {
	if given, present := r.Header["Content-Md5"]; present {
		digest, err := base64.StdEncoding.DecodeString(given[0])
		if err != nil || len(digest) != md5.Size {
			return &refusal{http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified is not valid."}
		}
		if string(digest) != string(s.md5.Sum(nil)) {
			return badDigest("Content-MD5")
		}
	}

	payload := r.Header.Get("X-Amz-Content-Sha256")
	if len(payload) == hex.EncodedLen(sha256.Size) && payload != hex.EncodeToString(s.sha256.Sum(nil)) {
		return &refusal{
			http.StatusBadRequest, "XAmzContentSHA256Mismatch",
			"The provided 'x-amz-content-sha256' header does not match what was computed.",
		}
	}

	for name, sum := range s.checksums {
		if err := verifyChecksum(name, sum, r.Header.Get(name), trailer); err != nil {
			return err
		}
	}

	return nil
}

func verifyChecksum(name string, sum hash.Hash, declared string, trailer http.Header) error {
	if declared == "" {
		declared = trailer.Get(name)
	}
	algorithm := strings.ToUpper(strings.TrimPrefix(name, checksumPrefix))
	digest, err := base64.StdEncoding.DecodeString(declared)
	if err != nil || len(digest) != sum.Size() {
		return invalidRequest("Value for " + strings.ToLower(name) + " header is invalid.")
	}
	if string(digest) != string(sum.Sum(nil)) {
		return badDigest(algorithm)
	}

	return nil
}

// headers returns the verified checksums as they are sent and stored.
func (s *sums) headers() map[string]string {
	headers := make(map[string]string, len(s.checksums))
	for name, sum := range s.checksums {
		headers[name] = base64.StdEncoding.EncodeToString(sum.Sum(nil))
	}

	return headers
}

// receive copies a request's body to w, decoded and verified. Whatever it returns an error for must not be stored.
func receive(r *http.Request, w io.Writer) (*sums, error) {
	s := newSums(r)
	body, trailer := io.Reader(r.Body), http.Header{}
	declared := r.ContentLength
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		var err error
		if declared, err = decodedLength(r.Header); err != nil {
			return nil, err
		}
		body = newChunked(r.Body, trailer)
	}

	target := &destination{Writer: w}
	if _, err := io.Copy(io.MultiWriter(target, s), body); err != nil {
		if target.failed {
			return nil, err
		}

		return nil, incompleteBody()
	}
	if declared >= 0 && s.size != declared {
		return nil, incompleteBody()
	}

	return s, s.verify(r, trailer)
}

func incompleteBody() error {
	return &refusal{
		http.StatusBadRequest, "IncompleteBody",
		"The request body terminated unexpectedly, or is not what its headers say.",
	}
}

// destination tells a failure to write, which is the server's, from one to read, which is the client's.
type destination struct {
	io.Writer

	failed bool
}

// Write writes to the destination.
func (d *destination) Write(p []byte) (int, error) {
	n, err := d.Writer.Write(p)
	d.failed = d.failed || err != nil

	return n, err
}
