package genesys

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"genesys-cloud-export/shared/export"

	"github.com/go-json-experiment/json/jsontext"
)

// maxPageBytes bounds one page, as sent and uncompressed. 500 users with every expand take about 3 MB; three pages in
// flight have to fit into the smallest function.
const maxPageBytes = 12 << 20

// maxEntities bounds the entities of one page, each of which costs 16 bytes beside the body. The API's pages have 1,000 at most.
const maxEntities = 100_000

// pageError is a body that is not what the API promises; its text quotes nothing of the body.
type pageError struct{ what string }

func (e pageError) Error() string { return e.what }

// readPage makes a page of the body that is in its memory: the entities become its lines, and what is said about the pages around it
// is returned. Duplicate names pass inside entities, and are refused among the page's fields: which one counts is a guess.
//
// An unpaired surrogate escape is written as \ufffd and counted: it is found in the wild, and would end every export for
// ever. Invalid UTF-8 is damage.
//
// A body that ends too early is io.ErrUnexpectedEOF; one that is wrong is a pageError.
func readPage(page *export.Page, entities string, paging Paging) (around, error) {
	body := page.Lines
	page.Reset()

	// Invalid UTF-8 is looked for here, as the decoder would refuse unpaired surrogates with it.
	decoder := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	reader := pageReader{decoder: decoder, page: page, list: entities, paging: paging, seen: make(map[string]bool)}

	if err := reader.object(); err != nil {
		return around{}, err
	}

	if !reader.seen[entities] {
		reader.around.errored = reader.seen["code"] || reader.seen["message"]

		return reader.around, errNoEntities
	}

	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		if err == nil {
			return around{}, pageError{"something follows the JSON object"}
		}

		return around{}, classify(err)
	}

	reader.write(body)

	return reader.around, nil
}

// errNoEntities: the body is whole, and no page.
var errNoEntities = pageError{"it has no entities"}

type pageReader struct {
	decoder *jsontext.Decoder
	page    *export.Page
	list    string // the name of the list of entities
	paging  Paging
	seen    map[string]bool
	found   []extent // the entities
	around  around
}

// extent is where an entity lies in the body.
type extent struct{ from, to int64 }

func (r *pageReader) object() error {
	start, err := r.decoder.ReadToken()
	if err != nil {
		return classify(err)
	}

	if start.Kind() != '{' {
		return pageError{"it is not a JSON object"}
	}

	for {
		token, err := r.decoder.ReadToken()
		if err != nil {
			return classify(err)
		}

		if token.Kind() == '}' {
			return nil
		}

		if err := r.field(token.String()); err != nil {
			return err
		}
	}
}

func (r *pageReader) field(name string) error {
	read, again := r.reader(name), r.seen[name]
	r.seen[name] = true

	switch {
	case read == nil:
		return classify(r.decoder.SkipValue())
	case again:
		return pageError{name + " stands twice"}
	default:
		return read()
	}
}

// reader reads the field of that name; nil: nothing is asked of it. What another kind of paging has is as good as any other field.
func (r *pageReader) reader(name string) func() error {
	text := func(to *string) func() error { return func() error { return r.text(name, to) } }
	value := func(to any, wrong string) func() error { return func() error { return r.value(to, name+wrong) } }
	number := func(to **int64) func() error { return value(to, " is not a whole number") }

	switch counted := r.paging.counted(); {
	case name == r.list:
		return r.entities
	case name == "nextUri":
		return text(&r.around.nextURI)
	case name == "nextPageUri":
		return text(&r.around.nextPageURI)
	case name == "cursor":
		return text(&r.around.cursor)
	case name == "cursors" && r.paging == ByScan:
		return value(&r.around.scan, " is not an object of texts")
	case name == "total" && counted:
		return number(&r.around.total)
	case name == "pageNumber" && counted:
		return number(&r.around.pageNumber)
	case name == "pageCount" && counted:
		return number(&r.around.pageCount)
	default:
		return nil
	}
}

// value reads a value into what a pointer leads to. A null leaves that as it is: the vendor's gateway writes it for what is absent.
func (r *pageReader) value(into any, wrong string) error {
	value, err := r.decoder.ReadValue()
	if err != nil {
		return classify(err)
	}

	if json.Unmarshal(value, into) != nil {
		return pageError{wrong}
	}

	return nil
}

// text reads a string, or null, which the vendor's gateway writes for an absent one.
func (r *pageReader) text(name string, to *string) error {
	token, err := r.decoder.ReadToken()
	if err != nil {
		return classify(err)
	}

	switch token.Kind() {
	case '"':
		*to = token.String()
		if strings.ContainsRune(*to, utf8.RuneError) {
			return pageError{name + " is not valid text"}
		}

		return nil
	case 'n':
		return nil
	default:
		return pageError{name + " is not a string"}
	}
}

func (r *pageReader) entities() error {
	start, err := r.decoder.ReadToken()
	if err != nil {
		return classify(err)
	}

	if start.Kind() != '[' {
		return pageError{"entities is not an array"}
	}

	for r.decoder.PeekKind() != ']' {
		if err := r.entity(); err != nil {
			return err
		}
	}

	_, err = r.decoder.ReadToken()

	return classify(err)
}

func (r *pageReader) entity() error {
	number := r.page.Records + 1

	value, err := r.decoder.ReadValue()
	if err = classify(err); err != nil {
		if wrong, ok := errors.AsType[pageError](err); ok {
			return pageError{fmt.Sprintf("in entity %d, %s", number, wrong.what)}
		}

		return err
	}

	switch {
	case value.Kind() != '{':
		return pageError{fmt.Sprintf("entity %d is not an object", number)}
	case !utf8.Valid(value):
		return pageError{fmt.Sprintf("entity %d is not valid UTF-8", number)}
	}

	if number > maxEntities {
		return pageError{fmt.Sprintf("it has more than %d entities", maxEntities)}
	}

	to := r.decoder.InputOffset()
	r.found = append(r.found, extent{to - int64(len(value)), to})
	r.page.Records = number

	return nil
}

// write writes each entity as a line over the body, of which nothing else is needed any more: no line is longer than what it is made of.
func (r *pageReader) write(body []byte) {
	for n, entity := range r.found {
		from := len(r.page.Lines)
		r.page.Lines = appendCompact(r.page.Lines, body[entity.from:entity.to])

		if replaced := replaceUnpaired(r.page.Lines[from:]); replaced > 0 {
			r.page.Replaced += replaced
			r.page.ReplacedIn = cmp.Or(r.page.ReplacedIn, n+1)
		}

		r.page.Lines = append(r.page.Lines, '\n')
	}
}

// classify says what the decoder found wrong, whose own text may quote the body.
func classify(err error) error {
	if err == nil {
		return nil
	}

	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return pageError{fmt.Sprintf("it is not valid JSON (at byte %d)", syntax.ByteOffset)}
	}

	return err
}
