package genesyssim_test

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

// page is the admin page's text as a person reads it: without tags, entities resolved.
func (s *sim) page(t *testing.T, path string) string {
	t.Helper()
	got := s.must(t, http.MethodGet, path, "", "")
	if kind := got.header.Get("Content-Type"); got.status != http.StatusOK || kind != "text/html; charset=utf-8" {
		t.Fatalf("%s: status %d of type %q, want 200 of text/html", path, got.status, kind)
	}

	return readable(got.body)
}

func readable(document []byte) string {
	text := html.UnescapeString(regexp.MustCompile(`(?s)<(style|script).*?</(style|script)>|<[^>]*>`).ReplaceAllString(string(document), " "))

	return strings.Join(strings.Fields(text), " ")
}

// postForm submits a form of the admin page, and follows no redirect.
func (s *sim) postForm(t *testing.T, form url.Values) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/_sim/", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	got, err := s.roundTrip(request)
	if err != nil {
		t.Fatal(err)
	}

	return got
}

func TestThePageDocumentsEverythingThatThereIs(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{
		Users: 123, IdleTimeout: 15 * time.Minute, RateLimit: 80, RateWindow: 2 * time.Second, Latency: 7 * time.Millisecond,
	})
	page := s.page(t, "/_sim/")

	want := []string{
		"POST /oauth/token", "POST /api/v2/oauth/token", "GET HEAD DELETE /api/v2/tokens/me", "GET /api/v2/users/query",
		"POST /api/v2/users/query", "GET /api/v2/users users",
		"GET /_sim/ ", "GET /_sim/stats", "GET /_sim/faults", "GET /_sim/users", "POST /_sim/faults", "POST /_sim/reset-stats",
		"POST /_sim/revoke-tokens", "POST /_sim/token-lifetime", "POST /_sim/client",
		"-users 123 ", "-idle-timeout 15m0s ", "-rate-limit 80 ", "-rate-window 2s ", "-latency 7ms ", "-token-lifetime 24h0m0s ",
		"-max-page-size 500 ", "-seed 0 ", "limit.value is 2400.",
	}
	for _, quirk := range genesyssim.Quirks() {
		said := string(quirk.Grade) + " " + quirk.What
		if quirk.Source != "" {
			said += " — " + quirk.Source
		}
		want = append(want, said)
	}
	for _, example := range examples(t) {
		for _, fault := range example.Faults {
			want = append(want, fault.Note)
		}
	}
	for _, action := range genesyssim.Actions() {
		if fault := `"action":"` + string(action) + `"`; !strings.Contains(page, fault) {
			t.Errorf("the page has no example of %s", fault)
		}
	}
	for _, text := range want {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %q", text)
		}
	}
}

func TestThePageShowsWhatWasAskedAndNoTokenOrSecret(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 40, RateLimit: 2, Faults: []genesyssim.Fault{
		{Path: "/api/v2/users/query", Nth: 2, Status: 500, Note: "the <second> fails"},
	}})
	token := s.token(t)
	s.must(t, http.MethodGet, usersQuery, token, "")
	s.must(t, http.MethodGet, usersQuery, token, "")
	s.must(t, http.MethodGet, "/<b>bold</b>", token, "")

	for _, path := range []string{"/_sim/", "/_sim/live"} {
		raw := string(s.must(t, http.MethodGet, path, "", "").body)
		for _, hidden := range []string{token, clientSecret, clientID, "<b>bold", "<second>"} {
			if strings.Contains(raw, hidden) {
				t.Errorf("%s shows %q", path, hidden)
			}
		}
		page := s.page(t, path)
		for _, want := range []string{
			"1 tokens_minted", "1 pages ", "10 entities_served", "1 faults_hit", "GET /api/v2/users/query 2", "POST /oauth/token 1",
			"GET /<b>bold</b> 1", `the <second> fails {"path":"/api/v2/users/query","nth":2,"status":500} 2 1`,
		} {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
	}
	if page := s.page(t, "/_sim/live"); strings.Contains(page, "-rate-limit") || strings.Contains(page, "disabled") {
		t.Errorf("the live part has more than changes by itself: %s", page)
	}
	s.SetClientDisabled(true)
	if page := s.page(t, "/_sim/live"); !strings.Contains(page, "The OAuth client is disabled") {
		t.Errorf("the live part does not say that the client is disabled: %s", page)
	}
}

func TestThePageAsksForNothingElseAndRunsNothingElse(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{})
	one, two := s.must(t, http.MethodGet, "/_sim/", "", ""), s.must(t, http.MethodGet, "/_sim/", "", "")

	policy := one.header.Get("Content-Security-Policy")
	nonce := regexp.MustCompile(`script-src 'nonce-([A-Z0-9]+)'`).FindStringSubmatch(policy)
	if nonce == nil || !strings.HasPrefix(policy, "default-src 'none'; ") {
		t.Fatalf("Content-Security-Policy is %q, want nothing but what has its nonce", policy)
	}
	for _, tag := range []string{"<script", "<style"} {
		all, allowed := strings.Count(string(one.body), tag), strings.Count(string(one.body), fmt.Sprintf("%s nonce=%q", tag, nonce[1]))
		if all != 1 || allowed != 1 {
			t.Errorf("%d of %d %s have the nonce, want 1 of 1", allowed, all, tag)
		}
	}
	if outside := regexp.MustCompile(`(src|href|action)="(https?:)?//`).FindAll(one.body, -1); len(outside) > 0 {
		t.Errorf("the page leads elsewhere: %q", outside)
	}
	if policy == two.header.Get("Content-Security-Policy") {
		t.Error("the nonce is the same twice")
	}
}

func TestTheFormsOfThePageChangeTheOrganisation(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 10})
	token := s.token(t)
	status := func() int { return s.must(t, http.MethodGet, usersQuery, token, "").status }
	obeyed := func(form url.Values) {
		t.Helper()
		if got := s.postForm(t, form); got.status != http.StatusSeeOther || got.header.Get("Location") != "/_sim/" {
			t.Errorf("%v: status %d to %q, want 303 to /_sim/", form, got.status, got.header.Get("Location"))
		}
	}

	obeyed(url.Values{"do": {"faults"}, "script": {"{\"path\":\"/api/v2/*\",\"status\":500}\r\n\r\n{\"path\":\"/api/v2/*\",\"status\":502}\r\n"}})
	if diff := cmp.Diff([]int{500, 502, 200}, []int{status(), status(), status()}); diff != "" {
		t.Errorf("statuses under the script of the form (-want +got):\n%s", diff)
	}
	obeyed(url.Values{"do": {"faults"}, "script": {""}})
	if faults := s.Faults(); len(faults) != 0 {
		t.Errorf("an empty script leaves %v", faults)
	}
	obeyed(url.Values{"do": {"token-lifetime"}, "seconds": {"300"}})
	if page := s.page(t, "/_sim/"); !strings.Contains(page, "-token-lifetime 5m0s ") {
		t.Error("the page does not show the lifetime that was set")
	}
	obeyed(url.Values{"do": {"revoke-tokens"}})
	if got := status(); got != http.StatusUnauthorized {
		t.Errorf("the revoked token is answered %d, want 401", got)
	}
	obeyed(url.Values{"do": {"reset-stats"}})
	if diff := cmp.Diff(genesyssim.Stats{Requests: map[string]int64{}, EarlyRequests: map[string]int64{}}, s.Stats()); diff != "" {
		t.Errorf("stats after the reset (-want +got):\n%s", diff)
	}
}

func TestAFormThatAsksForNonsenseShowsThePageWithTheReason(t *testing.T) {
	t.Parallel()
	const script = `{"path":"/","stauts":500} </textarea>`
	for name, test := range map[string]struct {
		form url.Values
		want string
	}{
		"faults":          {url.Values{"do": {"faults"}, "script": {script}}, "line 1 of the fault script"},
		"no number":       {url.Values{"do": {"token-lifetime"}, "seconds": {"soon"}}, "no whole number of seconds"},
		"too short":       {url.Values{"do": {"token-lifetime"}, "seconds": {"0"}}, "give whole seconds, from 1s to 48h0m0s"},
		"an unknown form": {url.Values{"do": {"<i>"}}, `there is no form "<i>"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, genesyssim.Config{Faults: []genesyssim.Fault{{Path: "/kept", Status: 500}}})
			got := s.postForm(t, test.form)
			if got.status != http.StatusBadRequest || !strings.Contains(readable(got.body), test.want) {
				t.Errorf("status %d, want 400 and %q", got.status, test.want)
			}
			if typed := test.form.Get("script"); typed != "" && !strings.Contains(readable(got.body), typed) {
				t.Error("what was typed is gone")
			}
			if faults := s.Faults(); len(faults) != 1 || faults[0].Fault.Path != "/kept" {
				t.Errorf("the script in force is %v", faults)
			}
		})
	}
}

func TestOtherSitesCannotChangeTheOrganisation(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 10})
	host := strings.TrimPrefix(s.url, "http://")
	for name, test := range map[string]struct {
		headers map[string]string
		refused bool
	}{
		"a client that is no browser":       {nil, false},
		"the page itself":                   {map[string]string{"Origin": "http://" + host, "Sec-Fetch-Site": "same-origin"}, false},
		"the page in an old browser":        {map[string]string{"Origin": "http://" + host}, false},
		"another site":                      {map[string]string{"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}, true},
		"another site in an old browser":    {map[string]string{"Origin": "https://elsewhere.example"}, true},
		"another port":                      {map[string]string{"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"}, true},
		"a sandboxed page":                  {map[string]string{"Origin": "null"}, true},
		"another site that hides its name":  {map[string]string{"Sec-Fetch-Site": "cross-site"}, true},
		"another site that claims to be us": {map[string]string{"Origin": "http://" + host, "Sec-Fetch-Site": "cross-site"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"", "faults", "reset-stats", "revoke-tokens", "token-lifetime", "client"} {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/_sim/"+path, strings.NewReader("nonsense"))
				if err != nil {
					t.Fatal(err)
				}
				for key, value := range test.headers {
					request.Header.Set(key, value)
				}
				got, err := s.roundTrip(request)
				if err != nil {
					t.Fatal(err)
				}
				if refused := got.status == http.StatusForbidden; refused != test.refused {
					t.Errorf("POST /_sim/%s is answered %d; refused: %t, want %t", path, got.status, refused, test.refused)
				}
			}
		})
	}
}

func TestThePageCutsShortWhatIsTooLongToBeShown(t *testing.T) {
	t.Parallel()
	entity := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 100_000)))
	s := start(t, genesyssim.Config{})
	s.must(t, http.MethodPost, "/_sim/faults", "", `{"path":"/api/v2/users","entity_base64":"`+entity+`"}`)
	got := s.must(t, http.MethodGet, "/_sim/", "", "")
	if strings.Contains(string(got.body), entity[:500]) {
		t.Errorf("the page of %d bytes has the whole entity", len(got.body))
	}
	if text := readable(got.body); !strings.Contains(text, `{"path":"/api/v2/users","entity_base64":"`+entity[:100]) {
		t.Error("the page does not show how the fault begins")
	}
}
