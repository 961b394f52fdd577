package s3sim

import (
	"bufio"
	"crypto/md5" //nolint:gosec // what Content-MD5 has
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"strconv"
	"strings"
)

// The checksums of S3 that are here.
const (
	checksumPrefix = "X-Amz-Checksum-"
	crc32Header    = checksumPrefix + "Crc32"
	crc32cHeader   = checksumPrefix + "Crc32c"
	crc64Header    = checksumPrefix + "Crc64nvme"
	sha256Header   = checksumPrefix + "Sha256"
)

// newDigest returns the hash that a header or trailer holds in base64, or nil where it holds none.
func newDigest(header string) hash.Hash {
	const nvme = 0x9a6c9329ac4bc9b5 // reflected; from the NVM Express NVM command set specification

	switch header {
	case "Content-Md5":
		return md5.New() //nolint:gosec // as above
	case crc32Header:
		return crc32.NewIEEE()
	case crc32cHeader:
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case crc64Header:
		return crc64.New(crc64.MakeTable(nvme))
	case sha256Header:
		return sha256.New()
	}

	return nil
}

func encoded(digest hash.Hash) string { return base64.StdEncoding.EncodeToString(digest.Sum(nil)) }

// receive returns a request's body, decoded and verified, and the checksums that came with it.
func receive(r *http.Request) (body []byte, checksums map[string]string, err error) {
	length, digests := r.ContentLength, r.Header.Clone()
	source := bufio.NewReader(r.Body)
	chunked := strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-")
	if chunked {
		length = -1
		if decoded, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64); err == nil {
			length = decoded
		}
	}
	if trailer := r.Header.Get("X-Amz-Trailer"); trailer != "" && newDigest(http.CanonicalHeaderKey(trailer)) == nil {
		return nil, nil, notImplemented("the trailer " + trailer)
	}
	if length < 0 {
		return nil, nil, &refusal{http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header."}
	}

	if chunked {
		body, err = dechunked(source, digests)
	} else {
		body, err = io.ReadAll(source)
	}
	if err != nil || int64(len(body)) != length {
		return nil, nil, &refusal{
			http.StatusBadRequest, "IncompleteBody", "The request body terminated unexpectedly, or is not what its headers say.",
		}
	}

	checksums, err = verify(body, digests)

	return body, checksums, err
}

// dechunked reads a body in aws-chunked encoding, which is HTTP's: signatures, which are extensions of chunks, are not checked.
// The trailer that the request announces is added to its headers. Source: "Signature calculations: transferring a payload
// in multiple chunks" in the S3 API reference.
func dechunked(source *bufio.Reader, header http.Header) ([]byte, error) {
	body, err := io.ReadAll(httputil.NewChunkedReader(source))
	if err != nil {
		return nil, err
	}
	trailer, err := textproto.NewReader(source).ReadMIMEHeader()
	if name := header.Get("X-Amz-Trailer"); name != "" {
		header.Set(name, trailer.Get(name)) // empty where it did not come, which no digest is
	}

	return body, err
}

// verify compares a body with all digests of its headers, and returns those that are S3's checksums.
func verify(body []byte, header http.Header) (map[string]string, error) {
	checksums := make(map[string]string)
	for name := range header {
		digest := newDigest(name)
		if digest == nil {
			continue
		}
		_, _ = digest.Write(body)
		if header.Get(name) != encoded(digest) {
			return nil, &refusal{http.StatusBadRequest, "BadDigest", "The " + name + " you specified did not match what we received."}
		}
		if strings.HasPrefix(name, checksumPrefix) {
			checksums[name] = encoded(digest)
		}
	}

	return checksums, nil
}
