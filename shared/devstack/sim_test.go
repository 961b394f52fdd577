package main_test

import (
	"encoding/json"
	"errors"
	"net/http"
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

	var file map[string]string
	if err := errors.Join(err, json.Unmarshal(content, &file)); err != nil {
		t.Fatal(err)
	}

	return file["client_id"], file["client_secret"]
}

// ask sends a request that is prepared before, and decodes its reply.
func (s *sim) ask(t *testing.T, method, path, body string, prepare func(*http.Request)) (status int, reply map[string]any) {
	t.Helper()

	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}

	prepare(request)

	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	if err := json.NewDecoder(response.Body).Decode(&reply); err != nil {
		t.Fatalf("%s is answered %s: %v", path, response.Status, err)
	}

	return response.StatusCode, reply
}

func (s *sim) token(t *testing.T) (token string, lifetime any) {
	t.Helper()

	status, reply := s.ask(t, http.MethodPost, "/oauth/token", "grant_type=client_credentials", func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(s.client(t))
	})
	if status != http.StatusOK {
		t.Fatalf("the token request is answered %d", status)
	}

	token, _ = reply["access_token"].(string)

	return token, reply["expires_in"]
}

// page is a status and how many users there are.
type page struct {
	Status int
	Users  any
}

func (s *sim) users(t *testing.T, token string) page {
	t.Helper()

	status, reply := s.ask(t, http.MethodGet, "/api/v2/users/query?state=any&pageSize=500", "", func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token)
	})

	return page{status, reply["results"]}
}

func TestTheSimulatorKeepsItsCredentialsInAFileOfTheOwnerAndWarnsWhereOthersCanReachIt(t *testing.T) {
	t.Parallel()

	out := filepath.Join(t.TempDir(), "out")
	s := startSim(t, "-out", out, "-users", "12", "-verbose")

	if want := filepath.Join(out, "sim", "credentials.json"); s.credentials != want {
		t.Errorf("credentials are in %s, want %s", s.credentials, want)
	}

	for name, want := range map[string]os.FileMode{s.credentials: 0o600, filepath.Dir(s.credentials): 0o700 | os.ModeDir} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s is %v (%v), want mode %v", name, info, err, want)
		}
	}

	token, lifetime := s.token(t)
	if got := s.users(t, token); got != (page{http.StatusOK, 12.}) || lifetime != 86_400. {
		t.Errorf("got %v, tokens of %v s; want 200, 12 users, 86400", got, lifetime)
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
		if _, lifetime := sim.token(t); lifetime != 86_400. || !strings.HasPrefix(sim.url, "http://127.0.0.1:") {
			t.Errorf("nobody gets a token at %s, where it says it is", sim.url)
		}

		if warns := strings.Contains(sim.said(), "Others than this machine can reach it"); warns != (sim == everywhere) {
			t.Errorf("it warns %t, and others can reach it %t: %q", warns, sim == everywhere, sim.said())
		}
	}
}

func TestTheSimulatorTakesCredentialsFaultsAndAnOrganisationFromTheCommandLine(t *testing.T) {
	t.Parallel()

	out := filepath.Join(t.TempDir(), "out")
	s := startSim(t, "-credentials", write(t, "mine.json", `{"client_id":"mine","client_secret":"canary"}`), "-out", out, "-users", "7",
		"-token-lifetime", "5m", "-faults", filepath.Join("genesyssim", "testdata", "faults", "code_413.jsonl"))

	token, lifetime := s.token(t)

	want := []page{{http.StatusRequestEntityTooLarge, nil}, {http.StatusOK, 7.}}
	if diff := cmp.Diff(want, []page{s.users(t, token), s.users(t, token)}); diff != "" || lifetime != 300. {
		t.Errorf("tokens of %v s, want 300; status and users (-want +got):\n%s", lifetime, diff)
	}

	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Errorf("credentials were made up though some were given (%v)", err)
	}

	if strings.Contains(s.said(), "canary") {
		t.Errorf("it prints the secret: %q", s.said())
	}
}
