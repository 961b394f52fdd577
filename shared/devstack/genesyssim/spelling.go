package genesyssim

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// respell writes JSON in another spelling of the same into buf, so that a copy that decodes and encodes again is found out. Of ten, seven
// stay as they are, two escape what HTML and JavaScript would take amiss, and one escapes slashes and everything but ASCII.
func respell(buf, src []byte, spelling uint64) []byte {
	const asItIs, asASCII = 7, 9
	if spelling < asItIs {
		return append(buf[:0], src...)
	}
	buf = buf[:0]
	for _, r := range string(src) {
		markup := r == '<' || r == '>' || r == '&' || r == '\'' || r == '\u2028' || r == '\u2029'
		switch {
		case spelling == asASCII && r == '/':
			buf = append(buf, '\\', '/')
		case spelling == asASCII && r >= utf8.RuneSelf, spelling < asASCII && markup:
			for _, unit := range utf16.AppendRune(nil, r) {
				buf = fmt.Appendf(buf, `\u%04x`, unit)
			}
		default:
			buf = utf8.AppendRune(buf, r)
		}
	}

	return buf
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

	return appendUUID(dst, b)
}

// newUUID returns a random UUID.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // which does not fail

	return string(appendUUID(nil, b))
}

// appendUUID appends the UUID of version 4 of 16 bytes.
func appendUUID(dst []byte, b [16]byte) []byte {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	dst = hex.AppendEncode(dst, b[:4])
	for at := 4; at < 10; at += 2 {
		dst = hex.AppendEncode(append(dst, '-'), b[at:at+2])
	}

	return hex.AppendEncode(append(dst, '-'), b[10:])
}

// mix is the finaliser of splitmix64: every bit of x touches every bit of the result, and no two x give the same.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb

	return x ^ x>>31
}
