package genesyssim_test

import (
	"html"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func TestThePageShowsCountsFaultsSettingsAndTheReadmeButNoTokenOrSecret(t *testing.T) {
	t.Parallel()
	long := `{"id":"` + strings.Repeat("x", 100_000) + `"}`
	s := start(t, genesyssim.Config{Users: 123, IdleTimeout: 15 * time.Minute, Faults: []genesyssim.Fault{
		{Path: "/api/v2/users/query", Nth: 2, Status: 500, Note: "the <second> fails"},
		{Path: "/api/v2/users", Entity: long},
	}})
	token := s.token(t)
	s.must(t, http.MethodGet, usersQuery, token, "")
	s.must(t, http.MethodGet, usersQuery, token, "")
	s.must(t, http.MethodGet, "/<b>bold</b>", token, "")
	s.must(t, http.MethodPost, "/_sim/token-lifetime", "", `{"seconds":420}`)

	got := s.must(t, http.MethodGet, "/_sim/", "", "")
	raw := string(got.body)
	if kind := got.header.Get("Content-Type"); got.status != http.StatusOK || kind != "text/html; charset=utf-8" {
		t.Errorf("status %d of type %q, want 200 of text/html", got.status, kind)
	}
	if got.header.Get("Content-Security-Policy") != "frame-ancestors 'none'" {
		t.Error("another site's page may show the page in a frame")
	}
	for _, hidden := range []string{token, clientSecret, clientID, "<b>bold", "<second>", long[:500]} {
		if strings.Contains(raw, hidden) {
			t.Errorf("the page shows %.100q", hidden)
		}
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := html.UnescapeString(raw)
	for _, want := range []string{
		`"entities_served": 10`, `"GET /api/v2/users/query": 2`, "<td>1 of 2</td>", "the <second> fails", long[10:100],
		"-users</code></td><td>123<", "-idle-timeout</code></td><td>15m0s<", "-token-lifetime</code></td><td>7m0s<", string(readme),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %.100q", want)
		}
	}
}

func TestOtherSitesCannotChangeTheOrganisation(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 10})
	host := strings.TrimPrefix(s.url, "http://")
	for name, test := range map[string]struct {
		origin, site string
		refused      bool
	}{
		"a client that is no browser":       {"", "", false},
		"the page itself":                   {"http://" + host, "same-origin", false},
		"another site":                      {"https://elsewhere.example", "cross-site", true},
		"another site in an old browser":    {"https://elsewhere.example", "", true},
		"another port":                      {"http://127.0.0.1:1", "same-site", true},
		"another site that claims to be us": {"http://" + host, "cross-site", true},
	} {
		for _, path := range []string{"faults", "reset-stats", "revoke-tokens", "token-lifetime", "client"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/_sim/"+path, strings.NewReader("nonsense"))
			if err != nil {
				t.Fatal(err)
			}
			for key, value := range map[string]string{"Origin": test.origin, "Sec-Fetch-Site": test.site} {
				if value != "" {
					request.Header.Set(key, value)
				}
			}
			got, err := s.roundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			if refused := got.status == http.StatusForbidden; refused != test.refused {
				t.Errorf("%s: POST /_sim/%s is answered %d; refused: %t, want %t", name, path, got.status, refused, test.refused)
			}
		}
	}
}
