package genesys_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
)

// hostileLinks are links that lead elsewhere, or to which something might be made to believe that they do not.
func hostileLinks() map[string]string {
	return map[string]string{
		"another host":                  "http://evil.test/api/v2/users/query?cursor=canary",
		"another host by https":         "https://evil.test/api/v2/users/query?cursor=canary",
		"another scheme":                "https://api.acme.test/api/v2/users/query?cursor=canary",
		"another scheme, the same port": "https://api.acme.test:80/api/v2/users/query?cursor=canary",
		"ftp":                           "ftp://api.acme.test/api/v2/users/query",
		"a script":                      "javascript:canary",
		"no scheme":                     "//evil.test/api/v2/users/query?cursor=canary",
		"no scheme, the same host":      "//api.acme.test/api/v2/users/query?cursor=canary",
		"three slashes":                 "///evil.test/api/v2/users/query?cursor=canary",
		"an empty host":                 "http:///api/v2/users/query?cursor=canary",
		"one slash":                     "http:/api/v2/users/query?cursor=canary",
		"no slash":                      "http:api.acme.test/api/v2/users/query?cursor=canary",
		"another port":                  "http://api.acme.test:8080/api/v2/users/query?cursor=canary",
		"another way to write the port": "http://api.acme.test:080/api/v2/users/query?cursor=canary",
		"a user":                        "http://user@api.acme.test/api/v2/users/query?cursor=canary",
		"a user and a password":         "http://user:canary@api.acme.test/api/v2/users/query",
		"our host as the user":          "http://api.acme.test@evil.test/api/v2/users/query?cursor=canary",
		"our host and port as the user": "http://api.acme.test:80@evil.test/api/v2/users/query?cursor=canary",
		"our host as a prefix":          "http://api.acme.test.evil.test/api/v2/users/query?cursor=canary",
		"our host as a suffix":          "http://evil-api.acme.test/api/v2/users/query?cursor=canary",
		"our host with a dot":           "http://api.acme.test./api/v2/users/query?cursor=canary",
		"an escaped dot":                "http://api%2eacme.test/api/v2/users/query?cursor=canary",
		"another alphabet":              "http://аpi.acme.test/api/v2/users/query?cursor=canary",
		"an address":                    "http://[::1]/api/v2/users/query?cursor=canary",
		"the instance's metadata":       "http://169.254.169.254/latest/meta-data?canary",
		"backslashes":                   `\\evil.test\api\v2\users\query?canary`,
		"a slash and a backslash":       `/\evil.test/api/v2/users/query?canary`,
		"a backslash in the authority":  `http://evil.test\@api.acme.test/api/v2/users/query?canary`,
		"another path":                  "/api/v2/oauth/clients?canary",
		"another path, our origin":      "http://api.acme.test/api/v2/oauth/clients?canary",
		"a path below":                  "/api/v2/users/query/canary",
		"a path above":                  "/api/v2/users",
		"a path with a slash more":      "/api/v2/users/query/?cursor=canary",
		"a path that goes up":           "/api/v2/users/query/../../oauth/clients?canary",
		"a path that goes up, escaped":  "/api/v2/users/query/%2e%2e/me?canary",
		"an escaped slash":              "/api/v2/users%2fquery?cursor=canary",
		"an escaped letter":             "/api/v2/users/%71uery?cursor=canary",
		"a semicolon":                   "/api/v2/users/query;evil?cursor=canary",
		"no slash in front":             "api/v2/users/query?cursor=canary",
		"a query alone":                 "?cursor=canary",
		"a fragment":                    "/api/v2/users/query?cursor=canary#canary",
		"a new line in the query":       "/api/v2/users/query?cursor=canary\r\nHost: evil.test",
		"a space in front":              " http://api.acme.test/api/v2/users/query?canary",
		"a tab inside":                  "http://api.acme.test\t.evil.test/api/v2/users/query?canary",
		"a zero byte":                   "/api/v2/users/query?cursor=canary\x00",
		"a letter that is none":         "/api/v2/users/query?cursor=canaré",
		"no link at all":                "canary",
		"a percent":                     "%",
		"a colon":                       ":",
		"8 KB and more":                 "/api/v2/users/query?cursor=" + strings.Repeat("canary", genesys.MaxLink),
	}
}

// pageWith is a page with these fields about the next one.
func pageWith(t *testing.T, fields map[string]string) string {
	t.Helper()

	encoded, err := json.Marshal(fields)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}

	return `{"entities":[{"id":"1"},{"id":"2"}],` + string(encoded[1:])
}

func TestX08ANextLinkThatLeadsElsewhereIsRefusedWithItsPage(t *testing.T) {
	t.Parallel()

	for name, link := range hostileLinks() {
		for _, field := range []string{"nextUri", "nextPageUri"} {
			t.Run(field+" with "+name, func(t *testing.T) {
				t.Parallel()

				f := serveFake(t, listingBase, answer(http.StatusOK, pageWith(t, map[string]string{field: link})))
				text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, false)

				if !strings.Contains(text, "next link") || !strings.Contains(text, correlation) {
					t.Errorf("got %q, want the next link and the correlation id in it", text)
				}
				if len(f.seen()) != 1 {
					t.Errorf("%d requests, want the page's own", len(f.seen()))
				}
				if f.page.Next != "" {
					t.Errorf("the link reached the page: %q", f.page.Next)
				}
			})
		}
	}
}

func TestX08ALinkOfACheckpointThatLeadsElsewhereIsNotRequested(t *testing.T) {
	t.Parallel()

	for name, link := range hostileLinks() {
		for _, q := range []usersQuery{query(), dialect()} {
			t.Run(q.Method+" with "+name, func(t *testing.T) {
				t.Parallel()

				f := serveFake(t, listingBase, answer(http.StatusOK, twoUsers))
				text := requireFailure(t, f.fetch(q, link), failure.UpstreamInvalid, false)

				if !strings.Contains(text, "the token was not sent there") {
					t.Errorf("got %q", text)
				}
				if len(f.seen()) != 0 {
					t.Errorf("%d requests, want none", len(f.seen()))
				}
			})
		}
	}
}

func TestX08BehindAGatewayALinkStaysBehindIt(t *testing.T) {
	t.Parallel()

	for name, link := range map[string]string{
		"the origin without the gateway's path": listingBase + usersPath + "?cursor=canary",
		"another gateway":                       listingBase + "/other" + usersPath,
		"the gateway's path on a relative link": "/gw" + usersPath,
		"the gateway's path twice":              listingBase + "/gw/gw" + usersPath,
		"out of the gateway":                    listingBase + "/gw/.." + usersPath,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase+"/gw", answer(http.StatusOK, twoUsers))
			requireFailure(t, f.fetch(query(), link), failure.UpstreamInvalid, false)

			if len(f.seen()) != 0 {
				t.Errorf("%d requests, want none", len(f.seen()))
			}
		})
	}
}

func TestX08ARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()

	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{"http://evil.test/canary", "https://api.acme.test/canary", "//evil.test/", "/api/v2/users/query?cursor=canary", ""} {
			for _, q := range []usersQuery{query(), dialect()} {
				t.Run(q.Method+" "+http.StatusText(status)+" to "+to, func(t *testing.T) {
					t.Parallel()

					f := serveFake(t, listingBase, func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("Location", to)
						answer(status, "")(w, r)
					})
					requireFailure(t, f.fetch(q, ""), failure.UpstreamInvalid, false)

					if len(f.seen()) != 1 {
						t.Errorf("%d requests, want 1", len(f.seen()))
					}
				})
			}
		}
	}
}

func TestX09TheNextLinkIsReadFromWhicheverFieldHoldsIt(t *testing.T) {
	t.Parallel()

	const (
		link       = "/api/v2/users/query?cursor=a%2Bb&pageSize=2"
		reordered  = "/api/v2/users/query?pageSize=2&cursor=a%2bb"
		fromCursor = "/api/v2/users/query?cursor=a%2Bb"
	)

	for name, test := range map[string]struct {
		fields map[string]string
		want   string
	}{
		"none: the end, full page or not":     {map[string]string{"selfUri": "/api/v2/users/query"}, ""},
		"empty ones: the end":                 {map[string]string{"nextUri": "", "nextPageUri": "", "cursor": ""}, ""},
		"nextUri only":                        {map[string]string{"nextUri": link}, link},
		"nextPageUri only":                    {map[string]string{"nextPageUri": link}, link},
		"cursor only":                         {map[string]string{"cursor": "a+b"}, fromCursor},
		"all three agree":                     {map[string]string{"nextUri": link, "nextPageUri": link, "cursor": "a+b"}, link},
		"both links, written differently":     {map[string]string{"nextUri": link, "nextPageUri": reordered}, link},
		"an absolute link and a relative one": {map[string]string{"nextUri": listingBase + link, "nextPageUri": link}, listingBase + link},
		"a link without a cursor, and one":    {map[string]string{"nextUri": "/api/v2/users/query?pageNumber=2", "cursor": "a"}, "/api/v2/users/query?pageNumber=2"},
		"an absolute link":                    {map[string]string{"nextUri": listingBase + link}, listingBase + link},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, answer(http.StatusOK, pageWith(t, test.fields)))
			if err := f.fetch(query(), ""); err != nil {
				t.Fatalf("fetch: %v", err)
			}
			if f.page.Next != test.want || f.page.Records != 2 {
				t.Errorf("got next link %q after %d records, want %q after 2", f.page.Next, f.page.Records, test.want)
			}

			// Whatever came out may be asked for.
			if err := f.fetch(query(), f.page.Next); err != nil {
				t.Errorf("the next link is refused: %v", err)
			}
		})
	}
}

// asked is a query with every option.
func asked() usersQuery {
	return usersQuery{Method: http.MethodGet, PageSize: 7, Expand: []string{"groups", "skills"}, State: "any", SortOrder: "DESC"}
}

func TestALinkThatLacksParametersOfTheQueryGetsThem(t *testing.T) {
	t.Parallel()

	const all = "&expand=groups%2Cskills&pageSize=7&sortOrder=DESC&state=any"

	for name, test := range map[string]struct{ field, value, want string }{
		"the cursor alone":             {"nextUri", usersPath + "?cursor=a%2Bb", "?cursor=a%2Bb" + all},
		"the cursor field alone":       {"cursor", "a&state=x", "?cursor=a%26state%3Dx" + all},
		"a page number alone":          {"nextUri", usersPath + "?pageNumber=2", "?pageNumber=2" + all},
		"no query":                     {"nextUri", usersPath, "?" + all[1:]},
		"all but the state":            {"nextPageUri", usersPath + "?cursor=a&sortOrder=DESC&expand=groups,skills&pageSize=7", "?cursor=a&sortOrder=DESC&expand=groups,skills&pageSize=7&state=any"},
		"all but the expands":          {"nextUri", usersPath + "?cursor=a&sortOrder=DESC&state=any&pageSize=7", "?cursor=a&sortOrder=DESC&state=any&pageSize=7&expand=groups%2Cskills"},
		"all, but a clamped page size": {"nextUri", usersPath + "?cursor=a&sortOrder=DESC&expand=groups,skills&state=any&pageSize=3", "?cursor=a&sortOrder=DESC&expand=groups,skills&state=any&pageSize=3"},
		"the expands in other ways":    {"nextUri", usersPath + "?cursor=a&expand=skills&expand=Groups&sortOrder=desc&state=ANY&pageSize=7", "?cursor=a&expand=skills&expand=Groups&sortOrder=desc&state=ANY&pageSize=7"},
		"an absolute link":             {"nextUri", listingBase + usersPath + "?cursor=a", "?cursor=a" + all},
		"a parameter with semicolons":  {"nextUri", usersPath + "?cursor=a;state=x", "?cursor=a;state=x" + all},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, answer(http.StatusOK, pageWith(t, map[string]string{test.field: test.value})))
			if err := f.fetch(asked(), ""); err != nil {
				t.Fatalf("fetch: %v", err)
			}
			if err := f.fetch(asked(), f.page.Next); err != nil {
				t.Fatalf("fetch the next page: %v", err)
			}
			if got := f.seen()[1].RequestURI; got != usersPath+test.want {
				t.Errorf("got %q, want %q", got, usersPath+test.want)
			}
		})
	}
}

func TestALinkThatContradictsTheQueryIsRefused(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct{ parameters, names string }{
		"another state":         {"&state=inactive", "state"},
		"another state as well": {"&state=any&state=inactive", "state"},
		"an empty state":        {"&state=", "state"},
		"a state without value": {"&state", "state"},
		"an escaped name":       {"&st%61te=inactive", "state"},
		"another order":         {"&sortOrder=ASC", "sortOrder"},
		"one expand fewer":      {"&expand=groups", "expand"},
		"one expand more":       {"&expand=groups,skills,presence", "expand"},
		"another expand":        {"&expand=groups&expand=presence", "expand"},
		"no expand":             {"&expand=", "expand"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(method+" "+name, func(t *testing.T) {
				t.Parallel()

				link := usersPath + "?cursor=canary" + test.parameters
				f := serveFake(t, listingBase, answer(http.StatusOK, pageWith(t, map[string]string{"nextPageUri": link})))
				q := asked()
				q.Method = method

				text := requireFailure(t, f.fetch(q, ""), failure.UpstreamInvalid, false)
				if want := "its next link asks for another " + test.names + " than the export"; !strings.Contains(text, want) || f.page.Next != "" {
					t.Errorf("got %q and next link %q, want %q and none", text, f.page.Next, want)
				}

				// A checkpoint may have been edited.
				requireFailure(t, f.fetch(q, link), failure.UpstreamInvalid, false)
				if len(f.seen()) != 1 {
					t.Errorf("%d requests, want the first page's", len(f.seen()))
				}
			})
		}
	}

	f := serveFake(t, listingBase, answer(http.StatusOK, pageWith(t, map[string]string{"nextUri": usersPath + "?cursor=canary&expand=groups"})))
	requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, false) // nothing was to be expanded
}

func TestALinkThatIsEscapedTwiceIsRefused(t *testing.T) {
	t.Parallel()

	for name, fields := range map[string]map[string]string{
		"the cursor":                      {"nextUri": usersPath + "?pageSize=2&cursor=canary%252Bb%253D"},
		"the cursor in the other field":   {"nextPageUri": usersPath + "?cursor=canary%252Bb"},
		"the cursor, and its field too":   {"nextUri": usersPath + "?cursor=canary%252Bb", "cursor": "canary%2Bb"},
		"the cursor, but not its field":   {"nextUri": usersPath + "?cursor=canary%252Bb", "cursor": "canary+b"},
		"the query":                       {"nextUri": usersPath + "?cursor%3Dcanary%26pageSize%3D2"},
		"the name of a parameter":         {"nextUri": usersPath + "?cursor=a&page%2553ize=2"},
		"the question mark and the query": {"nextUri": usersPath + "%3Fcursor%3Dcanary"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, answer(http.StatusOK, pageWith(t, fields)))
			requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, false)
			if f.page.Next != "" {
				t.Errorf("got next link %q, want none", f.page.Next)
			}
		})
	}
}

func TestTheTutorialsNextLinkIsHandedBackAsItIs(t *testing.T) {
	t.Parallel()

	const link = usersPath + "?cursor=a%2Bb"

	f := serveFake(t, listingBase, answer(http.StatusOK, pageWith(t, map[string]string{"nextPageUri": link})))
	if err := f.fetch(dialect(), ""); err != nil || f.page.Next != link {
		t.Fatalf("got next link %q and %v, want %q", f.page.Next, err, link)
	}
	if err := f.fetch(dialect(), f.page.Next); err != nil {
		t.Fatalf("fetch the next page: %v", err)
	}
	if want := `{"pageSize":2,"nextPageUri":"` + link + `"}`; f.bodies[1] != want || f.seen()[1].RequestURI != usersPath {
		t.Errorf("sent %q to %q, want %q to %q", f.bodies[1], f.seen()[1].RequestURI, want, usersPath)
	}
}

func TestX09LinksThatDisagreeAreRefused(t *testing.T) {
	t.Parallel()

	const link = "/api/v2/users/query?cursor=canary-a"

	for name, test := range map[string]struct {
		fields map[string]string
		want   string
	}{
		"two links":                          {map[string]string{"nextUri": link, "nextPageUri": "/api/v2/users/query?cursor=canary-b"}, "nextUri and nextPageUri disagree"},
		"two paths":                          {map[string]string{"nextUri": link, "nextPageUri": "/api/v2/users?cursor=canary-a"}, "nextUri and nextPageUri disagree"},
		"a link that is none":                {map[string]string{"nextUri": link, "nextPageUri": "%"}, "nextUri and nextPageUri disagree"},
		"nextUri and cursor":                 {map[string]string{"nextUri": link, "cursor": "canary-b"}, "the next link and cursor disagree"},
		"nextPageUri and cursor":             {map[string]string{"nextPageUri": link, "cursor": "canary-b"}, "the next link and cursor disagree"},
		"both links agree, the cursor not":   {map[string]string{"nextUri": link, "nextPageUri": link, "cursor": "canary-b"}, "the next link and cursor disagree"},
		"a cursor that no link could be for": {map[string]string{"cursor": strings.Repeat("canary", genesys.MaxLink)}, "its next link is longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, answer(http.StatusOK, pageWith(t, test.fields)))
			text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, false)
			if !strings.Contains(text, test.want) || f.page.Next != "" {
				t.Errorf("got %q and next link %q, want %q and none", text, f.page.Next, test.want)
			}
		})
	}
}
