package genesys

import (
	"errors"
	"net/url"

	"genesys-cloud-export/shared/export"
)

// The bounds, for tests that stand on them.
const (
	MaxPageBytes = maxPageBytes
	MaxLink      = maxLink
)

// Links is what a page says about the page after it.
type Links struct{ NextURI, NextPageURI, Cursor string }

// ReadPage is readPage.
func ReadPage(page *export.Page) (Links, error) {
	found, err := readPage(page, "entities", ByCursor)
	return Links{found.nextURI, found.nextPageURI, found.cursor}, err
}

// IsPageError reports whether err says that a body is wrong.
func IsPageError(err error) bool {
	_, ok := errors.AsType[pageError](err)
	return ok
}

// Resolve is resolve.
func Resolve(base *url.URL, path, link string) (*url.URL, error) { return resolve(base, path, link) }

// Next is around.next.
func (l Links) Next(path string) (string, error) {
	return around{nextURI: l.NextURI, nextPageURI: l.NextPageURI, cursor: l.Cursor}.next(path)
}

// Complete is complete.
func Complete(query string, parameters url.Values) (string, error) {
	return complete(query, parameters, "pageSize")
}
