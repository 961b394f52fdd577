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

// Query chooses users as the API's parameters do; the zero value means what the API means where nothing is asked.
type Query struct {
	// State is active, inactive, deleted, any, or "" for active.
	State string
	// SortOrder is ASC, DESC, or "" for ASC.
	SortOrder string
	// Expand names the keys that are to be there besides the usual ones, each as the API spells it.
	Expand []string
}

func (q Query) values() url.Values {
	values := url.Values{}
	if q.State != "" {
		values.Set("state", q.State)
	}
	if q.SortOrder != "" {
		values.Set("sortOrder", q.SortOrder)
	}
	if len(q.Expand) > 0 {
		values["expand"] = q.Expand
	}

	return values
}

// filter is a parameter of a listing that says which entities are asked for, or how.
type filter struct {
	name    string
	allowed []string // its values; nil: any
	many    int      // how many values it may have, joined by commas or repeated; 0 is one
	most    int      // entities a page where it is given; 0: as many as without
}

// selection is which entities of a model are asked for, and how.
type selection struct {
	State      state
	Descending bool
	Expand     expandSet
}

// choose reads the parameters that filters describe. What it does not know is refused.
func choose(of *model, filters []filter, values url.Values) (selection, *apiError) {
	for name := range values {
		if !slices.ContainsFunc(filters, func(f filter) bool { return f.name == name }) {
			return selection{}, errBadRequest(fmt.Sprintf("There is no query parameter %q", name))
		}
	}
	for _, f := range filters {
		if err := f.check(values[f.name]); err != nil {
			return selection{}, err
		}
	}
	chosen := selection{
		State: anyState, Descending: values.Get("sortOrder") == "DESC",
		Expand: of.expandSet(strings.Split(strings.Join(values["expand"], ","), ",")),
	}
	if slices.ContainsFunc(filters, func(f filter) bool { return f.name == "state" }) {
		chosen.State = stateNames()[values.Get("state")]
	}

	return chosen, nil
}

func (f filter) check(given []string) *apiError {
	if len(given) == 0 {
		return nil
	}
	if f.many == 0 && len(given) > 1 {
		return errBadRequest("The query parameter " + f.name + " is repeated")
	}
	if f.many > 0 {
		given = strings.Split(strings.Join(given, ","), ",")
	}
	if f.many > 0 && len(given) > f.many {
		return errInvalidValue(f.name, fmt.Sprintf("give at most %d", f.many))
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
	paging := []filter{{name: "pageSize"}, {name: place}}
	chosen, err := choose(of.model, append(paging, of.filters...), values)
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
		if err == nil && chosen.State == inactive && number*q.pageSize > maxNumberedInactive {
			err = errInvalidValue("pageNumber", "with state inactive no more than 10000 records can be read")
		}
		from.Position = int64(number-1) * int64(q.pageSize)

		return from, err
	}
	if cursor := values.Get("cursor"); cursor != "" {
		var ok bool
		if from, ok = s.cursors.open(q.of.path, cursor); !ok || from.selection != chosen {
			return from, &apiError{status: http.StatusBadRequest, code: "invalid.cursor", message: "The cursor is not valid for this query"}
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
	if given.State != nil {
		values.Set("state", *given.State)
	}
	if given.SortOrder != nil {
		values.Set("sortOrder", *given.SortOrder)
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
