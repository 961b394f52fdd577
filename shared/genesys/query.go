package genesys

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"genesys-cloud-export/shared/charset"
	"genesys-cloud-export/shared/export"

	"github.com/klauspost/compress/gzip"
)

// The members of every query.
const (
	methodField   = "method"
	pageSizeField = "page_size"
)

const (
	// maxName is longer than every name that the API knows, in bytes.
	maxName = 60
	// maxNames is more than the names that the API knows for any option; the query stands in every link and document.
	maxNames = 50
)

// Option is a field of an event, and a parameter of the API. Its default is shown and sent: the vendor does not decide.
type Option struct {
	Name      string // of the field: "sort_order"
	Parameter string // of the API: "sortOrder"
	// Choices are its possible texts, the API's default first. Without any it is a set of the API's names, empty by default.
	Choices []string
}

func (o Option) isSet() bool { return len(o.Choices) == 0 }

// defaults are the values that the API assumes.
func (o Option) defaults() []string {
	if o.isSet() {
		return nil
	}

	return o.Choices[:1]
}

// value is what values are in JSON.
func (o Option) value(values []string) any {
	if o.isSet() {
		return append([]string{}, values...)
	}

	return values[0]
}

// rule is what a value has to be.
func (o Option) rule() string {
	if o.isSet() {
		return fmt.Sprintf(`an array of at most %d of the API's names, such as ["groups","skills"]`, maxNames)
	}

	return "a string: one of " + strings.Join(o.Choices, ", ")
}

// read returns the values that a field names, in canonical order, or reports that it breaks the rule.
func (o Option) read(raw json.RawMessage) (values []string, ok bool) {
	if !o.isSet() {
		return []string{jsonText(raw)}, slices.Contains(o.Choices, jsonText(raw))
	}
	if raw[0] != '[' || json.Unmarshal(raw, &values) != nil || len(values) > maxNames || slices.ContainsFunc(values, isNoName) {
		return nil, false
	}

	slices.Sort(values)

	return slices.Compact(values), true
}

func isNoName(text string) bool {
	return len(text) > maxName || !charset.Each(text, ".", charset.Alphanumeric, "") || !charset.Only(text[:1], charset.Letters)
}

// jsonText is the string that raw is, and "" where it is none.
func jsonText(raw json.RawMessage) (text string) {
	_ = json.Unmarshal(raw, &text)
	return text
}

// pages are what a query asks of a listing. They implement [export.Pages].
type pages struct {
	definition Definition
	client     Client

	method   string
	pageSize int
	values   map[string][]string // of the options, by name

	job      string       // whose results these are; "": of none
	rejected *bool        // whether the API rejected the token of the last request; jobs and their results share it
	inflater *gzip.Reader // of replies, of which one is read at a time
}

// pages are those of the listing's default query.
func (l *Listing) pages(pageSize int) *pages {
	p := &pages{
		definition: l.definition, client: l.client,
		method: cmp.Or(l.definition.Method, http.MethodGet), pageSize: pageSize, values: make(map[string][]string), rejected: new(bool), inflater: new(gzip.Reader),
	}

	for _, option := range l.definition.Options {
		p.values[option.Name] = option.defaults()
	}

	return p
}

// set changes a member of the query. It reports whether the listing knows it, and takes that value.
func (p *pages) set(name string, raw json.RawMessage) bool {
	if name == methodField && p.definition.Method != "" {
		p.method = jsonText(raw)
		return p.method == http.MethodGet || p.method == http.MethodPost
	}

	for _, option := range p.definition.Options {
		if option.Name == name {
			values, ok := option.read(raw)
			p.values[name] = values

			return ok
		}
	}

	return false
}

// Query implements [export.Pages].
func (p *pages) Query() export.Query {
	return export.Query{PageSize: p.pageSize, Canonical: p.canonical().closed()}
}

func (p *pages) canonical() (canonical object) {
	if p.definition.Method != "" {
		canonical.add(methodField, p.method)
	}

	canonical.add(pageSizeField, p.pageSize)

	for _, option := range p.definition.Options {
		canonical.add(option.Name, option.value(p.values[option.Name]))
	}

	return canonical
}

// First implements [export.Pages].
func (p *pages) First() string {
	if p.inBody() {
		return p.definition.Path
	}

	return strings.TrimSuffix(p.definition.Path+"?"+p.parameters().Encode(), "?")
}

// parameters are those of every page. A set that is empty is there, and has no value.
func (p *pages) parameters() url.Values {
	parameters := url.Values{}
	if size := p.definition.Paging.size(); size != "" {
		parameters.Set(size, strconv.Itoa(p.pageSize))
	}

	for _, option := range p.definition.Options {
		parameters[option.Parameter] = nil
		if values := p.values[option.Name]; len(values) > 0 {
			parameters.Set(option.Parameter, strings.Join(values, ","))
		}
	}

	return parameters
}

// object is a JSON object whose members stand in the order in which they were added.
type object []byte

func (o *object) add(name string, value any) {
	encoded, _ := json.Marshal(value) // numbers and strings always encode

	separator := ','
	if len(*o) == 0 {
		separator = '{'
	}

	*o = fmt.Appendf(*o, "%c%q:%s", separator, name, encoded)
}

// closed is the object, which has a member at least.
func (o object) closed() []byte { return append(o, '}') }
