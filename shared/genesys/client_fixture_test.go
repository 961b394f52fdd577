package genesys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/transport"
)

const (
	listingAddress = "api.acme.test:80"
	listingBase    = "http://api.acme.test"
	usersPath      = "/api/v2/users/query"
	correlation    = "5f1d3c2e-00c0-4000"
	// canary stands in everything that no error and no log line may repeat: tokens, bodies, links, a proxy's credentials.
	canary = "canary"
)

// bearers hands out access tokens, each with a version of its own; a rejected one is replaced.
type bearers struct {
	mu       sync.Mutex
	version  int64
	rejected []int64
	last     int64 // the last version there is; 0: there is always another
}

var errNoToken = errors.New("no token could be had")

func (b *bearers) Token(context.Context) (token.Stored, error) {
	b.mu.Lock()
	defer b.mu.Unlock()

	if b.last != 0 && b.version >= b.last {
		return token.Stored{}, errNoToken
	}

	return token.Stored{Token: token.Token{Access: secret.New(bearer(b.version + 1)), Type: "bearer"}, Version: b.version + 1}, nil
}

func (b *bearers) Reject(t token.Stored) {
	b.mu.Lock()
	defer b.mu.Unlock()

	b.rejected = append(b.rejected, t.Version)
	if t.Version == b.version+1 {
		b.version++
	}
}

func bearer(version int64) string { return fmt.Sprintf("%s-token-%d", canary, version) }

// fakeAPI is an API with a handler of the test's, and the listing that reads it.
type fakeAPI struct {
	genesys.Client

	t       testing.TB
	opened  map[string]export.Pages // by their query
	bearers bearers
	log     bytes.Buffer
	page    export.Page

	mu       sync.Mutex
	requests []*http.Request // as they came, their bodies read
	bodies   []string
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

// newFake makes an API that is not served yet. Its client is the one that the functions use.
func newFake(t testing.TB, base string) *fakeAPI {
	t.Helper()

	parsed, err := url.Parse(base)
	if err != nil {
		t.Fatalf("parse %s: %v", base, err)
	}

	f := &fakeAPI{t: t, opened: make(map[string]export.Pages)}
	f.Client = genesys.Client{
		Base: parsed, HTTP: genesys.NewHTTPClient(), Tokens: &f.bearers, Attempt: 30 * time.Second,
		Logger: slog.New(slog.NewJSONHandler(&f.log, nil)),
	}
	f.transport().Proxy = nil
	t.Cleanup(f.HTTP.CloseIdleConnections)

	return f
}

func (f *fakeAPI) transport() *http.Transport {
	f.t.Helper()

	own, ok := f.HTTP.Transport.(*transport.Transport)
	if !ok {
		f.t.Fatalf("the client's transport is a %T", f.HTTP.Transport)
	}

	return own.Transport
}

// serveFake serves handler as the API at base's address, on a network in memory where the test fails as soon as anybody
// else is dialled.
func serveFake(t testing.TB, base string, handler http.HandlerFunc) *fakeAPI {
	t.Helper()

	f := newFake(t, base)
	network := memnet.New()
	stop, err := network.Serve(listingAddress, f.recorded(handler))
	if err != nil {
		t.Fatalf("serve: %v", err)
	}
	t.Cleanup(stop)

	f.transport().DialContext = func(ctx context.Context, kind, address string) (net.Conn, error) {
		if address != listingAddress {
			t.Errorf("%s was dialled, want nobody but %s", address, listingAddress)
		}

		return network.DialContext(ctx, kind, address)
	}

	return f
}

func (f *fakeAPI) recorded(handler http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)

		f.mu.Lock()
		f.requests, f.bodies = append(f.requests, r), append(f.bodies, string(body))
		f.mu.Unlock()

		handler(w, r)
	})
}

// seen are the requests so far.
func (f *fakeAPI) seen() []*http.Request {
	f.mu.Lock()
	defer f.mu.Unlock()

	return f.requests
}

// Fetch asks the users' listing for one page. What is asked by the same query is one reading.
func (f *fakeAPI) Fetch(ctx context.Context, q usersQuery, link string, page *export.Page) error {
	f.t.Helper()

	canonical, err := json.Marshal(q)
	if err != nil {
		f.t.Fatal(err)
	}

	pages, opened := f.opened[string(canonical)]
	if !opened {
		pages, err = genesys.NewListing(genesys.Users(http.MethodGet), f.Client).Open(export.Query{PageSize: q.PageSize, Canonical: canonical})
		if err != nil {
			f.t.Fatal(err)
		}

		f.opened[string(canonical)] = pages
	}

	return pages.Fetch(ctx, link, page)
}

// fetch asks for one page, and holds what is told of a failure against the canaries.
func (f *fakeAPI) fetch(q usersQuery, link string) error {
	f.t.Helper()

	err := f.Fetch(f.t.Context(), q, link, &f.page)
	f.requireNoCanary(err)

	return err
}

func (f *fakeAPI) requireNoCanary(err error) {
	f.t.Helper()

	if told := fmt.Sprintf("%v\n%+v\n%#v\n%s", err, err, err, f.log.String()); strings.Contains(told, canary) {
		f.t.Errorf("what is told holds a secret: %s", told)
	}
}

// answer replies with a status, the vendor's headers and a body.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ININ-Correlation-Id", correlation)
		w.Header().Set("Content-Type", "application/json")
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

// requireFailure holds err to be a failure of that kind, one that may pass by itself or not, and returns its text.
func requireFailure(t testing.TB, err error, kind failure.Kind, passing bool) string {
	t.Helper()

	if got := failure.KindOf(err); got != kind {
		t.Errorf("got kind %q of error %v, want %s", got, err, kind)
	}
	if _, got := errors.AsType[*retry.TransientError](err); got != passing {
		t.Errorf("got transient %v of error %v, want %v", got, err, passing)
	}
	if err == nil {
		return ""
	}

	return err.Error()
}
