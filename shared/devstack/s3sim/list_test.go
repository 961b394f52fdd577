package s3sim_test

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/s3sim"
)

// list returns the lines of a whole listing, page after page: keys and common prefixes.
func (s store) list(prefix, delimiter string, size int) []string {
	s.Helper()
	query := url.Values{"list-type": {"2"}, "prefix": {prefix}, "delimiter": {delimiter}, "max-keys": {strconv.Itoa(size)}}
	var lines []string
	for {
		var page struct {
			KeyCount              int
			NextContinuationToken string
			Contents              []struct{ Key string }
			CommonPrefixes        []struct{ Prefix string }
		}
		reply := s.send(http.MethodGet, "?"+query.Encode(), "")
		if err := xml.Unmarshal(reply.Body.Bytes(), &page); err != nil || reply.Code != http.StatusOK || len(lines) > 100 {
			s.Fatalf("list %v: got %d and %s, %v", query, reply.Code, reply.Body, err)
		}
		for _, object := range page.Contents {
			lines = append(lines, object.Key)
		}
		for _, common := range page.CommonPrefixes {
			lines = append(lines, common.Prefix)
		}
		if got := len(page.Contents) + len(page.CommonPrefixes); got != page.KeyCount || got > size {
			s.Errorf("a page of %d has %d lines, and says %d", size, got, page.KeyCount)
		}
		if page.NextContinuationToken == "" {
			slices.Sort(lines)
			return lines
		}
		query.Set("continuation-token", page.NextContinuationToken)
	}
}

func TestListingsRollUpPageAndOrder(t *testing.T) {
	t.Parallel()
	s := open(t, s3sim.Config{})
	for _, key := range []string{
		"a.txt", "a/1", "a/2", "a/b/3", "a0", "exports/_state/users/x/checkpoint.json",
		"exports/users/export_id=x/part-000001-o.jsonl.gz", "exports/users/export_id=xy/part-000001-o.jsonl.gz",
	} {
		s.put("", key, key)
	}

	for name, test := range map[string]struct {
		prefix, delimiter string
		want              []string
	}{
		"the order is that of bytes, not of folders": {"a", "", []string{"a.txt", "a/1", "a/2", "a/b/3", "a0"}},
		"a delimiter":                      {"", "/", []string{"a.txt", "a/", "a0", "exports/"}},
		"a prefix that is a folder":        {"a/", "/", []string{"a/1", "a/2", "a/b/"}},
		"a prefix in the middle of a name": {"a/b", "/", []string{"a/b/"}},
		"a prefix that begins another":     {"exports/users/export_id=x/", "", []string{"exports/users/export_id=x/part-000001-o.jsonl.gz"}},
		"another delimiter":                {"a", ".", []string{"a.", "a/1", "a/2", "a/b/3", "a0"}},
		"a prefix of nothing":              {"none/such", "", nil},
		"a prefix of no path":              {"../", "", nil},
	} {
		for _, size := range []int{1, 2, 1000} {
			if diff := cmp.Diff(test.want, s.list(test.prefix, test.delimiter, size)); diff != "" {
				t.Errorf("%s, %d a page (-want +got):\n%s", name, size, diff)
			}
		}
	}

	for _, size := range []string{"-1", "0", "x"} {
		if got := code(s.send(http.MethodGet, "?list-type=2&max-keys="+size, "")); got != "InvalidArgument" {
			t.Errorf("%s a page: got %q, want InvalidArgument", size, got)
		}
	}
}
