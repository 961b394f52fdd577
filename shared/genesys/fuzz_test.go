package genesys_test

import (
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"

	"genesys-cloud-export/shared/genesys"
)

func FuzzReadPage(f *testing.F) {
	for _, seed := range append(goodPages(),
		``, `{}`, `[]`, `null`, `{"entities":null}`, `{"entities":[null]}`, `{"entities":[],"entities":[]}`, twoUsers+"x", `{"cursor":"\ud83d","entities":[]}`,
		"{\"entities\":[{\"a\":\"\xff\"}]}", "{\"entities\":[{\"a\":\"\n\"}]}", `{"entities":[{"a":1}`, `{"Entities":[{}]}`) {
		f.Add([]byte(seed))
	}

	f.Fuzz(func(t *testing.T, body []byte) {
		err := read(t, body)
		if err == nil {
			return
		}

		// It is short, of plain characters, and says that the body is wrong.
		plain := !strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r > '~' })
		if !plain || len(err.Error()) > 100 || !genesys.IsPageError(err) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got error %q", err)
		}
	})
}

func FuzzResolve(f *testing.F) {
	bases := []string{"https://api.mypurecloud.de", "http://api.acme.test", "https://gw.test:8443/a/b", "https://gw.test/a%2Fb/", "http://127.0.0.1:4010", "http://[::1]"}

	for i := range bases {
		for _, link := range hostileLinks() {
			f.Add(i, link)
		}
		f.Add(i, "")
		f.Add(i, usersPath+"?cursor=a")
		f.Add(i, strings.TrimSuffix(bases[i], "/")+usersPath+"?cursor=a%2Bb")
	}

	f.Fuzz(func(t *testing.T, i int, link string) {
		base := parsed(t, bases[uint(i)%uint(len(bases))])
		target, err := genesys.Resolve(base, usersPath, link)
		if err != nil {
			if strings.Contains(err.Error(), canary) {
				t.Errorf("%q is repeated: %v", link, err)
			}

			return
		}

		// What is sent is made of the target's text, so that is what counts.
		again, err := url.Parse(target.String())
		if err != nil {
			t.Fatalf("the target of %q is no URL: %v", link, err)
		}
		if again.Scheme != base.Scheme || again.Host != base.Host || again.User != nil || again.Fragment != "" {
			t.Errorf("%q leads to %q, which is not at %s", link, target, base)
		}
		if want := strings.TrimSuffix(base.EscapedPath(), "/") + usersPath; again.EscapedPath() != want {
			t.Errorf("%q leads to path %q, want %q", link, again.EscapedPath(), want)
		}
		if strings.ContainsFunc(target.RequestURI(), func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Errorf("%q makes the request line %q", link, target.RequestURI())
		}

		// A target is a link of the listing itself.
		if same, err := genesys.Resolve(base, usersPath, target.String()); len(target.String()) <= genesys.MaxLink && (err != nil || same.String() != target.String()) {
			t.Errorf("%q resolves to %q, and that to %v (%v)", link, target, same, err)
		}
	})
}

func FuzzNextLink(f *testing.F) {
	f.Add("", "", "")
	f.Add("/api/v2/users/query?cursor=a", "", "a")
	f.Add("", "/api/v2/users/query?cursor=a", "b")
	f.Add("/api/v2/users/query?b=1&a=2", "/api/v2/users/query?a=2&b=1", "")
	f.Add("%", "%", "%")
	f.Add("/a", "https://evil.test/a", "")

	f.Add("/api/v2/users/query?cursor=a%252B", "", "a%2B")
	f.Add("/api/v2/users/query?cursor%3Da", "", "")

	f.Fuzz(func(t *testing.T, nextURI, nextPageURI, cursor string) {
		next, err := genesys.Links{NextURI: nextURI, NextPageURI: nextPageURI, Cursor: cursor}.Next(usersPath)
		made := usersPath + "?cursor=" + url.QueryEscape(cursor)

		switch {
		case err != nil:
			if next != "" {
				t.Errorf("got link %q with error %v", next, err)
			}
		case next == "" && (nextURI != "" || nextPageURI != "" || cursor != ""):
			t.Error("the end was read where something follows")
		case next != "" && next != nextURI && next != nextPageURI && (next != made || cursor == "" || nextURI != "" || nextPageURI != ""):
			t.Errorf("got link %q out of %q, %q and %q", next, nextURI, nextPageURI, cursor)
		}
	})
}

func FuzzComplete(f *testing.F) {
	for _, seed := range []string{
		"", "cursor=a", "cursor=a%2Bb&pageSize=3", "state=any&expand=skills&expand=groups", "state=active", "state=any;state=active", "st%61te=active",
		"&&=&", "%zz=%zz", "expand=", "expand=groups,skills,", "sortOrder=desc", "state=any&state=any", "expand=groups%2C+skills",
	} {
		f.Add(seed)
	}

	parameters := url.Values{"expand": {"groups,skills"}, "pageSize": {"7"}, "sortOrder": {"DESC"}, "state": {"any"}}

	f.Fuzz(func(t *testing.T, query string) {
		completed, err := genesys.Complete(query, parameters)
		if err != nil {
			if completed != "" || !strings.HasPrefix(err.Error(), "asks for another ") {
				t.Errorf("got %q and error %v", completed, err)
			}

			return
		}

		if !strings.Contains(completed, strings.TrimPrefix(query, "&")) {
			t.Errorf("%q became %q, want everything of it kept", query, completed)
		}
		if again, err := genesys.Complete(completed, parameters); err != nil || again != strings.TrimPrefix(completed, "&") {
			t.Errorf("%q became %q, and that %q (%v)", query, completed, again, err)
		}

		// As any server reads it, the state is the export's.
		if read, err := url.ParseQuery(completed); err == nil && !strings.EqualFold(strings.Trim(read.Get("state"), ", "), "any") {
			t.Errorf("%q became %q, which asks for state %q", query, completed, read.Get("state"))
		}
	})
}
