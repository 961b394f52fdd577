package genesys

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf16"
)

// appendCompact appends valid JSON without the white space outside of its strings, and every other byte as it is.
func appendCompact(to, value []byte) []byte {
	inString, escaped, from := false, false, 0

	for i, c := range value {
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped = c == '\\'
			inString = c != '"'
		case c == '"':
			inString = true
		case c == ' ', c == '\n', c == '\r', c == '\t':
			to = append(to, value[from:i]...)
			from = i + 1
		}
	}

	return append(to, value[from:]...)
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

// codeUnit is the UTF-16 code unit whose escape text begins with, and -1 where it begins with none.
func codeUnit(text []byte) rune {
	if len(text) < escapeBytes || text[0] != '\\' || text[1] != 'u' {
		return -1
	}

	unit, _ := strconv.ParseUint(string(text[2:escapeBytes]), 16, 16) // the JSON is valid, so these are four digits

	return rune(unit)
}
