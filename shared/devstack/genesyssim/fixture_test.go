package genesyssim_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/secret"
)

const (
	clientID     = "5f1d3c2e-0000-4000-8000-00000000c11e"
	clientSecret = "s3cret-canary"

	form       = "Content-Type: application/x-www-form-urlencoded"
	grant      = "grant_type=client_credentials"
	usersQuery = "GET /api/v2/users/query?pageSize=10"
	tokensMe   = "GET /api/v2/tokens/me"
)

// sim is a simulator that is asked in this process, without a network: so virtual time is possible.
type sim struct {
	*genesyssim.Simulator

	t testing.TB
}

// start makes a simulator of the configuration, whose client it fills in.
func start(t testing.TB, config genesyssim.Config) *sim {
	t.Helper()
	config.ClientID, config.ClientSecret = clientID, secret.New(clientSecret)
	simulator, err := genesyssim.New(config)
	if err != nil {
		t.Fatalf("New: %v", err)
	}

	return &sim{simulator, t}
}

// answer is a whole reply. The status is 0 where the connection ended instead.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a request, METHOD PATH BODY, with headers as they stand on the wire.
func (s *sim) send(ctx context.Context, what string, headers ...string) (got answer) {
	method, rest, _ := strings.Cut(what, " ")
	path, body, _ := strings.Cut(rest, " ")
	request := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	defer func() {
		failed := recover()
		if err, _ := failed.(error); failed != nil && !errors.Is(err, http.ErrAbortHandler) {
			panic(failed)
		}
	}()
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)

	return answer{recorder.Code, recorder.Result().Header, recorder.Body.String()}
}

// ask sends a request with a bearer token; "" is none.
func (s *sim) ask(token, what string) answer {
	if token == "" {
		return s.send(s.t.Context(), what)
	}

	return s.send(s.t.Context(), what, "Authorization: Bearer "+token)
}

// status is ask, where the status is all that counts.
func (s *sim) status(token, what string) int { return s.ask(token, what).status }

// requestToken asks the token endpoint with a client secret.
func (s *sim) requestToken(clientSecret string) answer {
	return s.send(s.t.Context(), "POST /oauth/token "+grant, basic(clientID, clientSecret), form)
}

// token mints a token.
func (s *sim) token() string {
	s.t.Helper()
	got := s.requestToken(clientSecret)
	if got.status != http.StatusOK {
		s.t.Fatalf("the token request is answered %d: %s", got.status, got.body)
	}

	return member[string](s.t, got.body, "access_token")
}

// ownList is the organisation's own list of a listing: NAME?PARAMETERS.
func (s *sim) ownList(what string) string {
	s.t.Helper()
	got := s.ask("", "GET /_sim/"+what)
	if got.status != http.StatusOK {
		s.t.Fatalf("/_sim/%s is answered %d: %s", what, got.status, got.body)
	}

	return got.body
}

// pages follows the next links, or cursors, from a first request on.
func (s *sim) pages(token, asked string) (pages []string) {
	s.t.Helper()
	for asked != "" {
		page := s.ask(token, asked)
		if page.status != http.StatusOK {
			s.t.Fatalf("%s is answered %d: %s", asked, page.status, page.body)
		}
		path, _, _ := strings.Cut(asked, "?")
		pages, asked = append(pages, page.body), ""
		if cursor := member[string](s.t, page.body, "cursor"); cursor != "" {
			asked = path + "?pageSize=500&cursor=" + cursor // all that a job's results have
		}
		if link := member[string](s.t, page.body, "nextUri"); link != "" {
			asked = "GET " + link
		}
		if link := member[string](s.t, page.body, "nextPageUri"); link != "" {
			asked = `POST /api/v2/users/query {"nextPageUri":"` + link + `"}`
		}
	}

	return pages
}

// member decodes one member of a JSON object, the zero value where it is absent.
func member[T any](t testing.TB, object, name string) (value T) {
	t.Helper()
	var members map[string]json.RawMessage
	err := json.Unmarshal([]byte(object), &members)
	if raw, found := members[name]; found && err == nil {
		err = json.Unmarshal(raw, &value)
	}
	if err != nil {
		t.Fatalf("decode member %s of %.200q: %v", name, object, err)
	}

	return value
}

// keys returns the names of a JSON object's members in their order.
func keys(object string) (names []string) {
	decoder := jsontext.NewDecoder(strings.NewReader(object))
	_, err := decoder.ReadToken()
	for err == nil && decoder.PeekKind() == '"' {
		name, _ := decoder.ReadToken()
		names = append(names, name.String())
		err = decoder.SkipValue()
	}

	return names
}

// lines are the entities of pages, one a line.
func lines(t testing.TB, pages ...string) string {
	t.Helper()
	var all strings.Builder
	for _, page := range pages {
		for _, entity := range member[[]json.RawMessage](t, page, keys(page)[0]) {
			all.WriteString(string(entity) + "\n")
		}
	}

	return all.String()
}

// beside is a page without its entities.
func beside(page string) string {
	return strings.TrimPrefix(regexp.MustCompile(`^\{"entities":\[.*\]`).ReplaceAllString(page, ""), ",")
}
