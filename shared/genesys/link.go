package genesys

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"genesys-cloud-export/shared/charset"
)

// maxLink is the longest next link that is followed, in bytes. The vendor's are a few hundred.
const maxLink = 8 << 10

// resolve turns a link of the listing at path into the address to request: below the base, which may carry a gateway's path. An
// absolute link must lead there, too. The error does not repeat the link.
func resolve(base *url.URL, path, link string) (*url.URL, error) {
	if len(link) > maxLink {
		return nil, fmt.Errorf("is longer than %d bytes", maxLink)
	}

	if strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r == '\\' || r >= 0x7f }) {
		return nil, errors.New("holds characters that no link may hold")
	}

	parsed, err := url.Parse(link)
	if err != nil {
		return nil, errors.New("is not a URL")
	}

	prefix := strings.TrimSuffix(base.EscapedPath(), "/")

	relative := parsed.Scheme == "" && parsed.Host == "" && strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//")
	if relative {
		prefix = ""
	}

	switch {
	case parsed.User != nil, parsed.Fragment != "", parsed.Opaque != "":
		return nil, errors.New("holds user information or a fragment")
	case !relative && (parsed.Scheme != base.Scheme || !sameHost(parsed, base)):
		return nil, errors.New("leads to another origin than the API's")
	case parsed.EscapedPath() != prefix+path:
		return nil, errors.New("leads to another path than the listing's")
	}

	target := base.JoinPath(path)
	target.RawQuery = parsed.RawQuery

	return target, nil
}

func sameHost(a, b *url.URL) bool {
	return strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	return cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}

// complete adds to a link's query the export's parameters that it lacks. Another value of an option is an error: the pages are
// not the export's. Another page size is not, as the platform clamps it.
func complete(query string, parameters url.Values, size string) (string, error) {
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		wanted, given := parameters[name], values(query, name)

		switch {
		case len(given) > 0 && name != size && !slices.Equal(asSet(given), asSet(wanted)):
			return "", fmt.Errorf("asks for another %s than the export", name)
		case len(given) == 0 && len(wanted) > 0:
			query += "&" + url.Values{name: wanted}.Encode()
		}
	}

	return strings.TrimPrefix(query, "&"), nil
}

// asSet is the set of a parameter's values, repeated or joined by commas. Two of the API's names never differ in case alone.
func asSet(values []string) []string {
	names := strings.FieldsFunc(strings.ToLower(strings.Join(values, ",")), func(r rune) bool { return r == ',' || r == ' ' })
	slices.Sort(names)

	return slices.Compact(names)
}

// values are a parameter's in a query. Unlike [url.ParseQuery], which takes no semicolon, it leaves none out.
func values(query, name string) []string {
	var found []string
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if unescape(key) == name {
			found = append(found, unescape(value))
		}
	}

	return found
}

// unescape is a part of a query without its escapes, or as it stands where they are wrong.
func unescape(text string) string {
	if unescaped, err := url.QueryUnescape(text); err == nil {
		return unescaped
	}

	return text
}

// around is what a page says about the pages around it.
type around struct {
	nextURI, nextPageURI, cursor string

	scan struct{ After string } // the cursors of a scan

	total, pageNumber, pageCount *int64 // nil: it does not say

	errored bool // it is no page, and has the fields of an error
}

// next is the link to the following page: nextUri, nextPageUri, or one made of path and cursor, which must agree. "" is the end.
func (a around) next(path string) (string, error) {
	link := cmp.Or(a.nextURI, a.nextPageURI)
	if link == "" {
		cursor := cmp.Or(a.cursor, a.scan.After)
		if cursor == "" {
			return "", nil
		}

		return path + "?" + url.Values{"cursor": {cursor}}.Encode(), nil
	}

	if a.nextPageURI != "" && a.nextPageURI != link && !sameTarget(a.nextPageURI, link) {
		return "", errors.New("nextUri and nextPageUri disagree")
	}

	if err := a.checkCursor(link); err != nil {
		return "", err
	}

	return link, nil
}

// cutShort reports whether the page says that another one follows, without a link to it.
func (a around) cutShort() bool {
	return a.nextURI == "" && a.pageNumber != nil && a.pageCount != nil && *a.pageNumber < *a.pageCount
}

// checkCursor compares a link's cursor with the reply's. Escaped twice it would be another cursor, or none: the first page.
func (a around) checkCursor(link string) error {
	_, query, _ := strings.Cut(link, "?")

	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name = unescape(name)

		switch {
		case strings.ContainsAny(name, "=&%"), name == "cursor" && hasEscape(unescape(value)):
			return errors.New("the next link is escaped twice")
		case name == "cursor" && a.cursor != "" && !mayBe(value, a.cursor):
			return errors.New("the next link and cursor disagree")
		}
	}

	return nil
}

// hasEscape reports whether text has an escaped character of a URL.
func hasEscape(text string) bool {
	return slices.ContainsFunc(strings.Split(text, "%")[1:], func(after string) bool {
		return len(after) >= 2 && charset.Only(after[:2], charset.Digits+"ABCDEFabcdef")
	})
}

// mayBe reports whether a link's value may be the cursor. Some servers put it there unescaped: a plus may be a space.
func mayBe(value, cursor string) bool {
	unescaped, err := url.PathUnescape(value)

	return value == cursor || unescape(value) == cursor || err == nil && unescaped == cursor
}

// hasCursor reports whether a link carries a cursor, which may expire.
func hasCursor(link string) bool {
	_, query, _ := strings.Cut(link, "?")

	return len(values(query, "cursor")) > 0 || len(values(query, "after")) > 0
}

// sameTarget reports whether two links that are not spelt alike lead to the same page. Links that cannot be compared do not.
func sameTarget(a, b string) bool {
	first, errA := url.Parse(a)
	second, errB := url.Parse(b)

	if errA != nil || errB != nil || first.EscapedPath() != second.EscapedPath() {
		return false
	}

	one, errA := url.ParseQuery(first.RawQuery)
	other, errB := url.ParseQuery(second.RawQuery)

	return errA == nil && errB == nil && one.Encode() == other.Encode()
}
