package genesys_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
)

// hostileLinks are links that lead elsewhere, or that look as if they did not.
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
		"a slash":                       "/",
		"a long path":                   usersPath + strings.Repeat("canary", genesys.MaxLink),
		"a colon":                       ":",
		"8 KB and more":                 "/api/v2/users/query?cursor=" + strings.Repeat("canary", genesys.MaxLink),
	}
}

// next are the fields of a page about the one after it.
type next map[string]string

// pageWith answers with a page with these fields.
func pageWith(t *testing.T, fields next) http.HandlerFunc {
	t.Helper()

	encoded, err := json.Marshal(fields)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}

	return answer(http.StatusOK, `{"entities":[{"id":"1"},{"id":"2"}],`+string(encoded[1:]))
}

// requireRefusedLink holds a page with these fields to be refused, and its link to be asked for by nobody.
func requireRefusedLink(t *testing.T, q usersQuery, fields next, parts ...string) {
	t.Helper()

	f := serveFake(t, listingBase, pageWith(t, fields))
	requireFailure(t, f.fetch(q, ""), failure.UpstreamInvalid, false, append(parts, correlation)...)
	f.requireRequests(1)

	if f.page.Next != "" {
		t.Errorf("the link reached the page: %q", f.page.Next)
	}
}

// requireNotAsked holds a link, which may come from a checkpoint that was edited, to be refused before the token is sent.
func requireNotAsked(t *testing.T, base string, q usersQuery, link string) {
	t.Helper()

	f := serveFake(t, base, answer(http.StatusOK, twoUsers))
	requireFailure(t, f.fetch(q, link), failure.UpstreamInvalid, false, "the token was not sent there")
	f.requireRequests(0)
}

func TestALinkThatLeadsElsewhereIsRefusedWithItsPageAndInACheckpoint(t *testing.T) {
	t.Parallel()
	each(t, hostileLinks(), func(t *testing.T, link string) {
		requireRefusedLink(t, query(), next{"nextUri": link}, "next link")
		requireRefusedLink(t, query(), next{"nextPageUri": link}, "next link")
		requireNotAsked(t, listingBase, query(), link)
		requireNotAsked(t, listingBase, dialect(), link)
	})
}

func TestBehindAGatewayALinkStaysBehindIt(t *testing.T) {
	t.Parallel()
	each(t, map[string]string{
		"the origin without the gateway's path": listingBase + usersPath + "?cursor=canary",
		"another gateway":                       listingBase + "/other" + usersPath,
		"the gateway's path on a relative link": "/gw" + usersPath,
		"the gateway's path twice":              listingBase + "/gw/gw" + usersPath,
		"out of the gateway":                    listingBase + "/gw/.." + usersPath,
	}, func(t *testing.T, link string) { requireNotAsked(t, listingBase+"/gw", query(), link) })
}

func TestTheNextLinkIsReadFromWhicheverFieldHoldsIt(t *testing.T) {
	t.Parallel()

	const (
		link     = usersPath + "?cursor=a%2Bb&pageSize=2"
		absolute = listingBase + link
		cursor   = usersPath + "?cursor="
	)

	type row struct {
		fields next
		want   string
	}

	each(t, map[string]row{
		"none: the end, full page or not":      {next{"selfUri": usersPath}, ""},
		"empty ones: the end":                  {next{"nextUri": "", "nextPageUri": "", "cursor": ""}, ""},
		"nextUri only":                         {next{"nextUri": link}, link},
		"nextPageUri only":                     {next{"nextPageUri": link}, link},
		"cursor only":                          {next{"cursor": "a+b"}, cursor + "a%2Bb"},
		"all three agree":                      {next{"nextUri": link, "nextPageUri": link, "cursor": "a+b"}, link},
		"both links, written differently":      {next{"nextUri": link, "nextPageUri": usersPath + "?pageSize=2&cursor=a%2bb"}, link},
		"an absolute link and a relative one":  {next{"nextUri": absolute, "nextPageUri": link}, absolute},
		"a link without a cursor, and one":     {next{"nextUri": usersPath + "?pageNumber=2", "cursor": "a"}, usersPath + "?pageNumber=2"},
		"an absolute link":                     {next{"nextUri": absolute}, absolute},
		"a plus that the link does not escape": {next{"nextUri": cursor + "a+b/c==", "cursor": "a+b/c=="}, cursor + "a+b/c=="},
		"a plus that the link escapes":         {next{"nextUri": cursor + "a%2Bb%2Fc%3D%3D", "cursor": "a+b/c=="}, cursor + "a%2Bb%2Fc%3D%3D"},
		"a cursor that is escaped itself":      {next{"nextUri": cursor + "a%3D", "cursor": "a%3D"}, cursor + "a%3D"},
		"two links in another order":           {next{"nextUri": cursor + "a&x=1", "nextPageUri": usersPath + "?x=1&cursor=a"}, cursor + "a&x=1"},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, pageWith(t, row.fields))
		f.requirePage(query(), "", 2)
		if f.page.Next != row.want {
			t.Errorf("got next link %q, want %q", f.page.Next, row.want)
		}

		f.requirePage(query(), f.page.Next, 2) // whatever came out may be asked for
	})
}

// asked is a query with every option.
func asked() usersQuery {
	return usersQuery{Method: http.MethodGet, PageSize: 7, Expand: []string{"groups", "skills"}, State: "any", SortOrder: "DESC"}
}

func TestALinkThatLacksParametersOfTheQueryGetsThem(t *testing.T) {
	t.Parallel()

	const (
		all      = "&expand=groups%2Cskills&pageSize=7&sortOrder=DESC&state=any"
		clamped  = "?cursor=a&sortOrder=DESC&expand=groups,skills&state=any&pageSize=3"
		spelt    = "?cursor=a&expand=skills&expand=Groups&sortOrder=desc&state=ANY&pageSize=7"
		noState  = "?cursor=a&sortOrder=DESC&expand=groups,skills&pageSize=7"
		noExpand = "?cursor=a&sortOrder=DESC&state=any&pageSize=7"
	)

	type row struct{ field, value, want string }

	each(t, map[string]row{
		"the cursor alone":             {"nextUri", usersPath + "?cursor=a%2Bb", "?cursor=a%2Bb" + all},
		"the cursor field alone":       {"cursor", "a&state=x", "?cursor=a%26state%3Dx" + all},
		"a page number alone":          {"nextUri", usersPath + "?pageNumber=2", "?pageNumber=2" + all},
		"no query":                     {"nextUri", usersPath, "?" + all[1:]},
		"all but the state":            {"nextPageUri", usersPath + noState, noState + "&state=any"},
		"all but the expands":          {"nextUri", usersPath + noExpand, noExpand + "&expand=groups%2Cskills"},
		"all, but a clamped page size": {"nextUri", usersPath + clamped, clamped},
		"the expands in other ways":    {"nextUri", usersPath + spelt, spelt},
		"an absolute link":             {"nextUri", listingBase + usersPath + "?cursor=a", "?cursor=a" + all},
		"a parameter with semicolons":  {"nextUri", usersPath + "?cursor=a;state=x", "?cursor=a;state=x" + all},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, pageWith(t, next{row.field: row.value}))
		f.requirePage(asked(), "", 2)
		f.requirePage(asked(), f.page.Next, 2)

		if got := f.seen()[1].RequestURI; got != usersPath+row.want {
			t.Errorf("got %q, want %q", got, usersPath+row.want)
		}
	})
}

func TestALinkThatContradictsTheQueryIsRefused(t *testing.T) {
	t.Parallel()

	type row struct{ parameters, names string }

	each(t, map[string]row{
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
	}, func(t *testing.T, row row) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			q, link := asked(), usersPath+"?cursor=canary"+row.parameters
			q.Method = method

			requireRefusedLink(t, q, next{"nextPageUri": link}, "its next link asks for another "+row.names+" than the export")
			requireNotAsked(t, listingBase, q, link)
		}
	})

	requireRefusedLink(t, query(), next{"nextUri": usersPath + "?cursor=canary&expand=groups"}) // nothing was to be expanded
}

func TestLinksThatDisagreeOrAreEscapedTwiceAreRefused(t *testing.T) {
	t.Parallel()

	const (
		link      = usersPath + "?cursor=canary-a"
		twice     = usersPath + "?cursor=canary%252Bb"
		links     = "nextUri and nextPageUri disagree"
		cursors   = "the next link and cursor disagree"
		escaped   = "the next link is escaped twice"
		elsewhere = "leads to another path than the listing's"
	)

	type row struct {
		fields next
		want   string
	}

	each(t, map[string]row{
		"two links":                              {next{"nextUri": link, "nextPageUri": usersPath + "?cursor=canary-b"}, links},
		"two paths":                              {next{"nextUri": link, "nextPageUri": "/api/v2/users?cursor=canary-a"}, links},
		"a link that is none":                    {next{"nextUri": link, "nextPageUri": "%"}, links},
		"two links that cannot be read":          {next{"nextUri": usersPath + "?cursor=a%zz", "nextPageUri": usersPath + "?cursor=b%zz"}, links},
		"nextUri and cursor":                     {next{"nextUri": link, "cursor": "canary-b"}, cursors},
		"nextPageUri and cursor":                 {next{"nextPageUri": link, "cursor": "canary-b"}, cursors},
		"both links agree, the cursor not":       {next{"nextUri": link, "nextPageUri": link, "cursor": "canary-b"}, cursors},
		"a plus and a minus":                     {next{"nextUri": usersPath + "?cursor=a+b", "cursor": "a-b"}, cursors},
		"a cursor and one that cannot be read":   {next{"nextUri": usersPath + "?cursor=a%zz", "cursor": "other"}, cursors},
		"a cursor that no link could be for":     {next{"cursor": strings.Repeat("canary", genesys.MaxLink)}, "its next link is longer than"},
		"the cursor twice":                       {next{"nextUri": usersPath + "?pageSize=2&cursor=canary%252Bb%253D"}, escaped},
		"the cursor twice in the other field":    {next{"nextPageUri": twice}, escaped},
		"the cursor twice, and its field too":    {next{"nextUri": twice, "cursor": "canary%2Bb"}, escaped},
		"the cursor twice, but not its field":    {next{"nextUri": twice, "cursor": "canary+b"}, escaped},
		"the query twice":                        {next{"nextUri": usersPath + "?cursor%3Dcanary%26pageSize%3D2"}, escaped},
		"the name of a parameter twice":          {next{"nextUri": usersPath + "?cursor=a&page%2553ize=2"}, escaped},
		"the question mark and the query, twice": {next{"nextUri": usersPath + "%3Fcursor%3Dcanary"}, elsewhere},
	}, func(t *testing.T, row row) { requireRefusedLink(t, query(), row.fields, row.want) })
}
