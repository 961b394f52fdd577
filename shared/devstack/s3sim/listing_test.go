package s3sim_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
)

// list returns the lines of a whole listing, page after page: keys and common prefixes.
func (s store) list(in s3.ListObjectsV2Input) []string {
	s.Helper()
	const maxLines = 100 // more than any listing of these tests has
	in.Bucket = aws.String(bucket)
	var lines []string
	for pages := s3.NewListObjectsV2Paginator(s, &in); pages.HasMorePages() && len(lines) < maxLines; {
		page, err := pages.NextPage(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		if want := int(*page.KeyCount); len(page.Contents)+len(page.CommonPrefixes) != want {
			s.Fatalf("KeyCount is %d, lines are %d and %d", want, len(page.Contents), len(page.CommonPrefixes))
		}
		for _, object := range page.Contents {
			lines = append(lines, *object.Key)
		}
		for _, prefix := range page.CommonPrefixes {
			lines = append(lines, *prefix.Prefix)
		}
	}
	slices.Sort(lines)

	return lines
}

func TestListingsRollUpPageAndOrder(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for _, key := range []string{
		"a.txt", "a/1", "a/2", "a/b/3", "a0", "exports/_state/users/x/checkpoint.json",
		"exports/users/export_id=x/part-000001-o.jsonl.gz", "exports/users/export_id=xy/part-000001-o.jsonl.gz",
	} {
		s.put(key, key)
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
		for _, size := range []int32{1, 2, 1000} {
			in := s3.ListObjectsV2Input{Prefix: &test.prefix, Delimiter: &test.delimiter, MaxKeys: &size}
			if diff := cmp.Diff(test.want, s.list(in)); diff != "" {
				t.Errorf("%s, %d a page (-want +got):\n%s", name, size, diff)
			}
		}
	}

	_, err := s.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket), MaxKeys: aws.Int32(-1)})
	if got := code(err); got != "InvalidArgument" {
		t.Errorf("pages of -1 lines: got %q, want InvalidArgument", got)
	}
}
