package s3sim_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"genesys-cloud-export/shared/devstack/s3sim"
)

// checker is what list needs of a test, which may be a property's.
type checker interface {
	Helper()
	Context() context.Context
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// maxLines is more than any listing of these tests has.
const maxLines = 100

// list returns the lines of a whole listing by version 2 of the operation, page after page: keys and common prefixes.
func list(t checker, client *s3.Client, in *s3.ListObjectsV2Input) []string {
	t.Helper()
	in.Bucket = aws.String(bucket)
	var lines []string
	pages := s3.NewListObjectsV2Paginator(client, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) > maxLines {
			t.Fatalf("the listing does not end: %v", lines)
		}
		if want := int(*page.KeyCount); len(page.Contents)+len(page.CommonPrefixes) != want {
			t.Fatalf("KeyCount is %d, lines are %d and %d", want, len(page.Contents), len(page.CommonPrefixes))
		}
		lines = append(lines, linesOf(page.Contents, page.CommonPrefixes)...)
	}

	return lines
}

func linesOf(contents []types.Object, prefixes []types.CommonPrefix) []string {
	var lines []string
	for _, object := range contents {
		lines = append(lines, *object.Key)
	}
	for _, prefix := range prefixes {
		lines = append(lines, *prefix.Prefix)
	}
	slices.Sort(lines)

	return lines
}

func TestListingsRollUpPageAndOrder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		client, _ := serve(t, config)
		for _, key := range []string{
			"a.txt", "a/1", "a/2", "a/b/3", "a0", "exports/_state/users/x/checkpoint.json",
			"exports/users/export_id=x/part-000001-o.jsonl.gz", "exports/users/export_id=xy/part-000001-o.jsonl.gz",
		} {
			put(t, client, key, key)
		}

		for name, test := range map[string]struct {
			in   s3.ListObjectsV2Input
			want []string
		}{
			"the order is that of bytes, not of folders": {
				s3.ListObjectsV2Input{Prefix: aws.String("a")}, []string{"a.txt", "a/1", "a/2", "a/b/3", "a0"},
			},
			"a delimiter": {s3.ListObjectsV2Input{Delimiter: aws.String("/")}, []string{"a.txt", "a/", "a0", "exports/"}},
			"a prefix that is a folder": {
				s3.ListObjectsV2Input{Prefix: aws.String("a/"), Delimiter: aws.String("/")}, []string{"a/1", "a/2", "a/b/"},
			},
			"a prefix in the middle of a name": {
				s3.ListObjectsV2Input{Prefix: aws.String("a/b"), Delimiter: aws.String("/")}, []string{"a/b/"},
			},
			"a prefix that begins another": {
				s3.ListObjectsV2Input{Prefix: aws.String("exports/users/export_id=x/")},
				[]string{"exports/users/export_id=x/part-000001-o.jsonl.gz"},
			},
			"another delimiter":    {s3.ListObjectsV2Input{Prefix: aws.String("a"), Delimiter: aws.String(".")}, []string{"a.", "a/1", "a/2", "a/b/3", "a0"}},
			"after a key":          {s3.ListObjectsV2Input{StartAfter: aws.String("a/2"), Prefix: aws.String("a")}, []string{"a/b/3", "a0"}},
			"after what is no key": {s3.ListObjectsV2Input{StartAfter: aws.String("a/10"), Prefix: aws.String("a/")}, []string{"a/2", "a/b/3"}},
			"a prefix of nothing":  {s3.ListObjectsV2Input{Prefix: aws.String("none/such")}, nil},
			"a prefix of no path":  {s3.ListObjectsV2Input{Prefix: aws.String("../")}, nil},
		} {
			for _, size := range []int32{1, 2, 1000} {
				in := test.in
				in.MaxKeys = &size
				if diff := cmp.Diff(test.want, list(t, client, &in)); diff != "" {
					t.Errorf("%s, %d a page (-want +got):\n%s", name, size, diff)
				}
			}
		}
	})
}

func TestALineOfAListingSaysWhatTheObjectIs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		client, _ := serve(t, config)
		etag := put(t, client, "k", "four")
		out, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket)})
		if err != nil {
			t.Fatal(err)
		}
		object := out.Contents[0]
		if *object.Size != 4 || *object.ETag != etag || object.LastModified.IsZero() || *out.IsTruncated {
			t.Errorf("got %+v, want 4 bytes with the tag %s", object, etag)
		}
		none, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{
			Bucket: aws.String(bucket), MaxKeys: aws.Int32(0),
		})
		if err != nil || len(none.Contents) != 0 || *none.IsTruncated || *none.KeyCount != 0 {
			t.Errorf("got %+v, %v for no keys, want none", none, err)
		}
	})
}

func TestKeysThatXMLCannotHoldAreListedEscaped(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, s3sim.Config{Memory: true})
	put(t, client, "a/\x01 +%ü", "v")

	out, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{
		Bucket: aws.String(bucket), EncodingType: types.EncodingTypeUrl, Prefix: aws.String("a/"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := *out.Contents[0].Key, "a/%01%20%2B%25%C3%BC"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVersionOneOfTheListingPagesByMarker(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, s3sim.Config{Memory: true})
	for _, key := range []string{"a/1", "a/2", "b", "c/1", "c/2", "d"} {
		put(t, client, key, "v")
	}

	var got []string
	in := &s3.ListObjectsInput{Bucket: aws.String(bucket), Delimiter: aws.String("/"), MaxKeys: aws.Int32(1)}
	for range 10 {
		page, err := client.ListObjects(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, linesOf(page.Contents, page.CommonPrefixes)...)
		if !*page.IsTruncated {
			break
		}
		in.Marker = page.NextMarker
	}
	if diff := cmp.Diff([]string{"a/", "b", "c/", "d"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	_, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{
		Bucket: aws.String(bucket), ContinuationToken: aws.String("!"),
	})
	wantCode(t, err, "InvalidArgument")
	_, err = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket), MaxKeys: aws.Int32(-1)})
	wantCode(t, err, "InvalidArgument")
}

// The model: what a listing of one page would be, said in the simplest way.
func linesByDefinition(keys []string, prefix, delimiter string) []string {
	var lines []string
	for _, key := range keys {
		rest, found := strings.CutPrefix(key, prefix)
		if !found {
			continue
		}
		if head, _, cut := strings.Cut(rest, delimiter); cut && delimiter != "" {
			key = prefix + head + delimiter
		}
		lines = append(lines, key)
	}
	slices.Sort(lines)

	return slices.Compact(lines)
}

func TestPagesOfAnySizeMakeTheWholeListing(t *testing.T) {
	t.Parallel()
	path := rapid.StringMatching(`[ab.]{1,2}(/[ab=]{1,2}){0,3}`)
	client, _ := serve(t, s3sim.Config{Memory: true})
	round := 0

	rapid.Check(t, func(t *rapid.T) {
		round++
		root := fmt.Sprintf("%06d/", round)
		var keys []string
		for _, key := range rapid.SliceOfNDistinct(path, 1, 12, rapid.ID[string]).Draw(t, "keys") {
			keys = append(keys, root+key)
			if _, err := client.PutObject(t.Context(), putInput(root+key, "")); err != nil {
				t.Fatal(err)
			}
		}
		prefix := root + rapid.SampledFrom([]string{"", "a", "a/", "b/a", "ab/"}).Draw(t, "prefix")
		delimiter := rapid.SampledFrom([]string{"", "/", "=", "a"}).Draw(t, "delimiter")
		size := rapid.Int32Range(1, 5).Draw(t, "size")

		in := &s3.ListObjectsV2Input{Prefix: &prefix, MaxKeys: &size}
		if delimiter != "" {
			in.Delimiter = &delimiter
		}
		if diff := cmp.Diff(linesByDefinition(keys, prefix, delimiter), list(t, client, in)); diff != "" {
			t.Fatalf("lines (-want +got):\n%s", diff)
		}
	})
}

func TestDeletedKeysAreGoneAndMayBeDeletedAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		client, _ := serve(t, config)
		for _, key := range []string{"a/b/c", "a/d", "e"} {
			put(t, client, key, "v")
		}
		for range 2 {
			_, err := client.DeleteObject(t.Context(),
				&s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String("a/b/c")})
			wantCode(t, err, "")
		}
		out, err := client.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{
			Bucket: aws.String(bucket), Delete: &types.Delete{Objects: []types.ObjectIdentifier{
				{Key: aws.String("a/d")}, {Key: aws.String("none")}, {Key: aws.String("../x")},
			}},
		})
		if err != nil || len(out.Errors) != 0 || len(out.Deleted) != 3 {
			t.Errorf("got %+v, %v, want all three deleted", out, err)
		}
		if diff := cmp.Diff([]string{"e"}, list(t, client, &s3.ListObjectsV2Input{})); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
	})
}
