package genesys_test

import (
	"net/url"
	"strings"
	"testing"

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

func TestALinkIsResolvedAgainstTheBase(t *testing.T) {
	t.Parallel()

	const plain = "https://api.mypurecloud.de"

	type row struct{ base, link, want string }

	longest := usersPath + "?" + strings.Repeat("x", genesys.MaxLink-len(usersPath)-1)

	each(t, map[string]row{
		"a relative link":              {plain, usersPath + "?cursor=a", plain + usersPath + "?cursor=a"},
		"a relative link, no query":    {plain, usersPath, plain + usersPath},
		"an absolute link":             {plain, plain + usersPath + "?cursor=a", plain + usersPath + "?cursor=a"},
		"the default port told":        {plain, "https://api.mypurecloud.de:443" + usersPath, plain + usersPath},
		"the default port in the base": {plain + ":443", plain + usersPath, plain + ":443" + usersPath},
		"an empty port":                {plain, "https://api.mypurecloud.de:" + usersPath, plain + usersPath},
		"capitals":                     {plain, "HTTPS://API.MyPureCloud.de" + usersPath, plain + usersPath},
		"another port, as the base":    {"https://gw.test:8443", "https://gw.test:8443" + usersPath, "https://gw.test:8443" + usersPath},
		"a gateway's path":             {"https://gw.test/a/b", usersPath + "?x=1", "https://gw.test/a/b" + usersPath + "?x=1"},
		"a gateway's path and slash":   {"https://gw.test/a/", "https://gw.test/a" + usersPath, "https://gw.test/a" + usersPath},
		"a base with a slash":          {plain + "/", usersPath, plain + usersPath},
		"an escaped gateway's path":    {"https://gw.test/a%2Fb", "https://gw.test/a%2Fb" + usersPath, "https://gw.test/a%2Fb" + usersPath},
		"loopback":                     {"http://127.0.0.1:4010", "http://127.0.0.1:4010" + usersPath, "http://127.0.0.1:4010" + usersPath},
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
