package genesyssim

import (
	"strconv"
	"unicode/utf8"
)

// escaping is how a user's strings are written. All three mean the same to a JSON reader and differ in their bytes, so
// a copy that decodes and encodes again is found out.
type escaping int

const (
	escapeLittle escaping = iota // what RFC 8259 demands, no more: <>& and U+2028 stand as they are
	escapeMarkup                 // <, >, &, ', U+2028 and U+2029 as \u…, as servers afraid of HTML write
	escapeAll                    // everything but ASCII as \u…, pairs of surrogates included, and / as \/
)

// entityWriter appends JSON. It puts commas itself: after anything but an opening bracket or a colon.
type entityWriter struct {
	buf   []byte
	style escaping
}

func (w *entityWriter) separate() {
	if n := len(w.buf); n > 0 {
		switch w.buf[n-1] {
		case '{', '[', ':', ',':
		default:
			w.buf = append(w.buf, ',')
		}
	}
}

func (w *entityWriter) open(bracket byte) {
	w.separate()
	w.buf = append(w.buf, bracket)
}

func (w *entityWriter) close(bracket byte) { w.buf = append(w.buf, bracket) }

func (w *entityWriter) name(name string) {
	w.separate()
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '"', ':')
}

// object and array write a member's opening.
func (w *entityWriter) object(name string) { w.name(name); w.open('{') }
func (w *entityWriter) array(name string)  { w.name(name); w.open('[') }

// raw writes a member whose value is JSON already.
func (w *entityWriter) raw(name, value string) {
	w.name(name)
	w.buf = append(w.buf, value...)
}

func (w *entityWriter) number(name string, value int64) {
	w.name(name)
	w.buf = strconv.AppendInt(w.buf, value, 10)
}

func (w *entityWriter) boolean(name string, value bool) {
	w.name(name)
	w.buf = strconv.AppendBool(w.buf, value)
}

// text writes a string member in the entity's style of escaping.
func (w *entityWriter) text(name, value string) {
	w.name(name)
	w.buf = appendJSONString(w.buf, value, w.style)
}

// element writes a string of an array.
func (w *entityWriter) element(value string) {
	w.separate()
	w.buf = appendJSONString(w.buf, value, w.style)
}

// appendJSONString appends value in quotes. value must be valid UTF-8.
func appendJSONString(dst []byte, value string, style escaping) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(value); {
		if c := value[i]; c < utf8.RuneSelf {
			dst = appendJSONByte(dst, c, style)
			i++

			continue
		}
		r, size := utf8.DecodeRuneInString(value[i:])
		switch {
		case style == escapeAll, style == escapeMarkup && (r == '\u2028' || r == '\u2029'):
			dst = appendEscapedRune(dst, r)
		default:
			dst = append(dst, value[i:i+size]...)
		}
		i += size
	}

	return append(dst, '"')
}

func appendJSONByte(dst []byte, c byte, style escaping) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\t':
		return append(dst, '\\', 't')
	case '<', '>', '&', '\'':
		if style == escapeMarkup {
			return appendEscapedUnit(dst, uint16(c))
		}
	case '/':
		if style == escapeAll {
			return append(dst, '\\', '/')
		}
	default:
		if c < ' ' {
			return appendEscapedUnit(dst, uint16(c))
		}
	}

	return append(dst, c)
}

// appendEscapedRune appends a rune as one or two \u escapes.
func appendEscapedRune(dst []byte, r rune) []byte {
	const firstAstral = 0x10000
	if r < firstAstral {
		return appendEscapedUnit(dst, uint16(r)) //nolint:gosec // under 0x10000
	}
	r -= firstAstral
	dst = appendEscapedUnit(dst, uint16(0xd800+r>>10)) //nolint:gosec // a high surrogate by construction

	return appendEscapedUnit(dst, uint16(0xdc00+r&0x3ff))
}

func appendEscapedUnit(dst []byte, unit uint16) []byte {
	const digits = "0123456789abcdef"

	return append(dst, '\\', 'u', digits[unit>>12], digits[unit>>8&0xf], digits[unit>>4&0xf], digits[unit&0xf])
}
