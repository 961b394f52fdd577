package genesyssim

import (
	"cmp"
	"crypto/rand"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// entitiesSource says what entities are made of.
//
//go:embed entities.txt
var entitiesSource string

// model is what the entities of one kind are made of: their members, in the order in which they are written.
type model struct {
	kind   string
	fields []field
	states []string // of entities that follow one another, again and again
}

// field is one member of an entity.
type field struct {
	name   string
	write  part
	absent uint64 // missing in one of so many; 0: never
	when   string // always, expand: only where the query asks for it, open and ended: only in events that are so
}

// readModel is the model of a kind, that of any kind where it has none of its own.
func readModel(kind string) *model {
	models := readModels()
	read := *cmp.Or(models[kind], models["any"])
	read.kind = kind

	return &read
}

// readModels reads entities.txt, once.
var readModels = sync.OnceValue(func() map[string]*model { //nolint:gochecknoglobals // it never changes
	models, words := map[string]*model{}, map[string][]string{}
	for line := range strings.Lines(entitiesSource) {
		about, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, rest, _ := strings.Cut(rest, " ")
		switch {
		case about == "words":
			words[name] = readWords(rest)
		case about != "" && about != "#":
			when, template, _ := strings.Cut(rest, " ")
			when, rarity, sometimes := strings.Cut(when, "-1/")
			added := field{name: name, write: compile(`"`+name+`":`+template, words), when: when}
			if sometimes {
				added.absent = number(rarity)
			}
			if models[about] == nil {
				models[about] = &model{}
			}
			models[about].fields = append(models[about].fields, added)
		}
	}
	for _, m := range models {
		m.states = words["state"]
	}

	return models
})

// readWords reads an array of strings. Each is as it stands in a JSON string then, with no more escapes than JSON demands.
func readWords(array string) []string {
	var words []string
	if err := json.Unmarshal([]byte(array), &words); err != nil {
		panic(fmt.Sprintf("genesyssim: entities.txt: %v", err)) // the file is part of the program
	}
	for i, word := range words {
		quoted := marshal(word)
		words[i] = string(quoted[1 : len(quoted)-1])
	}

	return words
}

// expands returns the names of the members that have to be asked for.
func (m *model) expands() []string {
	var names []string
	for _, f := range m.fields {
		if f.when == "expand" {
			names = append(names, f.name)
		}
	}

	return names
}

// maker makes entities of a model, one after another. It is not for concurrent use.
type maker struct {
	seed uint64
	of   *model
	n    int    // the number of the entity that is being written
	draw uint64 // what the placeholders of a member, or of an element in it, choose by

	begin time.Time // of an event, and how long it takes
	span  time.Duration
	open  bool // it has not ended

	buf, spelled []byte
}

// has reports whether a member is in the entity.
func (m *maker) has(f field, asked []string) bool {
	switch {
	case f.absent > 0 && mix(m.draw)%f.absent == 0:
		return false
	case f.when == "expand":
		return slices.Contains(asked, f.name)
	case f.when == "open", f.when == "ended":
		return m.open == (f.when == "open")
	default:
		return true
	}
}

// entity makes the n-th entity, which is good until the next. Each member has a draw of its own, so an expand changes no other member.
func (m *maker) entity(n int, asked []string) []byte {
	m.buf, m.n = append(m.buf[:0], '{'), n
	for i, f := range m.of.fields {
		m.draw = mix(mix(m.seed^uint64(i)) + m.number())
		if !m.has(f, asked) {
			continue
		}
		if len(m.buf) > 1 {
			m.put(",")
		}
		f.write(m)
	}
	m.put("}")
	m.spelled = respell(m.spelled, m.buf, m.own()%10)

	return m.spelled
}

// own is a number that belongs to the entity, whatever the member.
func (m *maker) own() uint64 { return mix(m.seed ^ mix(m.number())) }

func (m *maker) number() uint64 { return uint64(m.n) } //nolint:gosec // it is not negative

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

// below is a time below most, which is positive.
func below(most time.Duration, draw uint64) time.Duration { return time.Duration(draw % uint64(most)) } //nolint:gosec // so is the rest
