package genesyssim

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

const maxBodyBytes = 64 << 10

// filter is a parameter of a listing that says which entities are asked for, or how.
type filter struct {
	name            string
	allowed         []string // its values; nil: any
	list            bool     // it may have several of them, joined by commas or repeated
	least, greatest int64    // its value is a whole number from least to greatest; 0: any text
}

// choose reads a listing's filters, and checks the parameters of its paging. What it does not know is refused.
func (l Listing) choose(values url.Values, paging ...filter) (selection, *apiError) {
	chosen, filters := selection{state: anyState}, slices.Concat(l.filters, paging)
	for name := range values {
		if !slices.ContainsFunc(filters, func(f filter) bool { return f.name == name }) {
			return chosen, errBadRequest(fmt.Sprintf("There is no query parameter %q", name))
		}
	}
	for _, f := range filters {
		given := values[f.name]
		if err := f.check(given); err != nil {
			return chosen, err
		}
		switch f.name {
		case "state":
			chosen.state = cmp.Or(values.Get(f.name), "active")
		case "sortOrder":
			chosen.descending = values.Get(f.name) == "DESC"
		case "expand":
			names := splitAll(given)
			chosen.expand = slices.DeleteFunc(l.model.expands(), func(name string) bool { return !slices.Contains(names, name) })
		}
	}

	return chosen, nil
}

// splitAll returns values that are joined by commas, or repeated, one by one.
func splitAll(given []string) []string { return strings.Split(strings.Join(given, ","), ",") }

func (f filter) check(given []string) *apiError {
	switch {
	case len(given) == 0:
		return nil
	case f.list:
		given = splitAll(given)
	case len(given) > 1:
		return errBadRequest("The query parameter " + f.name + " is repeated")
	}
	for _, value := range given {
		switch {
		case value == "":
			return errInvalidValue(f.name, "it is empty")
		case f.allowed != nil && !slices.Contains(f.allowed, value):
			return errInvalidValue(f.name, fmt.Sprintf("%q is none of %s", value, strings.Join(f.allowed, ", ")))
		case f.least > 0:
			if n, err := strconv.ParseInt(value, 10, 32); err != nil || n < f.least || n > f.greatest {
				return errInvalidValue(f.name, fmt.Sprintf("use a whole number from %d to %d", f.least, f.greatest))
			}
		}
	}

	return nil
}

// query is a question for one page of a listing.
type query struct {
	of       Listing
	pageSize int
	from     bookmark   // where the page begins
	given    url.Values // the filters that links repeat
	scope    string     // of its cursors
}

// link is the address of another page of the same listing. An empty place is the first page's.
func (q query) link(place string) string {
	rules, values := q.of.Paging.rules(), maps.Clone(q.given)
	if place != "" {
		values.Set(rules.place.name, place)
	}
	if rules.size.name != "" {
		values.Set(rules.size.name, strconv.Itoa(q.pageSize))
	}

	return strings.TrimSuffix(q.of.Path+"?"+values.Encode(), "?")
}

// parse reads the query string of a listing.
func (s *Simulator) parse(of Listing, raw string) (query, selection, *apiError) {
	q, rules := query{of: of, given: url.Values{}}, of.Paging.rules()
	values, malformed := url.ParseQuery(raw)
	if malformed != nil {
		return q, selection{}, errBadRequest("The query string cannot be read")
	}
	chosen, err := of.choose(values, rules.size, rules.place)
	if err != nil {
		return q, chosen, err
	}
	q.pageSize = min(whole(values.Get(rules.size.name), rules.usual), of.Most)
	for _, f := range of.filters {
		if values.Has(f.name) {
			q.given.Set(f.name, strings.Join(values[f.name], ","))
		}
	}
	q.scope = fmt.Sprint(of.Path, chosen)
	q.from, err = s.place(q, values.Get(rules.place.name))

	return q, chosen, err
}

// place reads where the page begins. An empty place is the first page's.
func (s *Simulator) place(q query, place string) (from bookmark, refusal *apiError) {
	switch {
	case q.of.Paging == ByNumber:
		from.place = (whole(place, 1) - 1) * q.pageSize
	case place != "":
		var ok bool
		if from, ok = s.open(q.scope, place); !ok {
			return from, newError(http.StatusBadRequest, "invalid.cursor", "The cursor is not valid for this query")
		}
	}

	return from, nil
}

// whole is a parameter that was checked to be a whole number, or the default where it is not given.
func whole(given string, otherwise int) int {
	n, _ := strconv.Atoi(given)
	return cmp.Or(n, otherwise)
}

// tutorialQuery is the query string of a tutorial's body. What the body leaves out, its nextPageUri says.
func tutorialQuery(r *http.Request) (string, *apiError) {
	if r.URL.RawQuery != "" {
		return "", errBadRequest("There are no query parameters; use the body")
	}
	var given struct {
		PageSize    *int     `json:"pageSize"`
		NextPageURI string   `json:"nextPageUri"`
		Expand      []string `json:"expand"`
		State       *string  `json:"state"`
		SortOrder   *string  `json:"sortOrder"`
	}
	if err := decodeStrictly(io.LimitReader(r.Body, maxBodyBytes), &given); err != nil {
		return "", errBadRequest("The body cannot be read: " + err.Error())
	}
	values := url.Values{}
	if given.NextPageURI != "" {
		path, raw, _ := strings.Cut(given.NextPageURI, "?")
		link, err := url.ParseQuery(raw)
		if path != usersQueryPath || err != nil || !link.Has("cursor") {
			return "", errInvalidValue("nextPageUri", "use the link of the page before")
		}
		values = link
	}
	if given.PageSize != nil {
		values.Set("pageSize", strconv.Itoa(*given.PageSize))
	}
	if given.Expand != nil {
		values["expand"] = given.Expand
	}
	for name, value := range map[string]*string{"state": given.State, "sortOrder": given.SortOrder} {
		if value != nil {
			values.Set(name, *value)
		}
	}

	return values.Encode(), nil
}

// decodeStrictly reads one JSON object into target and refuses unknown fields and whatever follows.
func decodeStrictly(body io.Reader, target any) error {
	if err := json.UnmarshalRead(body, target, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("read the JSON object: %w", err)
	}

	return nil
}
