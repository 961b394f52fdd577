package s3sim_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"genesys-cloud-export/shared/devstack/s3sim"
)

func TestReadsTakePreconditions(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		client, _ := serve(t, config)
		etag := put(t, client, "k", "0123456789")
		past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		b, k := aws.String(bucket), aws.String("k")

		for name, test := range map[string]struct {
			in   s3.GetObjectInput
			want int
		}{
			"the tag that is there":           {s3.GetObjectInput{IfMatch: &etag}, 0},
			"any tag":                         {s3.GetObjectInput{IfMatch: aws.String("*")}, 0},
			"another tag":                     {s3.GetObjectInput{IfMatch: aws.String(`"x"`)}, http.StatusPreconditionFailed},
			"none of the tag that is there":   {s3.GetObjectInput{IfNoneMatch: &etag}, http.StatusNotModified},
			"none of another tag":             {s3.GetObjectInput{IfNoneMatch: aws.String(`"x"`)}, 0},
			"modified since an hour ago":      {s3.GetObjectInput{IfModifiedSince: &past}, 0},
			"modified since in an hour":       {s3.GetObjectInput{IfModifiedSince: &future}, http.StatusNotModified},
			"unmodified since an hour ago":    {s3.GetObjectInput{IfUnmodifiedSince: &past}, http.StatusPreconditionFailed},
			"unmodified since in an hour":     {s3.GetObjectInput{IfUnmodifiedSince: &future}, 0},
			"the tag goes before the time":    {s3.GetObjectInput{IfMatch: &etag, IfUnmodifiedSince: &past}, 0},
			"other tag goes before the time":  {s3.GetObjectInput{IfNoneMatch: aws.String(`"x"`), IfModifiedSince: &future}, 0},
			"a range beyond the end":          {s3.GetObjectInput{Range: aws.String("bytes=10-")}, http.StatusRequestedRangeNotSatisfiable},
			"a key that is not there":         {s3.GetObjectInput{Key: aws.String("none")}, http.StatusNotFound},
			"a key that is a folder on disks": {s3.GetObjectInput{Key: aws.String("..")}, http.StatusNotFound},
		} {
			in := test.in
			in.Bucket = b
			if in.Key == nil {
				in.Key = k
			}
			out, err := client.GetObject(t.Context(), &in)
			_, headErr := client.HeadObject(t.Context(), &s3.HeadObjectInput{
				Bucket: in.Bucket, Key: in.Key, IfMatch: in.IfMatch, IfNoneMatch: in.IfNoneMatch, Range: in.Range,
				IfModifiedSince: in.IfModifiedSince, IfUnmodifiedSince: in.IfUnmodifiedSince,
			})
			if test.want != 0 {
				t.Log(name)
				wantStatus(t, err, test.want)
				wantStatus(t, headErr, test.want)

				continue
			}
			if err != nil || headErr != nil {
				t.Errorf("%s: got %v and %v, want the object", name, err, headErr)

				continue
			}
			_ = out.Body.Close()
		}
	})
}

func TestReadsTakeRanges(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		client, _ := serve(t, config)
		put(t, client, "k", "0123456789")
		put(t, client, "empty", "")

		for given, want := range map[string][2]string{
			"bytes=0-0":     {"0", "bytes 0-0/10"},
			"bytes=2-4":     {"234", "bytes 2-4/10"},
			"bytes=7-":      {"789", "bytes 7-9/10"},
			"bytes=7-99":    {"789", "bytes 7-9/10"},
			"bytes=-3":      {"789", "bytes 7-9/10"},
			"bytes=-99":     {"0123456789", "bytes 0-9/10"},
			"bytes=4-2":     {"0123456789", ""},
			"bytes=x-2":     {"0123456789", ""},
			"bytes=-":       {"0123456789", ""},
			"lines=1-2":     {"0123456789", ""},
			"bytes=0-1,4-5": {"0123456789", ""},
		} {
			out, err := client.GetObject(t.Context(), &s3.GetObjectInput{
				Bucket: aws.String(bucket), Key: aws.String("k"), Range: &given,
			})
			if err != nil {
				t.Errorf("%s: %v", given, err)

				continue
			}
			body, err := io.ReadAll(out.Body)
			_ = out.Body.Close()
			if got := [2]string{string(body), aws.ToString(out.ContentRange)}; err != nil || got != want {
				t.Errorf("%s: got %q, %v, want %q", given, got, err, want)
			}
		}

		_, err := client.GetObject(t.Context(), &s3.GetObjectInput{
			Bucket: aws.String(bucket), Key: aws.String("empty"), Range: aws.String("bytes=0-"),
		})
		wantCode(t, err, "InvalidRange")
		if got := get(t, client, "empty"); got != "" {
			t.Errorf("got %q of an empty object", got)
		}
	})
}

func TestARequestSaysHowTheReplyIsLabelled(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, s3sim.Config{Memory: true})
	put(t, client, "k", "v")
	out, err := client.GetObject(t.Context(), &s3.GetObjectInput{
		Bucket: aws.String(bucket), Key: aws.String("k"), ResponseContentType: aws.String("text/x"),
		ResponseContentDisposition: aws.String("attachment"),
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = out.Body.Close()
	if *out.ContentType != "text/x" || *out.ContentDisposition != "attachment" {
		t.Errorf("got %s and %s, want what was asked for", *out.ContentType, *out.ContentDisposition)
	}
}
