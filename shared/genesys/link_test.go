package genesys_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
)

func parsed(t testing.TB, text string) *url.URL {
	t.Helper()

	u, err := url.Parse(text)
	if err != nil {
		t.Fatalf("parse %q: %v", text, err)
	}

	return u
}

// hostileLinks are links that lead elsewhere, or that look as if they did not.
func hostileLinks() []string {
	const query = usersPath + "?cursor=canary"

	return []string{
		// Another origin, however it is written.
		"http://evil.test" + query, "https://evil.test" + query, "https://api.acme.test" + query, "https://api.acme.test:80" + query,
		"ftp://api.acme.test" + usersPath, "http://api.acme.test:8080" + query, "http://api.acme.test:080" + query,
		"//evil.test" + query, "//api.acme.test" + query, "///evil.test" + query, "http://" + query, "http:" + query, "http:api.acme.test" + query,
		"http://[::1]" + query, "http://169.254.169.254/latest/meta-data?canary",
		// Our host as a user, a prefix, a suffix, or in another spelling.
		"http://user@api.acme.test" + query, "http://user:canary@api.acme.test" + usersPath,
		"http://api.acme.test@evil.test" + query, "http://api.acme.test:80@evil.test" + query,
		"http://api.acme.test.evil.test" + query, "http://evil-api.acme.test" + query,
		"http://api.acme.test." + query, "http://api%2eacme.test" + query, "http://аpi.acme.test" + query,
		`\\evil.test\api\v2\users\query?canary`, `/\evil.test/api/v2/users/query?canary`, `http://evil.test\@api.acme.test/api/v2/users/query?canary`,
		// Another path.
		"/api/v2/oauth/clients?canary", "http://api.acme.test/api/v2/oauth/clients?canary", usersPath + "/canary", "/api/v2/users", "/",
		usersPath + "/?cursor=canary", usersPath + "/../../oauth/clients?canary", usersPath + "/%2e%2e/me?canary",
		"/api/v2/users%2fquery?cursor=canary", "/api/v2/users/%71uery?cursor=canary", usersPath + ";evil?cursor=canary",
		query[1:], "?cursor=canary", usersPath + strings.Repeat("canary", genesys.MaxLink),
		// No plain link.
		query + "#canary", query + "\r\nHost: evil.test", " http://api.acme.test" + query, "http://api.acme.test\t.evil.test" + query,
		query + "\x00", usersPath + "?cursor=canaré", "javascript:canary", "canary", "%", ":", query + strings.Repeat("canary", genesys.MaxLink),
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

// requireRefusedLink checks that a page with these fields is refused, and that nobody asks for its link.
func requireRefusedLink(t *testing.T, q usersQuery, fields next, parts ...string) {
	t.Helper()

	f := serveFake(t, listingBase, pageWith(t, fields))
	requireFailure(t, f.fetch(q, ""), failure.UpstreamInvalid, false, append(parts, correlation)...)
	f.requireRequests(1)

	if f.page.Next != "" {
		t.Errorf("the link reached the page: %q", f.page.Next)
	}
}

// requireNotAsked checks that a link, as it may come from an edited checkpoint, is refused before the token is sent.
func requireNotAsked(t *testing.T, base string, q usersQuery, link string) {
	t.Helper()

	f := serveFake(t, base, answer(http.StatusOK, twoUsers))
	requireFailure(t, f.fetch(q, link), failure.UpstreamInvalid, false, "the token was not sent there")
	f.requireRequests(0)
}

func TestALinkThatLeadsElsewhereIsRefusedWithItsPageAndInACheckpoint(t *testing.T) {
	t.Parallel()

	for _, link := range hostileLinks() {
		requireRefusedLink(t, query(), next{"nextUri": link}, "next link")
		requireRefusedLink(t, query(), next{"nextPageUri": link}, "next link")
		requireNotAsked(t, listingBase, query(), link)
		requireNotAsked(t, listingBase, dialect(), link)
		if t.Failed() {
			t.Fatalf("the link was %q", link)
		}
	}
}

func TestBehindAGatewayALinkStaysBehindIt(t *testing.T) {
	t.Parallel()

	for _, link := range []string{
		listingBase + usersPath + "?cursor=canary", listingBase + "/other" + usersPath, "/gw" + usersPath,
		listingBase + "/gw/gw" + usersPath, listingBase + "/gw/.." + usersPath,
	} {
		requireNotAsked(t, listingBase+"/gw", query(), link)
	}
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

func TestANextLinkBeforeTheEntitiesIsReadWithThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const next = usersPath + "?cursor=a"

		f := serveFake(t, listingBase, answer(http.StatusOK, `{"nextUri":"`+next+`","entities":[{}],"total":7}`))
		pages, err := ask(t, genesys.NewListing(genesys.Users(http.MethodGet), f.Client), `{}`)
		if err != nil {
			t.Fatal(err)
		}

		reply, err := pages.Fetch(t.Context(), "", &f.page)
		if err != nil || reply.Next != "" || reply.Split(t.Context()) != nil || f.page.Next != next {
			t.Errorf("got %q, %q and %v, want %q from the page alone", reply.Next, f.page.Next, err, next)
		}
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

	for name, contradictions := range map[string][]string{
		"state":     {"&state=inactive", "&state=any&state=inactive", "&state=", "&state", "&st%61te=inactive"},
		"sortOrder": {"&sortOrder=ASC"},
		"expand":    {"&expand=groups", "&expand=groups,skills,presence", "&expand=groups&expand=presence", "&expand="},
	} {
		for _, parameters := range contradictions {
			q, link := asked(), usersPath+"?cursor=canary"+parameters
			for _, q.Method = range []string{http.MethodGet, http.MethodPost} {
				requireRefusedLink(t, q, next{"nextPageUri": link}, "its next link asks for another "+name+" than the export")
				requireNotAsked(t, listingBase, q, link)
			}
		}
	}

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

	for want, pages := range map[string][]next{
		links: {
			{"nextUri": link, "nextPageUri": usersPath + "?cursor=canary-b"},
			{"nextUri": link, "nextPageUri": "/api/v2/users?cursor=canary-a"},
			{"nextUri": link, "nextPageUri": "%"},
			{"nextUri": usersPath + "?cursor=a%zz", "nextPageUri": usersPath + "?cursor=b%zz"},
		},
		cursors: {
			{"nextUri": link, "cursor": "canary-b"},
			{"nextPageUri": link, "cursor": "canary-b"},
			{"nextUri": link, "nextPageUri": link, "cursor": "canary-b"},
			{"nextUri": usersPath + "?cursor=a+b", "cursor": "a-b"},
			{"nextUri": usersPath + "?cursor=a%zz", "cursor": "other"},
		},
		escaped: {
			{"nextUri": usersPath + "?pageSize=2&cursor=canary%252Bb%253D"},
			{"nextPageUri": twice},
			{"nextUri": twice, "cursor": "canary%2Bb"},
			{"nextUri": twice, "cursor": "canary+b"},
			{"nextUri": usersPath + "?cursor%3Dcanary%26pageSize%3D2"},
			{"nextUri": usersPath + "?cursor=a&page%2553ize=2"},
		},
		"its next link is longer than": {{"cursor": strings.Repeat("canary", genesys.MaxLink)}},
		elsewhere:                      {{"nextUri": usersPath + "%3Fcursor%3Dcanary"}},
	} {
		for _, fields := range pages {
			requireRefusedLink(t, query(), fields, want)
		}
	}
}

func TestALinkIsResolvedAgainstTheBase(t *testing.T) {
	t.Parallel()

	const plain = "https://api.mypurecloud.de"

	type row struct{ base, link, want string }

	longest := usersPath + "?" + strings.Repeat("x", genesys.MaxLink-len(usersPath)-1)

	each(t, map[string]row{
		"a relative link, no query":    {plain, usersPath, plain + usersPath},
		"the default port given":       {plain, "https://api.mypurecloud.de:443" + usersPath, plain + usersPath},
		"the default port in the base": {plain + ":443", plain + usersPath, plain + ":443" + usersPath},
		"an empty port":                {plain, "https://api.mypurecloud.de:" + usersPath, plain + usersPath},
		"capitals":                     {plain, "HTTPS://API.MyPureCloud.de" + usersPath, plain + usersPath},
		"another port, as the base":    {"https://gw.test:8443", "https://gw.test:8443" + usersPath, "https://gw.test:8443" + usersPath},
		"a gateway's path and slash":   {"https://gw.test/a/", "https://gw.test/a" + usersPath, "https://gw.test/a" + usersPath},
		"a base with a slash":          {plain + "/", usersPath, plain + usersPath},
		"an escaped gateway's path":    {"https://gw.test/a%2Fb", "https://gw.test/a%2Fb" + usersPath, "https://gw.test/a%2Fb" + usersPath},
		"loopback, version 6":          {"http://[::1]:4010", usersPath + "?a", "http://[::1]:4010" + usersPath + "?a"},
		"the query as it stands":       {plain, usersPath + "?b=%2f&a=1;2&a=%zz&=&", plain + usersPath + "?b=%2f&a=1;2&a=%zz&=&"},
		"a link in the query":          {plain, usersPath + "?cursor=https://evil.test/", plain + usersPath + "?cursor=https://evil.test/"},
		"the longest link":             {plain, longest, plain + longest},
	}, func(t *testing.T, row row) {
		base := parsed(t, row.base)
		got, err := genesys.Resolve(base, usersPath, row.link)
		if err != nil || got.String() != row.want {
			t.Errorf("got %v and %v, want %s", got, err, row.want)
		}
		if base.String() != row.base {
			t.Errorf("the base was changed to %q", base)
		}
	})
}
