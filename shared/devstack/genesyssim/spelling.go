package genesyssim

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	smithyrand "github.com/aws/smithy-go/rand"
)

// respell appends JSON in another spelling of the same, so that a copy that decodes and encodes again is found out. Of ten, seven stay
// as they are, two escape what HTML and JavaScript would take amiss, and one escapes slashes and everything but ASCII.
func respell(dst, src []byte, spelling uint64) []byte {
	const asItIs, asASCII = 7, 9
	if spelling < asItIs {
		return append(dst, src...)
	}
	for len(src) > 0 {
		r, size := utf8.DecodeRune(src)
		markup := r == '<' || r == '>' || r == '&' || r == '\'' || r == '\u2028' || r == '\u2029'
		switch {
		case spelling == asASCII && r == '/':
			dst = append(dst, '\\', '/')
		case spelling == asASCII && r >= utf8.RuneSelf, spelling < asASCII && markup:
			for _, unit := range utf16.AppendRune(nil, r) {
				dst = fmt.Appendf(dst, `\u%04x`, unit)
			}
		default:
			dst = append(dst, src[:size]...)
		}
		src = src[size:]
	}

	return dst
}

// appendID appends the UUID of the n-th thing of a kind.
func appendID(dst []byte, seed uint64, kind string, n uint64) []byte {
	salt := seed
	for i := range len(kind) {
		salt = salt*31 + uint64(kind[i])
	}
	high := mix(salt ^ mix(n))
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], high)
	binary.BigEndian.PutUint64(b[8:], mix(high^seed))

	return append(dst, newUUID(bytes.NewReader(b[:]))...)
}

// newUUID returns the UUID of version 4 of 16 bytes of a source that does not fail.
func newUUID(source io.Reader) string {
	id, _ := smithyrand.NewUUID(source).GetUUID()

	return id
}

// mix is the finaliser of splitmix64: every bit of x touches every bit of the result, and no two x give the same.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb

	return x ^ x>>31
}
