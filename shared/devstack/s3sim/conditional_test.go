package s3sim_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/s3sim"
)

func TestAConditionalPutKeepsItsCondition(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		client, _ := serve(t, config)
		first := put(t, client, "k", "1")

		for _, test := range []struct{ key, match, noneMatch, want string }{
			{key: "k", noneMatch: "*", want: "PreconditionFailed"},
			{key: "k", match: `"00000000000000000000000000000000"`, want: "PreconditionFailed"},
			{key: "missing", match: first, want: "NoSuchKey"},
			{key: "k", noneMatch: first, want: "NotImplemented"},
			{key: "k", match: first, noneMatch: "*", want: "NotImplemented"},
			{key: "new", noneMatch: "*", want: ""},
			{key: "k", match: first, want: ""},
			{key: "k", match: first, want: "PreconditionFailed"},
		} {
			in := putInput(test.key, "2")
			if test.match != "" {
				in.IfMatch = &test.match
			}
			if test.noneMatch != "" {
				in.IfNoneMatch = &test.noneMatch
			}
			_, err := client.PutObject(t.Context(), in)
			if got := code(err); got != test.want {
				t.Errorf("%+v: got %q, want %q", test, got, test.want)
			}
		}
		for key, want := range map[string]string{"k": "2", "new": "2", "missing": "NoSuchKey"} {
			if got := get(t, client, key); got != want {
				t.Errorf("%s: got %s, want %s", key, got, want)
			}
		}
	})
}

func TestOfConditionalPutsAtOnceExactlyOneWins(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		client, _ := serve(t, config)

		const rounds, writers = 8, 12
		etag := ""
		for round := range rounds {
			codes, winners := make(chan string, writers), make(chan string, writers)
			var group sync.WaitGroup
			for writer := range writers {
				group.Go(func() {
					in := putInput("checkpoint", fmt.Sprintf("%d by %d", round, writer))
					if etag == "" {
						in.IfNoneMatch = aws.String("*")
					} else {
						in.IfMatch = aws.String(etag)
					}
					out, err := client.PutObject(t.Context(), in)
					codes <- code(err)
					if err == nil {
						winners <- *out.ETag
					}
				})
			}
			group.Wait()
			close(codes)

			got := make(map[string]int)
			for c := range codes {
				got[c]++
			}
			if diff := cmp.Diff(map[string]int{"": 1, "PreconditionFailed": writers - 1}, got); diff != "" {
				t.Fatalf("round %d (-want +got):\n%s", round, diff)
			}
			etag = <-winners
			head, err := client.HeadObject(t.Context(),
				&s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String("checkpoint")})
			if err != nil || *head.ETag != etag {
				t.Fatalf("round %d: stored is %v, %v, want the winner's %s", round, head, err, etag)
			}
		}
	})
}

func TestAReaderSeesOneVersionWhileWritersReplaceIt(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		client, _ := serve(t, config)
		body := func(i int) string { return strings.Repeat(string(rune('a'+i)), 100_000+i) }
		put(t, client, "k", body(0))

		var group sync.WaitGroup
		for i := range 4 {
			group.Go(func() {
				for range 10 {
					if _, err := client.PutObject(t.Context(), putInput("k", body(i))); err != nil {
						t.Error(err)
					}
				}
			})
			group.Go(func() {
				for range 10 {
					got := get(t, client, "k")
					if len(got) < 100_000 || got != body(len(got)-100_000) {
						t.Errorf("got %d bytes that are of no one version", len(got))
					}
				}
			})
		}
		group.Wait()
	})
}

func TestACallerWithoutListBucketIsToldNothingOfWhatIsMissing(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, s3sim.Config{Memory: true, DenyList: true})
	put(t, client, "k", "v")
	b, missing := aws.String(bucket), aws.String("missing")

	if got := get(t, client, "k"); got != "v" {
		t.Errorf("got %s of what is there, want v", got)
	}
	if got := get(t, client, "missing"); got != "AccessDenied" {
		t.Errorf("get: got %s, want AccessDenied", got)
	}
	in := putInput("missing", "v")
	in.IfMatch = aws.String(`"x"`)
	_, err := client.PutObject(t.Context(), in)
	wantCode(t, err, "AccessDenied")
	_, err = client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: b})
	wantCode(t, err, "AccessDenied")
	_, err = client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: b, Key: missing})
	wantStatus(t, err, http.StatusForbidden)

	in = putInput("k", "w")
	in.IfNoneMatch = aws.String("*")
	_, err = client.PutObject(t.Context(), in)
	wantCode(t, err, "PreconditionFailed")
	_, err = client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: b, Key: missing})
	wantCode(t, err, "")
}

func wantStatus(t *testing.T, err error, want int) {
	t.Helper()
	response, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err)
	if !ok || response.HTTPStatusCode() != want {
		t.Errorf("got %v, want status %d", err, want)
	}
}
