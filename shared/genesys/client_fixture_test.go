package genesys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
)

const (
	listingAddress = "api.acme.test:80"
	listingBase    = "http://api.acme.test"
	usersPath      = "/api/v2/users/query"
	correlation    = "5f1d3c2e-00c0-4000"
	// canary stands in everything that no error and no log line may repeat: tokens, bodies, links, a proxy's credentials.
	canary = "canary"
	// goodGrant is a token reply.
	goodGrant = `{"access_token":"canary-token","token_type":"bearer","expires_in":3600}`
)

// each checks every row in a parallel subtest of the row's name.
func each[Row any](t *testing.T, rows map[string]Row, check func(t *testing.T, row Row)) {
	t.Helper()

	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, row)
		})
	}
}

// eachInBubble is each with virtual time for every row, from 2000-01-01T00:00:00Z on.
func eachInBubble[Row any](t *testing.T, rows map[string]Row, check func(t *testing.T, row Row)) {
	t.Helper()
	each(t, rows, func(t *testing.T, row Row) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) { check(t, row) })
	})
}

// bearers hands out access tokens, each with a version of its own; a rejected one is replaced.
type bearers struct {
	version  int64
	rejected []int64
	err      error // there is no other token
}

func (b *bearers) Token(context.Context) (token.Stored, error) {
	return token.Stored{Token: token.Token{Access: secret.New(bearer(b.version + 1)), Type: "bearer"}, Version: b.version + 1}, b.err
}

func (b *bearers) Reject(t token.Stored) {
	b.rejected = append(b.rejected, t.Version)
	b.version = max(b.version, t.Version)
}

func bearer(version int64) string { return fmt.Sprintf("%s-token-%d", canary, version) }

// fakeAPI is an API and a token endpoint with handlers of the test's, and the functions' client of both.
type fakeAPI struct {
	genesys.Client

	t       testing.TB
	opened  map[string]export.Pages // by their query
	bearers bearers
	log     bytes.Buffer
	page    export.Page

	mu       sync.Mutex
	requests []received
}

// received is a request as it came, its body read.
type received struct {
	*http.Request

	body string
	at   time.Time
}

// usersQuery is a query of users, as it is stored.
type usersQuery struct {
	Method    string   `json:"method"`
	PageSize  int      `json:"page_size"`
	Expand    []string `json:"expand"`
	State     string   `json:"state"`
	SortOrder string   `json:"sort_order"`
}

// query is what most tests ask.
func query() usersQuery {
	return usersQuery{Method: http.MethodGet, PageSize: 2, Expand: []string{}, State: "active", SortOrder: "ASC"}
}

func dialect() usersQuery {
	q := query()
	q.Method = http.MethodPost

	return q
}

// newFake makes an API that is not served yet, and its client.
func newFake(t testing.TB, base string, client *http.Client) *fakeAPI {
	t.Helper()

	f := &fakeAPI{t: t, opened: make(map[string]export.Pages)}
	f.Client = genesys.Client{
		Base: parsed(t, base), HTTP: client, Tokens: &f.bearers, Attempt: 30 * time.Second,
		Logger: slog.New(slog.NewJSONHandler(&f.log, nil)),
	}
	t.Cleanup(client.CloseIdleConnections)

	return f
}

// serveFake serves the API at base's address, on a network in memory where nobody else can be reached. The handlers answer in
// turn, the last one for ever.
func serveFake(t testing.TB, base string, handlers ...http.HandlerFunc) *fakeAPI {
	t.Helper()

	network := memnet.New()
	client, err := network.Carry(genesys.NewHTTPClient())
	if err != nil {
		t.Fatal(err)
	}

	f := newFake(t, base, client)
	stop, err := network.Serve(listingAddress, f.recorded(handlers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)

	return f
}

func (f *fakeAPI) recorded(handlers ...http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)

		f.mu.Lock()
		f.requests = append(f.requests, received{r, string(body), time.Now()})
		handler := handlers[min(len(f.requests), len(handlers))-1]
		f.mu.Unlock()

		handler(w, r)
	})
}

// seen are the requests so far.
func (f *fakeAPI) seen() []received {
	f.mu.Lock()
	defer f.mu.Unlock()

	return f.requests
}

func (f *fakeAPI) requireRequests(want int) {
	f.t.Helper()

	if got := len(f.seen()); got != want {
		f.t.Errorf("%d requests were sent, want %d", got, want)
	}
}

// Fetch asks the users' listing for one page. What is asked by the same query is one reading.
func (f *fakeAPI) Fetch(ctx context.Context, q usersQuery, link string, page *export.Page) error {
	f.t.Helper()

	canonical, _ := json.Marshal(q) // it is plain
	pages, opened := f.opened[string(canonical)]
	if !opened {
		var err error
		pages, err = genesys.NewListing(genesys.Users(http.MethodGet), f.Client).Open(export.Query{PageSize: q.PageSize, Canonical: canonical})
		if err != nil {
			f.t.Fatal(err)
		}

		f.opened[string(canonical)] = pages
	}

	return f.read(ctx, pages, link, page)
}

// read asks for one page and splits it. All that the tests send link to the next one behind their entities.
func (f *fakeAPI) read(ctx context.Context, pages export.Pages, link string, page *export.Page) error {
	f.t.Helper()

	reply, err := pages.Fetch(ctx, link, page)
	if err == nil {
		err = reply.Split(ctx)
	}

	if err == nil && reply.Next != page.Next {
		f.t.Errorf("the page seems to link to %q, and links to %q", reply.Next, page.Next)
	}

	return err
}

// fetch asks for one page. Neither its error nor the log may show a canary.
func (f *fakeAPI) fetch(q usersQuery, link string) error {
	f.t.Helper()

	err := f.Fetch(f.t.Context(), q, link, &f.page)
	if shown := fmt.Sprintf("%v\n%+v\n%#v\n%s", err, err, err, f.log.String()); strings.Contains(shown, canary) {
		f.t.Errorf("a secret is shown: %s", shown)
	}

	return err
}

// requirePage asks for one page, which has to come and to have so many records.
func (f *fakeAPI) requirePage(q usersQuery, link string, records int) {
	f.t.Helper()

	if err := f.fetch(q, link); err != nil || f.page.Records != records {
		f.t.Errorf("got %d records and %v, want %d and no error", f.page.Records, err, records)
	}
}

// answer replies with a status, a body, the vendor's headers and others: pairs of names and values. "" is no such header.
func answer(status int, body string, headers ...string) http.HandlerFunc {
	headers = append([]string{"ININ-Correlation-Id", correlation, "Content-Type", "application/json"}, headers...)

	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
			if headers[i+1] == "" {
				w.Header()[http.CanonicalHeaderKey(headers[i])] = nil
			}
		}

		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// errorBody is the vendor's error shape; its texts are not ours to repeat.
func errorBody(status int, code string) string {
	return fmt.Sprintf(`{"message":"%s: Jane Doe","code":%q,"status":%d,"contextId":"%s","details":[],"errors":[]}`, canary, code, status, canary)
}

// twoUsers is a page as the vendor writes it.
const twoUsers = `{"entities":[{"id":"1"},{"id":"2"}],"results":2,"selfUri":"/api/v2/users/query"}`

// requireFailure checks that err is a failure of that kind, one that may pass by itself or not, and returns its text.
func requireFailure(t testing.TB, err error, kind failure.Kind, passing bool, parts ...string) string {
	t.Helper()

	if _, got := errors.AsType[*retry.TransientError](err); got != passing {
		t.Errorf("got transient %v of error %v, want %v", got, err, passing)
	}

	return requireKind(t, err, kind, parts...)
}

// requireKind checks that err is a failure of that kind, with these words and without a canary, and returns its text.
func requireKind(t testing.TB, err error, kind failure.Kind, parts ...string) string {
	t.Helper()

	text := fmt.Sprint(err)
	if got := failure.KindOf(err); got != kind || strings.Contains(fmt.Sprintf("%v %+v", err, err), canary) {
		t.Errorf("got kind %q of error %s, want %s without a secret", got, text, kind)
	}

	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("got %q, want %q in it", text, part)
		}
	}

	return text
}

// tokens is a client of the token endpoint, with the rotator's numbers.
func (f *fakeAPI) tokens() *genesys.TokenClient {
	return &genesys.TokenClient{
		URL: f.Base.String() + "/oauth/token", AuthMethod: genesys.ClientSecretBasic, HTTP: f.HTTP,
		Retry:   retry.Policy{Base: 500 * time.Millisecond, Cap: 5 * time.Second, Attempts: 4},
		Attempt: 8 * time.Second, Reserve: 8 * time.Second,
	}
}

// serveTokens serves a token endpoint and returns it with its client.
func serveTokens(t testing.TB, handlers ...http.HandlerFunc) (*fakeAPI, *genesys.TokenClient) {
	t.Helper()

	f := serveFake(t, listingBase, handlers...)

	return f, f.tokens()
}

func credentials() token.Credentials {
	return token.Credentials{ClientID: "client id:/+", ClientSecret: secret.New("canary secret:/+=&%")}
}

// hang never answers.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// stall sends the beginning of a reply and no more.
func stall(status int, begin string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, begin)
		_ = http.NewResponseController(w).Flush()
		hang(w, r)
	}
}

// drip sends a byte a second of a reply without end.
func drip(w http.ResponseWriter, r *http.Request) {
	for retry.Sleep(r.Context(), time.Second) == nil {
		_, _ = io.WriteString(w, " ")
		_ = http.NewResponseController(w).Flush()
	}
}
