package main_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sim is a running devstack sim.
type sim struct {
	*process

	url, credentials string
}

func (s *sim) said() string { return s.stdout.String() + s.stderr.String() }

// startSim runs devstack sim, and waits until it says that it is up. At the end of the test it has to end in good order.
func startSim(t *testing.T, arguments ...string) *sim {
	t.Helper()

	s := &sim{process: start(t, "", []string{}, append([]string{"sim"}, arguments...)...)}
	up := regexp.MustCompile(`(?m)^credentials +(.+)\nadmin page +(http://.+)/_sim/\n`)

	await(t, "devstack sim is up", func() bool {
		found := up.FindStringSubmatch(s.stdout.String())
		if found != nil {
			s.credentials, s.url = found[1], found[2]
		}

		return found != nil
	})

	t.Cleanup(func() {
		_ = s.Process.Signal(syscall.SIGTERM)

		if err := s.Wait(); !s.ProcessState.Success() {
			t.Errorf("ended with %v (%v) and said %q", s.ProcessState, err, s.said())
		}
	})

	return s
}

// client reads the credentials file as an integration would.
func (s *sim) client(t *testing.T) (id, secret string) {
	t.Helper()

	content, err := os.ReadFile(s.credentials)
	if err != nil {
		t.Fatal(err)
	}

	var file map[string]string
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}

	return file["client_id"], file["client_secret"]
}

// ask sends a request and decodes its reply.
func (s *sim) ask(t *testing.T, method, path, body string, header func(*http.Request), into any) int {
	t.Helper()

	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}

	header(request)

	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatalf("%s is answered %s: %v", path, response.Status, err)
	}

	return response.StatusCode
}

func (s *sim) token(t *testing.T) (token string, lifetime int) {
	t.Helper()

	var reply struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}

	status := s.ask(t, http.MethodPost, "/oauth/token", url.Values{"grant_type": {"client_credentials"}}.Encode(), func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(s.client(t))
	}, &reply)
	if status != http.StatusOK {
		t.Fatalf("the token request is answered %d", status)
	}

	return reply.AccessToken, reply.ExpiresIn
}

// users asks for a page of users, and returns the status and how many there are.
func (s *sim) users(t *testing.T, token string) (status, count int) {
	t.Helper()

	var page struct {
		Results int `json:"results"`
	}

	status = s.ask(t, http.MethodGet, "/api/v2/users/query?state=any&pageSize=500", "", func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token)
	}, &page)

	return status, page.Results
}

func TestTheSimulatorKeepsItsCredentialsInAFileOfTheOwnerAndWarnsWhereOthersCanReachIt(t *testing.T) {
	t.Parallel()

	out := filepath.Join(t.TempDir(), "out")
	s := startSim(t, "-out", out, "-users", "12", "-verbose")

	if want := filepath.Join(out, "sim", "credentials.json"); s.credentials != want {
		t.Errorf("credentials are in %s, want %s", s.credentials, want)
	}

	for name, want := range map[string]os.FileMode{s.credentials: 0o600, filepath.Dir(s.credentials): 0o700 | os.ModeDir} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}

		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), want)
		}
	}

	token, lifetime := s.token(t)
	if status, count := s.users(t, token); status != http.StatusOK || count != 12 || lifetime != 86_400 {
		t.Errorf("status %d, %d users, tokens of %d s; want 200, 12, 86400", status, count, lifetime)
	}

	id, secret := s.client(t)
	for what, hidden := range map[string]string{"the secret": secret, "the client": id, "a token": token} {
		if len(hidden) < 20 || strings.Contains(s.said(), hidden) {
			t.Errorf("%s is printed, or too short: %q", what, s.said())
		}
	}

	await(t, "each request is a line", func() bool { return strings.Contains(s.said(), "path=/api/v2/users/query status=200") })

	everywhere := startSim(t, "-out", out, "-listen", ":0")

	againID, againSecret := everywhere.client(t)
	if diff := cmp.Diff([]string{id, secret}, []string{againID, againSecret}); diff != "" {
		t.Errorf("credentials (-first start +second):\n%s", diff)
	}

	for _, sim := range []*sim{s, everywhere} {
		if _, lifetime := sim.token(t); lifetime == 0 || !strings.HasPrefix(sim.url, "http://127.0.0.1:") {
			t.Errorf("nobody gets a token at %s, where it says it is", sim.url)
		}

		if warns := strings.Contains(sim.said(), "Others than this machine can reach it"); warns != (sim == everywhere) {
			t.Errorf("it warns %t, and others can reach it %t: %q", warns, sim == everywhere, sim.said())
		}
	}
}

func TestTheSimulatorTakesCredentialsAndAnOrganisationFromTheCommandLine(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	credentials := filepath.Join(folder, "mine.json")

	if err := os.WriteFile(credentials, []byte(`{"client_id":"mine","client_secret":"canary"}`), 0o600); err != nil {
		t.Fatal(err)
	}

	s := startSim(t, "-credentials", credentials, "-out", filepath.Join(folder, "out"), "-listen", "127.0.0.1:0", "-users", "700", "-seed", "5",
		"-token-lifetime", "5m", "-idle-timeout", "15m", "-rate-limit", "3", "-rate-window", "30s", "-latency", "1ms", "-max-page-size", "60",
		"-faults", filepath.Join("genesyssim", "testdata", "faults", "code_413.jsonl"))

	token, lifetime := s.token(t)

	var got [][2]int
	for range 4 {
		status, count := s.users(t, token)
		got = append(got, [2]int{status, count})
	}

	// The fault answers before the limit is looked at.
	want := [][2]int{{413, 0}, {200, 60}, {200, 60}, {200, 60}}
	if diff := cmp.Diff(want, got); diff != "" || lifetime != 300 {
		t.Errorf("tokens of %d s, want 300; status and users (-want +got):\n%s", lifetime, diff)
	}

	if status, _ := s.users(t, token); status != http.StatusTooManyRequests {
		t.Errorf("over the limit the status is %d, want 429", status)
	}

	if _, err := os.Stat(filepath.Join(folder, "out")); !os.IsNotExist(err) {
		t.Errorf("credentials were made up though some were given (%v)", err)
	}

	if strings.Contains(s.said(), "canary") {
		t.Errorf("it prints the secret: %q", s.said())
	}
}
