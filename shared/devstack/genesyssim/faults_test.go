package genesyssim_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

const usersQuery = "/api/v2/users/query?pageSize=10"

// loadFaults parses a script of testdata.
func loadFaults(t *testing.T, name string) []genesyssim.Fault {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "faults", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	faults, err := genesyssim.ParseFaults(file)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}

	return faults
}

// TestEveryFaultHappensAsScripted runs each script of testdata against a simulator of its own. What a script does is
// looked at by the check of its name, and a script without one fails, as does a check without a script.
func TestEveryFaultHappensAsScripted(t *testing.T) {
	t.Parallel()
	checks := faultChecks()
	files, err := os.ReadDir(filepath.Join("testdata", "faults"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(file.Name(), ".jsonl"))
	}
	if len(names) != len(checks) {
		t.Errorf("%d scripts and %d checks: want one each", len(names), len(checks))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check, found := checks[name]
			if !found {
				t.Fatal("nothing checks this script")
			}
			s := start(t, genesyssim.Config{Users: 100})
			token := s.token(t)
			if err := s.SetFaults(loadFaults(t, name+".jsonl")); err != nil {
				t.Fatal(err)
			}
			check(t, s, token)
			if hits := s.Stats().FaultsHit; hits == 0 {
				t.Error("no fault was hit")
			}
		})
	}
}

func TestEveryActionHasAnExampleAndEveryExampleSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(filepath.Join("testdata", "faults"))
	if err != nil {
		t.Fatal(err)
	}
	shown := map[genesyssim.Action]bool{}
	for _, file := range files {
		for _, fault := range loadFaults(t, file.Name()) {
			shown[fault.Action] = true
			if fault.Note == "" {
				t.Errorf("%s has a fault without a note", file.Name())
			}
		}
	}
	for _, action := range genesyssim.Actions() {
		if !shown[action] {
			t.Errorf("no example shows %s", action)
		}
	}
}

type faultCheck func(t *testing.T, s *sim, token string)

func faultChecks() map[string]faultCheck {
	checks := connectionChecks()
	for _, more := range []map[string]faultCheck{replyChecks(), entityChecks(), linkChecks(), tokenChecks()} {
		maps.Copy(checks, more)
	}

	return checks
}

// readFails wants the reply to break with one of these errors, and the next request to be answered.
func readFails(want ...error) faultCheck {
	return func(t *testing.T, s *sim, token string) {
		t.Helper()
		s.client.CloseIdleConnections() // a request that finds a kept connection reset is sent again unasked
		_, err := s.do(t.Context(), http.MethodGet, usersQuery, token, "")
		matched := false
		for _, one := range want {
			matched = matched || errors.Is(err, one)
		}
		if !matched {
			t.Errorf("error is %v, want one of %v", err, want)
		}
		if pages := s.Stats().Pages; pages != 0 {
			t.Errorf("%d pages went out whole, want none", pages)
		}
		if got := s.must(t, http.MethodGet, usersQuery, token, ""); len(entities(t, got.body)) != 10 {
			t.Errorf("the next request gets %s", got.body)
		}
	}
}

func connectionChecks() map[string]faultCheck {
	return map[string]faultCheck{
		"reset":        readFails(syscall.ECONNRESET, io.EOF),
		"reset_body":   readFails(syscall.ECONNRESET, io.ErrUnexpectedEOF),
		"truncate":     readFails(io.ErrUnexpectedEOF),
		"short_length": readFails(io.ErrUnexpectedEOF),
		"cut_gzip":     readFails(io.ErrUnexpectedEOF),
		"hang": func(t *testing.T, s *sim, token string) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := s.do(ctx, http.MethodGet, usersQuery, token, ""); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error is %v, want the deadline's", err)
			}
		},
		"drip": func(t *testing.T, s *sim, token string) {
			began := time.Now()
			got := s.must(t, http.MethodGet, "/api/v2/tokens/me", token, "")
			if took := time.Since(began); took < time.Duration(len(got.body))*time.Millisecond {
				t.Errorf("%d bytes took %s, want a millisecond each", len(got.body), took)
			}
			field[map[string]any](t, got.body, "OAuthClient")
		},
		"delay": func(t *testing.T, s *sim, token string) {
			began := time.Now()
			got := s.must(t, http.MethodGet, usersQuery, token, "")
			if took := time.Since(began); got.status != http.StatusOK || took < 60*time.Millisecond {
				t.Errorf("status %d after %s, want 200 after 60ms", got.status, took)
			}
		},
		"several": func(t *testing.T, s *sim, token string) {
			if got := s.must(t, http.MethodGet, usersQuery, token, ""); got.status != http.StatusInternalServerError {
				t.Errorf("status is %d, want the first fault's 500", got.status)
			}
			got, err := s.do(t.Context(), http.MethodGet, usersQuery, token, "")
			if got.status != http.StatusBadGateway || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("status %d, error %v; want the second fault's cut 502", got.status, err)
			}
		},
	}
}

// statusIs wants a status, a code and a Retry-After.
func statusIs(status int, code, retryAfter string) faultCheck {
	return func(t *testing.T, s *sim, token string) {
		t.Helper()
		got := s.must(t, http.MethodGet, usersQuery, token, "")
		if got.status != status || codeOf(t, got.body) != code || got.header.Get("Retry-After") != retryAfter {
			t.Errorf("status %d, code %q, Retry-After %q; want %d, %q, %q", got.status, codeOf(t, got.body),
				got.header.Get("Retry-After"), status, code, retryAfter)
		}
	}
}

// retryDate wants a Retry-After that is a date so far from now.
func retryDate(seconds int) faultCheck {
	return func(t *testing.T, s *sim, token string) {
		t.Helper()
		want := time.Now().Add(time.Duration(seconds) * time.Second)
		got := s.must(t, http.MethodGet, usersQuery, token, "")
		date, err := http.ParseTime(got.header.Get("Retry-After"))
		if off := date.Sub(want).Abs(); err != nil || off > 5*time.Second || got.status != http.StatusTooManyRequests {
			t.Errorf("status %d, Retry-After %q; want 429 and about %s", got.status, got.header.Get("Retry-After"), want)
		}
	}
}

func replyChecks() map[string]faultCheck {
	const throttled = "too.many.requests.retry.after"

	return map[string]faultCheck{
		"code_403":            statusIs(http.StatusForbidden, "missing.any.permissions", ""),
		"code_413":            statusIs(http.StatusRequestEntityTooLarge, "response.entity.too.large", ""),
		"throttled_garbage":   statusIs(http.StatusTooManyRequests, throttled, "soon"),
		"throttled_silent":    statusIs(http.StatusTooManyRequests, throttled, ""),
		"throttled_date":      retryDate(22),
		"throttled_date_past": retryDate(-60),
		"throttled_seconds": func(t *testing.T, s *sim, token string) {
			got := s.must(t, http.MethodGet, usersQuery, token, "")
			id := got.header.Get("ININ-Correlation-Id")
			want := `{"message":"Rate limit exceeded the maximum. Retry the request in [22] seconds",` +
				`"code":"too.many.requests.retry.after","status":429,"contextId":"` + id + `","details":[],"errors":[],` +
				`"limit":{"key":"user.rate.per.minute","namespace":"directory","value":180}}`
			if diff := cmp.Diff(want, string(got.body)); diff != "" || got.header.Get("Retry-After") != "22" {
				t.Errorf("Retry-After %q, body (-want +got):\n%s", got.header.Get("Retry-After"), diff)
			}
		},
		"status_503": func(t *testing.T, s *sim, token string) {
			var got []int
			for range 7 {
				got = append(got, s.must(t, http.MethodGet, usersQuery, token, "").status)
			}
			if diff := cmp.Diff([]int{200, 503, 200, 503, 200, 200, 200}, got); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
		},
		"html": func(t *testing.T, s *sim, token string) {
			got := s.must(t, http.MethodGet, usersQuery, token, "")
			if kind := got.header.Get("Content-Type"); got.status != http.StatusOK || !strings.HasPrefix(kind, "text/html") {
				t.Errorf("status %d of type %q, want 200 of text/html", got.status, kind)
			}
		},
		"redirect": func(t *testing.T, s *sim, token string) {
			s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			got := s.must(t, http.MethodGet, usersQuery, token, "")
			const want = "https://api.mypurecloud.example/api/v2/users/query"
			if location := got.header.Get("Location"); got.status != http.StatusTemporaryRedirect || location != want {
				t.Errorf("status %d to %q, want 307 to %q", got.status, location, want)
			}
		},
		"not_the_api": func(t *testing.T, s *sim, token string) {
			var got []string
			for range 8 {
				answer := s.must(t, http.MethodGet, usersQuery, token, "")
				got = append(got, fmt.Sprintf("%d %.10s", answer.status, answer.body))
			}
			want := []string{"403 <!DOCTYPE ", "200 {}", "200 null", "200 ", "200 \ufeff{\"entitie", "202 {}", "204 ", "200 {\"entities"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("replies (-want +got):\n%s", diff)
			}
		},
		"raw_body": func(t *testing.T, s *sim, token string) {
			got := s.must(t, http.MethodGet, usersQuery, token, "")
			if diff := cmp.Diff(`{"entities":[`, string(got.body)); diff != "" || got.status != http.StatusOK {
				t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
			}
		},
		"headers": func(t *testing.T, s *sim, token string) {
			got := s.must(t, http.MethodGet, usersQuery, token, "")
			if allowed := got.header.Get("inin-ratelimit-allowed"); got.status != http.StatusOK || allowed != "300" {
				t.Errorf("status %d with inin-ratelimit-allowed %q, want 200 with 300", got.status, allowed)
			}
		},
	}
}

func tokenChecks() map[string]faultCheck {
	dead := func() faultCheck {
		return func(t *testing.T, s *sim, token string) {
			if got := s.must(t, http.MethodGet, usersQuery, token, ""); got.status != http.StatusUnauthorized {
				t.Errorf("status is %d, want 401", got.status)
			}
			if got := s.must(t, http.MethodGet, usersQuery, token, ""); got.status != http.StatusUnauthorized {
				t.Errorf("later the status is %d, want 401", got.status)
			}
			if got := s.must(t, http.MethodGet, usersQuery, s.token(t), ""); got.status != http.StatusOK {
				t.Errorf("with a new token the status is %d, want 200", got.status)
			}
			if bad := s.Stats().BadTokenRequests; bad != 2 {
				t.Errorf("%d bad token requests, want 2", bad)
			}
		}
	}
	grant := url.Values{"grant_type": {"client_credentials"}}
	replies := func(status int, body string) faultCheck {
		return func(t *testing.T, s *sim, _ string) {
			got := s.requestToken(t, clientID, clientSecret, grant)
			if diff := cmp.Diff(body, string(got.body)); diff != "" || got.status != status {
				t.Errorf("status %d, want %d; body (-want +got):\n%s", got.status, status, diff)
			}
			if again := s.requestToken(t, clientID, clientSecret, grant); again.status != http.StatusOK {
				t.Errorf("the next request is answered %d, want 200", again.status)
			}
		}
	}

	return map[string]faultCheck{
		"revoke_token": dead(),
		"token_throttled": replies(http.StatusBadRequest, `{"error":"invalid_request",`+
			`"description":"rate limit exceeded; try again later","error_description":"rate limit exceeded; try again later"}`),
		"token_body":   replies(http.StatusOK, `{"access_token":"t","token_type":"bearer","expires_in":"3600"}`),
		"token_status": replies(http.StatusBadGateway, `{"error":"server_error","description":"","error_description":""}`),
	}
}
