package genesyssim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	maxPresencePageSize = 100 // with integrationPresenceSource
	maxSchemaIDs        = 5
	maxBodyBytes        = 64 << 10

	// maxNumberedInactive is how far GET /api/v2/users goes with state=inactive.
	maxNumberedInactive = 10_000
)

// cursorQuery is a question for one page of the listing by cursor, in either dialect.
type cursorQuery struct {
	chosen   selection
	pageSize int
	cursor   string
	// asked holds the parameters that links repeat, spelled canonically.
	asked url.Values
}

// link is the address of the page that begins at cursor, or the first one's where it is empty.
func (q cursorQuery) link(cursor string) string {
	values := maps.Clone(q.asked)
	if cursor != "" {
		values.Set("cursor", cursor)
	}
	values.Set("pageSize", strconv.Itoa(q.pageSize))

	return usersQueryPath + "?" + values.Encode()
}

// parameters reads query parameters: names are known or refused, and only those that may be repeated are.
type parameters struct {
	values url.Values
}

func readParameters(raw string, known, repeatable []string) (parameters, *apiError) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return parameters{}, errBadRequest("The query string cannot be read")
	}
	for name, given := range values {
		switch {
		case slices.Contains(repeatable, name):
		case !slices.Contains(known, name):
			return parameters{}, errBadRequest(fmt.Sprintf("There is no query parameter %q", name))
		case len(given) > 1:
			return parameters{}, errBadRequest("The query parameter " + name + " is repeated")
		}
	}

	return parameters{values: values}, nil
}

// query reads the parameters that choose users.
func (p parameters) query() (selection, *apiError) {
	for _, name := range []string{"state", "sortOrder"} {
		if p.values.Has(name) && p.values.Get(name) == "" {
			return selection{}, errInvalidValue(name, "it is empty")
		}
	}

	return Query{
		State: p.values.Get("state"), SortOrder: p.values.Get("sortOrder"), Expand: p.values["expand"],
	}.parse()
}

// positive reads a parameter that is a whole number from 1.
func (p parameters) positive(name string, otherwise int) (int, *apiError) {
	if !p.values.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(p.values.Get(name), 10, 32)
	if err != nil || n < 1 {
		return 0, errInvalidValue(name, "use a whole number from 1")
	}

	return int(n), nil
}

// presenceSource checks integrationPresenceSource and cuts the page size that it allows.
func (p parameters) presenceSource(pageSize int) (int, *apiError) {
	if !p.values.Has("integrationPresenceSource") {
		return pageSize, nil
	}
	switch p.values.Get("integrationPresenceSource") {
	case "MicrosoftTeams", "ZoomPhone", "EightByEight":
		return min(pageSize, maxPresencePageSize), nil
	default:
		return 0, errInvalidValue("integrationPresenceSource", "use MicrosoftTeams, ZoomPhone or EightByEight")
	}
}

// canonical returns the parameters that a listing's links repeat.
func (p parameters) canonical(chosen selection) url.Values {
	asked := url.Values{}
	for _, name := range []string{"state", "sortOrder", "integrationPresenceSource"} {
		if p.values.Has(name) {
			asked.Set(name, p.values.Get(name))
		}
	}
	if names := chosen.expand.names(); len(names) > 0 {
		asked.Set("expand", strings.Join(names, ","))
	}
	if ids := p.values["userCustomAttributeSchemaIds"]; len(ids) > 0 {
		asked.Set("userCustomAttributeSchemaIds", strings.Join(ids, ","))
	}

	return asked
}

// parseCursorQuery reads the query string of GET /api/v2/users/query.
func (s *Simulator) parseCursorQuery(raw string) (cursorQuery, *apiError) {
	given, err := readParameters(raw,
		[]string{"cursor", "pageSize", "sortOrder", "state", "integrationPresenceSource"},
		[]string{"expand", "userCustomAttributeSchemaIds"})
	if err != nil {
		return cursorQuery{}, err
	}
	q := cursorQuery{cursor: given.values.Get("cursor")}
	if given.values.Has("cursor") && q.cursor == "" {
		return q, errInvalidCursor()
	}
	if q.chosen, err = given.query(); err != nil {
		return q, err
	}
	if q.pageSize, err = given.positive("pageSize", defaultPageSize); err != nil {
		return q, err
	}
	if q.pageSize, err = given.presenceSource(min(q.pageSize, s.config.MaxPageSize)); err != nil {
		return q, err
	}
	if err = checkSchemaIDs(given.values["userCustomAttributeSchemaIds"]); err != nil {
		return q, err
	}
	q.asked = given.canonical(q.chosen)

	return q, nil
}

func checkSchemaIDs(values []string) *apiError {
	if len(values) == 0 {
		return nil
	}
	ids := strings.Split(strings.Join(values, ","), ",")
	if len(ids) > maxSchemaIDs || slices.Contains(ids, "") {
		return errInvalidValue("userCustomAttributeSchemaIds", "give 1 to "+strconv.Itoa(maxSchemaIDs)+" ids")
	}

	return nil
}

// tutorialBody is what the tutorial posts.
type tutorialBody struct {
	PageSize    *int     `json:"pageSize"`
	NextPageURI *string  `json:"nextPageUri"`
	Expand      []string `json:"expand"`
	State       *string  `json:"state"`
	SortOrder   *string  `json:"sortOrder"`
}

// parseTutorialQuery reads the body of POST /api/v2/users/query. What the body leaves out, its nextPageUri says.
func (s *Simulator) parseTutorialQuery(body io.Reader) (cursorQuery, *apiError) {
	var given tutorialBody
	if err := decodeStrictly(io.LimitReader(body, maxBodyBytes), &given); err != nil {
		return cursorQuery{}, errBadRequest("The body cannot be read: " + err.Error())
	}
	values := url.Values{}
	if given.NextPageURI != nil && *given.NextPageURI != "" {
		path, query, _ := strings.Cut(*given.NextPageURI, "?")
		link, err := url.ParseQuery(query)
		if path != usersQueryPath || err != nil || !link.Has("cursor") {
			return cursorQuery{}, errInvalidValue("nextPageUri", "use the link of the page before")
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

	return s.parseCursorQuery(values.Encode())
}

// decodeStrictly reads one JSON object into target and refuses unknown fields and whatever follows.
func decodeStrictly(body io.Reader, target any) error {
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		return fmt.Errorf("decode the JSON object: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("decode the JSON object: something follows it")
	}

	return nil
}

// numberedQuery is a question for one page of the listing by number.
type numberedQuery struct {
	chosen     selection
	pageSize   int
	pageNumber int
	asked      url.Values
}

// link is the address of a page of the same listing.
func (q numberedQuery) link(pageNumber int) string {
	values := maps.Clone(q.asked)
	values.Set("pageNumber", strconv.Itoa(pageNumber))
	values.Set("pageSize", strconv.Itoa(q.pageSize))

	return usersPath + "?" + values.Encode()
}

// parseNumberedQuery reads the query string of GET /api/v2/users.
func (s *Simulator) parseNumberedQuery(raw string) (numberedQuery, *apiError) {
	given, err := readParameters(raw,
		[]string{"pageNumber", "pageSize", "sortOrder", "state", "integrationPresenceSource"}, []string{"expand"})
	if err != nil {
		return numberedQuery{}, err
	}
	var q numberedQuery
	if q.chosen, err = given.query(); err != nil {
		return q, err
	}
	if q.pageSize, err = given.positive("pageSize", defaultPageSize); err != nil {
		return q, err
	}
	if q.pageSize, err = given.presenceSource(min(q.pageSize, s.config.MaxPageSize)); err != nil {
		return q, err
	}
	if q.pageNumber, err = given.positive("pageNumber", 1); err != nil {
		return q, err
	}
	if q.chosen.state == inactiveState && q.pageNumber*q.pageSize > maxNumberedInactive {
		return q, errInvalidValue("pageNumber", "with state inactive no more than 10000 records can be read")
	}
	q.asked = given.canonical(q.chosen)

	return q, nil
}
