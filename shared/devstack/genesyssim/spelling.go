package genesyssim

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

func quoteAll(words []string) []string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quote(word)
	}

	return quoted
}

// quote returns a string as JSON with no more escapes than RFC 8259 demands. It must be valid UTF-8.
func quote(word string) string {
	quoted, err := jsontext.AppendQuote(nil, word)
	if err != nil {
		panic(fmt.Sprintf("genesyssim: quote a string: %v", err))
	}

	return string(quoted)
}

// respell appends JSON in one of the spellings that servers have, which mean the same to a JSON reader and differ in their
// bytes: a copy that decodes and encodes again is found out. Of ten, seven stay as they are, two escape what HTML and
// JavaScript would take amiss, and one escapes slashes and everything but ASCII, pairs of surrogates included.
func respell(dst, src []byte, spelling int) []byte {
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
				dst = append(dst, '\\', 'u', hexDigits[unit>>12], hexDigits[unit>>8&0xf], hexDigits[unit>>4&0xf], hexDigits[unit&0xf])
			}
		default:
			dst = append(dst, src[:size]...)
		}
		src = src[size:]
	}

	return dst
}

const hexDigits = "0123456789abcdef"

// appendID appends the UUID of the n-th thing of a kind.
func appendID(dst []byte, seed uint64, kind string, n int) []byte {
	salt := seed
	for i := range len(kind) {
		salt = salt*31 + uint64(kind[i])
	}
	high := mix(salt ^ mix(uint64(n))) //nolint:gosec // a number of a thing is never negative
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], high)
	binary.BigEndian.PutUint64(b[8:], mix(high^seed))

	return appendUUID(dst, b)
}

// appendUUID appends b as a UUID of version 4 (RFC 9562).
func appendUUID(dst []byte, b [16]byte) []byte {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	for i, octet := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[octet>>4], hexDigits[octet&0x0f])
	}

	return dst
}

// mix is the finaliser of splitmix64: every bit of x touches every bit of the result, and no two x give the same.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb

	return x ^ x>>31
}
