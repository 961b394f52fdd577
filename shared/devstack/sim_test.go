package main_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// sim is a running devstack sim.
type sim struct {
	*process

	url, credentials string
	trusted          *x509.CertPool
}

func (s *sim) said() string { return s.stdout.String() + s.stderr.String() }

// startSim runs devstack sim, and waits until it says that it is up. At the end of the test it has to end in good order.
func startSim(t *testing.T, arguments ...string) *sim {
	t.Helper()
	s := &sim{process: start(t, "", []string{}, append([]string{"sim"}, arguments...)...)}
	up := regexp.MustCompile(`(?m)^credentials +(.+)\ncounts +(https?://.+)/_sim/stats\n`)

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

// token asks for a token with the file's credentials, as a client that trusts what the file of -tls has.
func (s *sim) token(t *testing.T) (token string, lifetime int) {
	t.Helper()
	form := strings.NewReader("grant_type=client_credentials")

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/oauth/token", form)
	if err != nil {
		t.Fatal(err)
	}

	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(s.client(t))
	request.Close = true

	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.trusted, MinVersion: tls.VersionTLS12}}}

	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	var reply struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.NewDecoder(response.Body).Decode(&reply); err != nil {
		t.Fatalf("the token request is answered %s: %v", response.Status, err)
	}

	return reply.AccessToken, reply.ExpiresIn
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

	token, _ := s.token(t)
	await(t, "each request is a line", func() bool { return strings.Contains(s.said(), "path=/oauth/token status=200") })

	id, secret := s.client(t)
	for what, hidden := range map[string]string{"the secret": secret, "the client": id, "a token": token} {
		if len(hidden) < 20 || strings.Contains(s.said(), hidden) {
			t.Errorf("%s is printed, or too short: %q", what, s.said())
		}
	}

	ca := filepath.Join(out, "ca.pem")
	everywhere := startSim(t, "-out", out, "-listen", ":0", "-tls", ca)

	certificate, err := os.ReadFile(ca)
	if everywhere.trusted = x509.NewCertPool(); !everywhere.trusted.AppendCertsFromPEM(certificate) {
		t.Fatalf("the file of -tls has no certificate: %v", err)
	}

	if againID, againSecret := everywhere.client(t); againID != id || againSecret != secret {
		t.Error("the credentials of the first start are not those of the second")
	}

	for sim, address := range map[*sim]string{s: "http://127.0.0.1:", everywhere: "https://127.0.0.1:"} {
		if _, lifetime := sim.token(t); lifetime != 86_400 || !strings.HasPrefix(sim.url, address) {
			t.Errorf("nobody gets a token for a day at %s, where it says it is", sim.url)
		}

		if warns := strings.Contains(sim.said(), "Others than this machine can reach it"); warns != (sim == everywhere) {
			t.Errorf("it warns %t, and others can reach it %t: %q", warns, sim == everywhere, sim.said())
		}
	}
}
