package genesys

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// maxLink is the longest next link that is followed, in bytes. The vendor's are a few hundred.
const maxLink = 8 << 10

// resolve turns a link of the listing at path into the address to request. A relative link is appended to the base, which
// may carry a gateway's path; an absolute one must be on the base's origin and below its path. Either way it must lead to
// the very same listing. The error says what is wrong and does not repeat the link.
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

	switch {
	case parsed.User != nil, parsed.Fragment != "", parsed.Opaque != "":
		return nil, errors.New("holds user information or a fragment")
	case parsed.Scheme == "" && parsed.Host == "" && strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//"):
		if parsed.EscapedPath() != path {
			return nil, errors.New("leads to another path than the listing's")
		}
	case parsed.Scheme == base.Scheme && sameHost(parsed, base):
		if parsed.EscapedPath() != prefix+path {
			return nil, errors.New("leads to another path than the listing's")
		}
	default:
		return nil, errors.New("leads to another origin than the API's")
	}

	target := base.JoinPath(path)
	target.RawQuery = parsed.RawQuery

	return target, nil
}

func sameHost(a, b *url.URL) bool {
	return strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if explicit := u.Port(); explicit != "" {
		return explicit
	}

	if u.Scheme == "https" {
		return "443"
	}

	return "80"
}

// next picks the link to the following page from what a reply carries: nextUri, nextPageUri or cursor, whichever is there.
// fromCursor makes a link of a cursor. "" is the end. Where they contradict each other, none is believed.
func (l links) next(fromCursor func(string) string) (string, error) {
	link := l.nextURI
	if link == "" {
		link = l.nextPageURI
	}

	if link == "" {
		if l.cursor == "" {
			return "", nil
		}

		return fromCursor(l.cursor), nil
	}

	if l.nextPageURI != "" && l.nextPageURI != link && !sameTarget(l.nextPageURI, link) {
		return "", errors.New("nextUri and nextPageUri disagree")
	}

	if inLink, there := cursorIn(link); there && l.cursor != "" && !slices.Contains(inLink, l.cursor) {
		return "", errors.New("the next link and cursor disagree")
	}

	return link, nil
}

// links is what a reply says about the page after it.
type links struct {
	nextURI, nextPageURI, cursor string
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

// cursorIn returns what a link's cursor may be, and whether it has one: as it is written, and unescaped with and without
// taking a plus for a space, which servers that put a cursor into a link unescaped do not mean.
func cursorIn(link string) (readings []string, there bool) {
	_, query, _ := strings.Cut(link, "?")
	for pair := range strings.SplitSeq(query, "&") {
		value, found := strings.CutPrefix(pair, "cursor=")
		if !found {
			continue
		}

		readings = append(readings, value)
		for _, unescape := range []func(string) (string, error){url.QueryUnescape, url.PathUnescape} {
			if text, err := unescape(value); err == nil {
				readings = append(readings, text)
			}
		}
	}

	return readings, len(readings) > 0
}
