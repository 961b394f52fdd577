package genesys

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// appendCompact appends valid JSON without the white space outside of its strings, and every other byte as it is.
func appendCompact(to, value []byte) []byte {
	if !maySpace(value) {
		return append(to, value...)
	}

	for {
		dense := denseLength(value)

		to = append(to, value[:dense]...)
		if value = value[dense:]; len(value) == 0 {
			return to
		}

		value = value[1:] // the white space
	}
}

// maySpace reports whether valid JSON may have white space outside of its strings. Most values have none, and this looks at
// them faster than [denseLength]. White space there stands beside punctuation; in strings a space may as well.
func maySpace(value []byte) bool {
	for _, control := range []byte("\n\r\t") { // no string has one
		if bytes.IndexByte(value, control) >= 0 {
			return true
		}
	}

	const punctuation = "{}[]:,"

	for at := 1; at < len(value)-1; at++ {
		next := bytes.IndexByte(value[at:len(value)-1], ' ')
		if next < 0 {
			return false
		}

		at += next
		if strings.IndexByte(punctuation, value[at-1]) >= 0 || strings.IndexByte(punctuation, value[at+1]) >= 0 {
			return true
		}
	}

	return false
}

// denseLength is how many bytes of valid JSON come before white space that is outside of its strings.
func denseLength(value []byte) int {
	for at := 0; at < len(value); at++ {
		switch c := value[at]; {
		case c == '"':
			at += stringLength(value[at:]) - 1
		case c <= ' ':
			return at
		}
	}

	return len(value)
}

// stringLength is the length of the string that text begins with, its quotes included.
func stringLength(text []byte) int {
	for at := 1; ; at++ {
		at += bytes.IndexByte(text[at:], '"')

		before := at
		for text[before-1] == '\\' {
			before--
		}

		if (at-before)%2 == 0 { // else the quote is escaped
			return at + 1
		}
	}
}

// escapeBytes is the length of \uXXXX.
const escapeBytes = 6

// replaceUnpaired writes \ufffd for every escape of a surrogate that has no other half, and returns how many there were.
// line is valid JSON on one line, so that a backslash is the beginning of an escape.
func replaceUnpaired(line []byte) (replaced int) {
	for {
		next := bytes.IndexByte(line, '\\')
		if next < 0 {
			return replaced
		}

		line = line[next:]

		switch first := codeUnit(line); {
		case line[1] != 'u':
			line = line[2:]
		case !utf16.IsSurrogate(first):
			line = line[escapeBytes:]
		case utf16.DecodeRune(first, codeUnit(line[escapeBytes:])) != unicode.ReplacementChar:
			line = line[2*escapeBytes:]
		default:
			replaced++
			line = line[copy(line, `\ufffd`):]
		}
	}
}

// codeUnit is the UTF-16 code unit whose escape text begins with, and -1 where it begins with none or with one that is no surrogate, as
// it does not begin with d.
func codeUnit(text []byte) rune {
	if len(text) < escapeBytes || text[0] != '\\' || text[1] != 'u' || text[2] != 'd' && text[2] != 'D' {
		return -1
	}

	unit, _ := strconv.ParseUint(string(text[2:escapeBytes]), 16, 16) // the JSON is valid, so these are four digits

	return rune(unit)
}
