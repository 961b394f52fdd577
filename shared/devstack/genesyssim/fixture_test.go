package genesyssim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/secret"
)

const (
	clientID     = "5f1d3c2e-0000-4000-8000-00000000c11e"
	clientSecret = "s3cret-canary"
)

// sim is a simulator behind a real server on the loopback.
type sim struct {
	*genesyssim.Simulator

	url    string
	client *http.Client
}

// start serves a simulator of the configuration, whose client it fills in.
func start(t *testing.T, config genesyssim.Config) *sim {
	t.Helper()
	simulator := newSimulator(t, config)
	server := httptest.NewServer(simulator)
	t.Cleanup(server.Close)

	return &sim{Simulator: simulator, url: server.URL, client: server.Client()}
}

func newSimulator(t testing.TB, config genesyssim.Config) *genesyssim.Simulator {
	t.Helper()
	config.ClientID, config.ClientSecret = clientID, secret.New(clientSecret)
	simulator, err := genesyssim.New(config)
	if err != nil {
		t.Fatalf("New: %v", err)
	}

	return simulator
}

// answer is a reply that was read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request; token "" sends no Authorization, and a body is sent as JSON.
func (s *sim) do(ctx context.Context, method, path, token, body string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}

	return s.roundTrip(request)
}

func (s *sim) roundTrip(request *http.Request) (answer, error) {
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)

	return answer{status: response.StatusCode, header: response.Header, body: read}, err
}

// must is do for requests that get a whole reply.
func (s *sim) must(t *testing.T, method, path, token, body string) answer {
	t.Helper()
	got, err := s.do(t.Context(), method, path, token, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}

	return got
}

// requestToken asks the token endpoint with Basic credentials.
func (s *sim) requestToken(t *testing.T, id, secretValue string, form url.Values) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		request.SetBasicAuth(id, secretValue)
	}
	got, err := s.roundTrip(request)
	if err != nil {
		t.Fatalf("token request: %v", err)
	}

	return got
}

// token mints a token.
func (s *sim) token(t *testing.T) string {
	t.Helper()
	got := s.requestToken(t, clientID, clientSecret, url.Values{"grant_type": {"client_credentials"}})
	if got.status != http.StatusOK {
		t.Fatalf("token request: status %d, body %s", got.status, got.body)
	}

	return field[string](t, got.body, "access_token")
}

// field decodes one member of a JSON object, the zero value where it is absent.
func field[T any](t testing.TB, body []byte, name string) T {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatalf("decode %.200q: %v", body, err)
	}
	var value T
	if raw, found := members[name]; found {
		if err := json.Unmarshal(raw, &value); err != nil {
			t.Fatalf("decode member %s: %v", name, err)
		}
	}

	return value
}

// keys returns the members of a JSON object in their order.
func keys(t *testing.T, object []byte) []string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		t.Fatalf("decode %.200q: %v", object, err)
	}
	var names []string
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			t.Fatalf("decode member %v: %v", name, err)
		}
	}

	return names
}

// entities returns the raw entities of a page.
func entities(t *testing.T, body []byte) []json.RawMessage {
	t.Helper()

	return field[[]json.RawMessage](t, body, "entities")
}

// lines joins entities as WriteUsers writes them.
func lines(from []json.RawMessage) string {
	var all strings.Builder
	for _, entity := range from {
		all.Write(entity)
		all.WriteByte('\n')
	}

	return all.String()
}

type query struct {
	State, SortOrder string
	Expand           []string
}

func written(t *testing.T, simulator *genesyssim.Simulator, q query) string {
	t.Helper()
	values := url.Values{}
	if q.State != "" {
		values.Set("state", q.State)
	}
	if q.SortOrder != "" {
		values.Set("sortOrder", q.SortOrder)
	}
	if q.Expand != nil {
		values["expand"] = q.Expand
	}
	recorder := httptest.NewRecorder()
	simulator.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/_sim/users?"+values.Encode(), http.NoBody))
	if recorder.Code != 200 {
		t.Fatal(recorder.Body)
	}
	return recorder.Body.String()
}

// codeOf is the code of an API error.
func codeOf(t *testing.T, body []byte) string {
	t.Helper()

	return field[string](t, body, "code")
}
