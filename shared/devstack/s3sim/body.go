package s3sim

import (
	"crypto/md5" //nolint:gosec // what Content-MD5 has
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strings"
)

// The checksums of S3 that are here.
const (
	checksumPrefix = "X-Amz-Checksum-"
	crc32Header    = checksumPrefix + "Crc32"
	crc64Header    = checksumPrefix + "Crc64nvme"
	sha256Header   = checksumPrefix + "Sha256"
)

// digestOf returns the value of a header for a body, and "" where the header has no digest.
func digestOf(header string, body []byte) string {
	const nvme = 0x9a6c9329ac4bc9b5 // reflected; from the NVM Express NVM command set specification

	var digest hash.Hash
	switch header {
	case "Content-Md5":
		digest = md5.New() //nolint:gosec // as above
	case crc32Header:
		digest = crc32.NewIEEE()
	case crc64Header:
		digest = crc64.New(crc64.MakeTable(nvme))
	case sha256Header:
		digest = sha256.New()
	default:
		return ""
	}
	_, _ = digest.Write(body)

	return base64.StdEncoding.EncodeToString(digest.Sum(nil))
}

// receive returns a request's body, whole and verified, and S3's checksums that came with it.
func receive(r *http.Request) (body []byte, checksums map[string]string, err error) {
	if r.ContentLength < 0 {
		return nil, nil, refuse(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	body, err = io.ReadAll(r.Body)
	if err != nil || int64(len(body)) != r.ContentLength {
		return nil, nil, refuse(http.StatusBadRequest, "IncompleteBody", "The request body terminated unexpectedly.")
	}

	checksums = make(map[string]string)
	for name := range r.Header {
		digest := digestOf(name, body)
		if digest == "" {
			continue
		}
		if r.Header.Get(name) != digest {
			return nil, nil, refuse(http.StatusBadRequest, "BadDigest", "The "+name+" you specified did not match what we received.")
		}
		if strings.HasPrefix(name, checksumPrefix) {
			checksums[name] = digest
		}
	}

	return body, checksums, nil
}
