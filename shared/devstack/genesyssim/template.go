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

// write writes a template of entities.txt.
func (m *maker) write(template string) {
	for template != "" {
		literal, rest, _ := strings.Cut(template, "<")
		m.put(literal)
		placeholder, after := cutOutside(rest, '>')
		if placeholder != "" {
			m.fill(placeholder)
		}
		template = after
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

// fill writes what a placeholder becomes.
func (m *maker) fill(placeholder string) {
	verb, rest, _ := strings.Cut(placeholder, " ")
	first, second, _ := strings.Cut(rest, " ")
	switch verb {
	case "id":
		m.id(first, second)
	case "n":
		m.put(strconv.Itoa(m.n))
	case "state":
		m.put(m.of.states[m.n%len(m.of.states)])
	case "own":
		m.put(pick(m.of.words[first], m.own()))
	case "nth":
		m.put(m.of.words[first][m.n%len(m.of.words[first])])
	case "at":
		m.buf = m.begin.Add(m.part(first)).AppendFormat(m.buf, timeLayout)
	case "ms":
		m.buf = strconv.AppendInt(m.buf, m.part(first).Milliseconds(), 10)
	case "number":
		from := number(first)
		m.buf = strconv.AppendUint(m.buf, from+m.draw%(number(second)-from), 10)
	case "one":
		m.put(pick(strings.Split(rest, "|"), m.draw))
	case "rare":
		unusual, usual := cutOutside(second, '|')
		if mix(m.draw+1)%number(first) == 0 {
			usual = unusual
		}
		m.write(usual)
	case "repeat":
		m.put(strings.Repeat(pick(m.of.words[second], m.draw), int(1+mix(m.draw)%number(first)))) //nolint:gosec // it is small
	case "list":
		m.list(number(first), second)
	case "time":
		m.time(timeLayout)
	case "date":
		m.time(time.DateOnly)
	default:
		m.put(pick(m.of.words[verb], m.draw))
	}
}

// part is so many percent of the time that an event takes.
func (m *maker) part(percent string) time.Duration {
	return m.span / 100 * time.Duration(number(percent)) //nolint:gosec // it is small
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

// id writes the UUID of the entity itself, or of one of count things of a kind; n is all with no higher number than the entity.
func (m *maker) id(kind, count string) {
	thing := uint64(m.n) //nolint:gosec // it is not negative
	switch count {
	case "":
	case "n":
		thing = m.draw % (thing + 1)
	default:
		thing = m.draw % number(count)
	}
	m.buf = appendID(m.buf, m.seed, cmp.Or(kind, m.of.kind), thing)
}

// list writes an array of none to most elements, each with a draw of its own.
func (m *maker) list(most uint64, element string) {
	m.put("[")
	draw := m.draw
	for i := range draw % (most + 1) {
		if i > 0 {
			m.put(",")
		}
		m.draw = mix(draw + i)
		m.write(element)
	}
	m.draw = draw
	m.put("]")
}

// time writes a time of two years, in a layout of [time.Time.Format].
func (m *maker) time(layout string) {
	begin := time.Date(2023, time.January, 1, 0, 0, 0, 0, time.UTC)
	m.buf = begin.Add(time.Duration(m.draw%(700*86_400_000))*time.Millisecond).AppendFormat(m.buf, layout)
}
