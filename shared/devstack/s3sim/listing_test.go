package s3sim_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/s3sim"
)

// maxLines is more than any listing of these tests has.
const maxLines = 100

// list returns the lines of a whole listing by version 2 of the operation, page after page: keys and common prefixes.
func list(t *testing.T, client *s3.Client, in *s3.ListObjectsV2Input) []string {
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
			"another delimiter":   {s3.ListObjectsV2Input{Prefix: aws.String("a"), Delimiter: aws.String(".")}, []string{"a.", "a/1", "a/2", "a/b/3", "a0"}},
			"a prefix of nothing": {s3.ListObjectsV2Input{Prefix: aws.String("none/such")}, nil},
			"a prefix of no path": {s3.ListObjectsV2Input{Prefix: aws.String("../")}, nil},
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
		_, err = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket), MaxKeys: aws.Int32(-1)})
		wantCode(t, err, "InvalidArgument")
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
		if diff := cmp.Diff([]string{"a/d", "e"}, list(t, client, &s3.ListObjectsV2Input{})); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
	})
}
