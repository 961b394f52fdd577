package genesyssim

import (
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

const (
	defaultPageSize = 25
	maxBodyBytes    = 64 << 10
)

// filter is a parameter of a listing that says which entities are asked for, or how.
type filter struct {
	name    string
	allowed []string // its values; nil: any
	many    int      // how many values it may have, joined by commas or repeated; 0 is one
	most    int      // entities a page where it is given; 0: as many as without
}

// selection is which entities of a model are asked for, and how.
type selection struct {
	state      state
	descending bool
	expand     expandSet
}

// choose reads a listing's filters, and checks the parameters of its paging. What it does not know is refused.
func (l listing) choose(values url.Values, paging ...filter) (selection, *apiError) {
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
			chosen.state = stateNamed(values.Get(f.name))
		case "sortOrder":
			chosen.descending = values.Get(f.name) == "DESC"
		case "expand":
			chosen.expand = l.model.expandSet(splitAll(given))
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
	case f.many > 0:
		given = splitAll(given)
		if len(given) > f.many {
			return errInvalidValue(f.name, fmt.Sprintf("give at most %d", f.many))
		}
	case len(given) > 1:
		return errBadRequest("The query parameter " + f.name + " is repeated")
	}
	for _, value := range given {
		switch {
		case value == "":
			return errInvalidValue(f.name, "it is empty")
		case f.allowed != nil && !slices.Contains(f.allowed, value):
			return errInvalidValue(f.name, fmt.Sprintf("%q is none of %s", value, strings.Join(f.allowed, ", ")))
		}
	}

	return nil
}

// query is a question for one page of a listing.
type query struct {
	of       listing
	pageSize int
	from     bookmark   // where the page begins
	given    url.Values // the filters that links repeat
}

// link is the address of another page of the same listing. An empty place is the first page's.
func (q query) link(parameter, place string) string {
	values := maps.Clone(q.given)
	if place != "" {
		values.Set(parameter, place)
	}
	values.Set("pageSize", strconv.Itoa(q.pageSize))

	return q.of.path + "?" + values.Encode()
}

// numbered is the link of a page by its number.
func (q query) numbered(page int) string { return q.link("pageNumber", strconv.Itoa(page)) }

// parse reads the query string of a listing.
func (s *Simulator) parse(of listing, raw string) (query, *apiError) {
	q := query{of: of, given: url.Values{}}
	values, malformed := url.ParseQuery(raw)
	if malformed != nil {
		return q, errBadRequest("The query string cannot be read")
	}
	place := "cursor"
	if of.paging == byNumber {
		place = "pageNumber"
	}
	chosen, err := of.choose(values, filter{name: "pageSize"}, filter{name: place})
	if err != nil {
		return q, err
	}
	if q.pageSize, err = positive(values, "pageSize", defaultPageSize); err != nil {
		return q, err
	}
	q.pageSize = min(q.pageSize, of.most)
	for _, f := range of.filters {
		if values.Has(f.name) {
			q.given.Set(f.name, strings.Join(values[f.name], ","))
			if f.most > 0 {
				q.pageSize = min(q.pageSize, f.most)
			}
		}
	}
	q.from, err = s.place(q, chosen, values)

	return q, err
}

// place reads where the page begins.
func (s *Simulator) place(q query, chosen selection, values url.Values) (bookmark, *apiError) {
	from := bookmark{selection: chosen}
	if q.of.paging == byNumber {
		number, err := positive(values, "pageNumber", 1)
		if err == nil && chosen.state == inactive && number*q.pageSize > maxNumberedInactive {
			err = errInvalidValue("pageNumber", "with state inactive no more than 10000 records can be read")
		}
		from.position = (number - 1) * q.pageSize

		return from, err
	}
	if cursor := values.Get("cursor"); cursor != "" {
		var ok bool
		if from, ok = s.open(q.of.path, chosen, cursor); !ok {
			return from, &apiError{Status: http.StatusBadRequest, Code: "invalid.cursor", Message: "The cursor is not valid for this query"}
		}
	}

	return from, nil
}

// positive reads a parameter that is a whole number from 1.
func positive(values url.Values, name string, otherwise int) (int, *apiError) {
	if !values.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(values.Get(name), 10, 32)
	if err != nil || n < 1 {
		return 0, errInvalidValue(name, "use a whole number from 1")
	}

	return int(n), nil
}

// tutorialBody is what the tutorial posts.
type tutorialBody struct {
	PageSize    *int     `json:"pageSize"`
	NextPageURI string   `json:"nextPageUri"`
	Expand      []string `json:"expand"`
	State       *string  `json:"state"`
	SortOrder   *string  `json:"sortOrder"`
}

// tutorialQuery reads the body of a tutorial's request as the query string that asks the same. What the body leaves out, its
// nextPageUri says.
func tutorialQuery(r *http.Request) (string, *apiError) {
	if r.URL.RawQuery != "" {
		return "", errBadRequest("There are no query parameters; use the body")
	}
	var given tutorialBody
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
