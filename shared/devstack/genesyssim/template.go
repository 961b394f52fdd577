package genesyssim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// value writes a template of entities.txt.
type value func(*maker)

// vocabulary is the words of entities.txt, each as it stands in a JSON string.
type vocabulary map[string][]string

// add adds words from an array in JSON, with no more escapes than JSON demands.
func (v vocabulary) add(name, array string) {
	var words []string
	if err := json.Unmarshal([]byte(array), &words); err != nil {
		panic(fmt.Sprintf("genesyssim: words %s: %v", name, err)) // the file is part of the program
	}
	for _, word := range words {
		quoted, _ := jsontext.AppendQuote(nil, word) // it is valid UTF-8, as JSON is
		v[name] = append(v[name], string(quoted[1:len(quoted)-1]))
	}
}

// compile returns what writes a template.
func (v vocabulary) compile(template string) value {
	literal, rest, found := strings.Cut(template, "<")
	if !found {
		return func(m *maker) { m.put(literal) }
	}
	placeholder, rest, _ := cutOutside(rest, '>')
	inner, after := v.placeholder(placeholder), v.compile(rest)

	return func(m *maker) {
		m.put(literal)
		inner(m)
		after(m)
	}
}

// cutOutside cuts text around the first mark that is in no placeholder.
func cutOutside(text string, mark byte) (before, after string, found bool) {
	depth := 0
	for i := range len(text) {
		switch {
		case text[i] == mark && depth == 0:
			return text[:i], text[i+1:], true
		case text[i] == '<':
			depth++
		case text[i] == '>':
			depth--
		}
	}

	return text, "", false
}

// placeholder returns what writes the placeholder with this text.
func (v vocabulary) placeholder(text string) value {
	verb, rest, _ := strings.Cut(text, " ")
	first, second, _ := strings.Cut(rest, " ")
	switch verb {
	case "id":
		return idOf(first, second)
	case "n":
		return func(m *maker) { m.buf = strconv.AppendInt(m.buf, int64(m.n), 10) }
	case "state":
		return func(m *maker) { m.put(stateOf(m.n)) }
	case "own":
		words := v[first]

		return func(m *maker) { m.put(words[m.own()%uint64(len(words))]) }
	case "number":
		from, below := number(first), number(second)

		return func(m *maker) { m.buf = strconv.AppendUint(m.buf, from+m.draw%(below-from), 10) }
	case "one":
		options := strings.Split(rest, "|")

		return func(m *maker) { m.put(m.pick(options)) }
	case "rare":
		return v.rare(number(first), second)
	case "repeat":
		most, words := number(first), v[second]

		return func(m *maker) { m.put(strings.Repeat(m.pick(words), 1+int(mix(m.draw)%most))) } //nolint:gosec // most is small
	case "list":
		return list(number(first), v.compile(second))
	case "time":
		return instant("2006-01-02T15:04:05.000Z")
	case "date":
		return instant(time.DateOnly)
	default:
		words := v[verb]

		return func(m *maker) { m.put(m.pick(words)) }
	}
}

// number reads a number of a template.
func number(digits string) uint64 {
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		panic(fmt.Sprintf("genesyssim: entities.txt: %v", err)) // the file is part of the program
	}

	return n
}

// pick is the option that the member's draw chooses.
func (m *maker) pick(options []string) string { return options[m.draw%uint64(len(options))] }

// idOf is the UUID of one of count things of a kind; of the entity itself where there is no kind, and of one that has no
// higher number where count is n.
func idOf(kind, count string) value {
	switch {
	case kind == "":
		return func(m *maker) { m.buf = appendID(m.buf, m.seed, m.kind, uint64(m.n)) }
	case count == "n":
		return func(m *maker) { m.buf = appendID(m.buf, m.seed, kind, m.draw%uint64(m.n+1)) }
	default:
		things := number(count)

		return func(m *maker) { m.buf = appendID(m.buf, m.seed, kind, m.draw%things) }
	}
}

// rare is the first option in one entity of so many, else the second.
func (v vocabulary) rare(every uint64, options string) value {
	unusual, usual, _ := cutOutside(options, '|')
	first, second := v.compile(unusual), v.compile(usual)

	return func(m *maker) {
		if mix(m.draw+1)%every == 0 {
			first(m)
		} else {
			second(m)
		}
	}
}

// list is an array of none to most elements, each with a draw of its own.
func list(most uint64, element value) value {
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

// instant is a time of two years, in a layout of [time.Time.Format].
func instant(layout string) value {
	begin := time.Date(2023, time.January, 1, 0, 0, 0, 0, time.UTC)

	return func(m *maker) {
		at := begin.Add(time.Duration(m.draw%(700*86_400_000)) * time.Millisecond) //nolint:gosec // it is small
		m.buf = at.AppendFormat(m.buf, layout)
	}
}
