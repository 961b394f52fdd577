package genesys

import (
	"errors"
	"fmt"
	"net/url"
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

	query := queryOf(link)
	if l.nextPageURI != "" && l.nextPageURI != link {
		other := queryOf(l.nextPageURI)
		if pathOf(l.nextPageURI) != pathOf(link) || other.Encode() != query.Encode() {
			return "", errors.New("nextUri and nextPageUri disagree")
		}
	}

	if l.cursor != "" && query.Has("cursor") && query.Get("cursor") != l.cursor {
		return "", errors.New("the next link and cursor disagree")
	}

	return link, nil
}

// links is what a reply says about the page after it.
type links struct {
	nextURI, nextPageURI, cursor string
}

func queryOf(link string) url.Values {
	parsed, err := url.Parse(link)
	if err != nil {
		return nil
	}

	return parsed.Query()
}

func pathOf(link string) string {
	parsed, err := url.Parse(link)
	if err != nil {
		return link
	}

	return parsed.EscapedPath()
}
