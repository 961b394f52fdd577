package genesyssim

import (
	"strconv"
	"time"
)

// raw is one of several JSON texts.
func raw(forms ...string) value {
	return func(m *maker) { m.buf = append(m.buf, forms[m.dice.IntN(len(forms))]...) }
}

// text is one of several strings.
func text(words ...string) value { return raw(quoteAll(words)...) }

// nth is the string, or with nthRaw the JSON text, that belongs to the thing's number.
func nth(words []string) value { return nthRaw(quoteAll(words)...) }

func nthRaw(forms ...string) value {
	return func(m *maker) { m.buf = append(m.buf, forms[m.n%len(forms)]...) }
}

// number is a whole number from from, under below.
func number(from, below int64) value {
	return func(m *maker) { m.buf = strconv.AppendInt(m.buf, from+m.dice.Int64N(below-from), 10) }
}

// instant is a time of two years, in a layout of [time.Time.Format].
func instant(layout string) value {
	begin := time.Date(2023, time.January, 1, 0, 0, 0, 0, time.UTC)

	return func(m *maker) {
		at := begin.Add(time.Duration(m.dice.IntN(700*86_400_000)) * time.Millisecond)
		m.buf = append(at.AppendFormat(append(m.buf, '"'), layout), '"')
	}
}

// rarely is one value in one of so many entities, and usually another.
func rarely(every int, unusual, usual value) value {
	return func(m *maker) {
		if m.dice.IntN(every) == 0 {
			unusual(m)
		} else {
			usual(m)
		}
	}
}

// repeated is a string of 1 to most times the same phrase.
func repeated(most int, phrases []string) value {
	quoted := quoteAll(phrases)

	return func(m *maker) {
		phrase := quoted[m.dice.IntN(len(quoted))]
		m.buf = append(m.buf, '"')
		for range 1 + m.dice.IntN(most) {
			m.buf = append(append(m.buf, phrase[1:len(phrase)-1]...), '\\', 'n')
		}
		m.buf = append(m.buf, '"')
	}
}

// joined is a string of parts, which need no escape and are written without quotes.
func joined(parts ...value) value {
	return func(m *maker) {
		m.buf = append(m.buf, '"')
		for _, part := range parts {
			part(m)
		}
		m.buf = append(m.buf, '"')
	}
}

// ownID and ownNumber are parts of [joined]: the thing's UUID and its number.
func ownID(m *maker)     { m.buf = appendID(m.buf, m.seed, m.kind, m.n) }
func ownNumber(m *maker) { m.buf = strconv.AppendInt(m.buf, int64(m.n), 10) }

// id and selfURI are the members that nearly everything has.
func id() field                     { return field{name: "id", value: joined(ownID)} }
func selfURI(prefix string) field   { return field{name: "selfUri", value: joined(raw(prefix), ownID)} }
func name(words []string) field     { return field{name: "name", value: nth(words)} }
func is(name string, v value) field { return field{name: name, value: v} }

// expanded is a member that has to be asked for.
func expanded(name string, v value) field { return field{name: name, value: v, expand: true} }

// maybe is a member that is missing in one of so many.
func maybe(name string, absent int, v value) field {
	return field{name: name, value: v, absent: absent}
}

func object(fields ...field) value {
	return func(m *maker) {
		m.buf = append(m.buf, '{')
		for _, f := range fields {
			m.member(f)
		}
		m.buf = append(m.buf, '}')
	}
}

// about is an object about one of count things of another kind.
func about(kind string, count int, fields ...field) value {
	return theThing(kind, func(m *maker) int { return m.dice.IntN(count) }, fields...)
}

// theThing is an object about the thing of a kind whose number which says.
func theThing(kind string, which func(*maker) int, fields ...field) value {
	written := object(fields...)

	return func(m *maker) {
		outerKind, outer := m.kind, m.n
		m.kind, m.n = kind, which(m)
		written(m)
		m.kind, m.n = outerKind, outer
	}
}

// only is an array of one element.
func only(element value) value {
	return func(m *maker) {
		m.buf = append(m.buf, '[')
		element(m)
		m.buf = append(m.buf, ']')
	}
}

// list is an array of none to most elements.
func list(most int, element value) value {
	return func(m *maker) {
		m.buf = append(m.buf, '[')
		for i := range m.dice.IntN(most + 1) {
			if i > 0 {
				m.buf = append(m.buf, ',')
			}
			element(m)
		}
		m.buf = append(m.buf, ']')
	}
}
