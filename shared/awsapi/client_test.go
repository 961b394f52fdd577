package awsapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/awstest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// services is a call of each service that the functions talk to.
func services() map[string]func(context.Context, aws.Config) error {
	pathStyle := func(o *s3.Options) { o.UsePathStyle = true }

	return map[string]func(context.Context, aws.Config) error{
		"SSM": getParameter,
		"Secrets Manager": func(ctx context.Context, config aws.Config) error {
			_, err := secretsmanager.NewFromConfig(config).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("s")})
			return err
		},
		"Lambda": func(ctx context.Context, config aws.Config) error {
			_, err := lambda.NewFromConfig(config).Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("rotator")})
			return err
		},
		"S3 put": putObject,
		"S3 get": func(ctx context.Context, config aws.Config) error {
			reply, err := s3.NewFromConfig(config, pathStyle).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
			if err == nil {
				reply.Body.Close()
			}

			return err
		},
		"S3 list": func(ctx context.Context, config aws.Config) error {
			_, err := s3.NewFromConfig(config, pathStyle).ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("b")})
			return err
		},
	}
}

//nolint:paralleltest // it measures the heap of the whole process; no other test may run meanwhile
func TestAReplyOf300MBOfEachServiceIsRefusedOnceAndInBoundedMemory(t *testing.T) {
	block := []byte(strings.Repeat("x", 64<<10))

	// A stream of gzip may be many, one after the other: https://www.rfc-editor.org/rfc/rfc1952#section-2.2
	var zipped bytes.Buffer

	zip := gzip.NewWriter(&zipped)
	_, _ = zip.Write(block) // a buffer takes everything
	_ = zip.Close()

	for name, call := range services() {
		for status, packed := range map[int]bool{200: false, 201: true, 400: false, 403: true} {
			var sent atomic.Int64
			huge := func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				wire := block
				if packed && r.Header.Get("Accept-Encoding") == "gzip" {
					w.Header().Set("Content-Encoding", "gzip")
					wire = zipped.Bytes()
				}

				w.WriteHeader(status)
				for sent.Load() < 300<<20 {
					if _, err := w.Write(wire); err != nil {
						return
					}
					sent.Add(int64(len(block)))
				}
			}

			s := serve(t, huge)

			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			err := call(t.Context(), s.config)
			runtime.ReadMemStats(&after)

			if got, want := awsapi.Describe(err), "the answer is longer than 16777216 bytes"; got != want {
				t.Errorf("%s, status %d: got %q (%v), want %q", name, status, got, err, want)
			}
			// What was allocated in all; the sizes of a buffer that grows by a quarter at a time come to five times the last.
			if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > 120 || !packed && sent.Load() > 17<<20 || s.asked() != 1 {
				t.Errorf("%s, status %d: %d MB allocated, %d bytes sent, in %d calls", name, status, allocated, sent.Load(), s.asked())
			}
		}
	}
}

func TestARetryIsGrantedAfterAnOutageAsItWasBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outage := awstest.Refuse(http.StatusServiceUnavailable, "ServiceUnavailable")
		s := serve(t, awstest.Times(1000, outage)...)
		retryer := awsapi.NewRetryer() // one for the client's life, as the SDK keeps it
		s.config.Retryer = func() aws.Retryer { return retryer }

		for time.Since(s.begun) < 2*time.Minute {
			if err := getParameter(t.Context(), s.config); err == nil {
				t.Fatal("a call succeeded in the outage")
			}
		}

		s.Requests()
		s.Fail("", outage)

		if err := getParameter(t.Context(), s.config); err != nil || s.asked() != 2 {
			t.Errorf("a single 503 after the outage: got %v after %d calls, want success after 2", err, s.asked())
		}
	})
}

func TestARequestIsSignedByTheServersClockWhereOursIsOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ahead := time.Now().Add(20 * time.Minute)
		s := serve(t, awstest.Times(2, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			w.Header().Set("Date", ahead.Format(http.TimeFormat))

			signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
			if err != nil || ahead.Sub(signed).Abs() > 5*time.Minute {
				xmlError(403, "RequestTimeTooSkewed")(w, r, nil)
			}
		})...)

		if err := putObject(t.Context(), s.config); err != nil || s.asked() != 2 {
			t.Errorf("got %v after %d calls, want success after 2", err, s.asked())
		}
	})
}
