package genesyssim

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// timeLayout is how the platform writes times.
const timeLayout = "2006-01-02T15:04:05.000Z"

// part writes a part of an entity.
type part func(*maker)

// compile reads a template of entities.txt. Its placeholders choose among these words.
func compile(template string, words map[string][]string) part {
	var parts []part
	for template != "" {
		literal, rest, _ := strings.Cut(template, "<")
		placeholder, after := cutOutside(rest, '>')
		parts = append(parts, func(m *maker) { m.put(literal) })
		if placeholder != "" {
			parts = append(parts, fill(placeholder, words))
		}
		template = after
	}

	return func(m *maker) {
		for _, write := range parts {
			write(m)
		}
	}
}

// cutOutside cuts text around the first mark that is in no placeholder.
func cutOutside(text string, mark byte) (before, after string) {
	depth := 0
	for i := range len(text) {
		switch {
		case text[i] == mark && depth == 0:
			return text[:i], text[i+1:]
		case text[i] == '<':
			depth++
		case text[i] == '>':
			depth--
		}
	}

	return text, ""
}

// fill is what a placeholder becomes.
func fill(placeholder string, words map[string][]string) part {
	verb, rest, _ := strings.Cut(placeholder, " ")
	first, second, _ := strings.Cut(rest, " ")
	switch verb {
	case "id":
		return id(first, second)
	case "n":
		return func(m *maker) { m.buf = strconv.AppendInt(m.buf, int64(m.n), 10) }
	case "state":
		return func(m *maker) { m.put(m.of.states[m.n%len(m.of.states)]) }
	case "own":
		return func(m *maker) { m.put(pick(words[first], m.own())) }
	case "nth":
		return func(m *maker) { m.put(words[first][m.n%len(words[first])]) }
	case "at", "ms":
		return event(verb, number(first))
	case "number":
		from, to := number(first), number(second)
		return func(m *maker) { m.buf = strconv.AppendUint(m.buf, from+m.draw%(to-from), 10) }
	case "one":
		return word(strings.Split(rest, "|"))
	case "rare":
		unusual, usual := cutOutside(second, '|')
		return rare(number(first), compile(unusual, words), compile(usual, words))
	case "repeat":
		most := number(first)
		return func(m *maker) { m.put(strings.Repeat(pick(words[second], m.draw), int(1+mix(m.draw)%most))) } //nolint:gosec // it is small
	case "list":
		return list(number(first), compile(second, words))
	case "time":
		return moment(timeLayout)
	case "date":
		return moment(time.DateOnly)
	default:
		return word(words[verb])
	}
}

func (m *maker) put(text string) { m.buf = append(m.buf, text...) }

// pick is the option that a draw chooses.
func pick(options []string, draw uint64) string { return options[draw%uint64(len(options))] }

// number reads a number of a template.
func number(digits string) uint64 {
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		panic(fmt.Sprintf("genesyssim: entities.txt: %v", err)) // the file is part of the program
	}

	return n
}

func word(options []string) part { return func(m *maker) { m.put(pick(options, m.draw)) } }

// event writes when so many percent of an event's time have passed, or for how long.
func event(verb string, percent uint64) part {
	return func(m *maker) {
		passed := m.span / 100 * time.Duration(percent) //nolint:gosec // it is small
		if verb == "at" {
			m.buf = m.begin.Add(passed).AppendFormat(m.buf, timeLayout)
		} else {
			m.buf = strconv.AppendInt(m.buf, passed.Milliseconds(), 10)
		}
	}
}

// id writes the UUID of the entity itself, or of one of count things of a kind; n is all with no higher number than the entity.
func id(kind, count string) part {
	things := uint64(0)
	if count != "" && count != "n" {
		things = number(count)
	}

	return func(m *maker) {
		thing := m.number()
		switch {
		case things > 0:
			thing = m.draw % things
		case count == "n":
			thing = m.draw % (thing + 1)
		}
		m.buf = appendID(m.buf, m.seed, cmp.Or(kind, m.of.kind), thing)
	}
}

// rare writes what is unusual in one entity of so many.
func rare(of uint64, unusual, usual part) part {
	return func(m *maker) {
		if mix(m.draw+1)%of == 0 {
			unusual(m)
		} else {
			usual(m)
		}
	}
}

// list writes an array of none to most elements, each with a draw of its own.
func list(most uint64, element part) part {
	return func(m *maker) {
		m.put("[")
		draw := m.draw
		for i := range draw % (most + 1) {
			if i > 0 {
				m.put(",")
			}
			m.draw = mix(draw + i)
			element(m)
		}
		m.draw = draw
		m.put("]")
	}
}

// moment writes a time of two years, in a layout of [time.Time.Format].
func moment(layout string) part {
	begin := time.Date(2023, time.January, 1, 0, 0, 0, 0, time.UTC)
	return func(m *maker) {
		m.buf = begin.Add(time.Duration(m.draw%(700*86_400_000))*time.Millisecond).AppendFormat(m.buf, layout)
	}
}
