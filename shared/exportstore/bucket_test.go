package exportstore_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/exportstore"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.uber.org/goleak"
)

const (
	bucketName = "exports-bucket"
	prefix     = "exports"
	address    = "10.0.0.1:9000"

	checkpoint = "users/e1/checkpoint.json"
	partName   = "part-000001-0123456789abcdef.jsonl.gz"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bucket is a simulated bucket with something in front of it that spoils requests.
type bucket struct {
	endpoint *s3sim.Endpoint
	client   *s3.Client

	mu     sync.Mutex
	counts map[string]int
	spoil  spoiler
}

// spoiler answers a request in the endpoint's place, or has it answered with next. It is told how often the operation was
// asked for, counted from 1.
type spoiler func(w http.ResponseWriter, r *http.Request, operation string, count int, next http.Handler)

// ServeHTTP counts requests and hands them to the spoiler.
func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation := s3sim.Operation(r)

	b.mu.Lock()
	b.counts[operation]++
	count := b.counts[operation]
	spoil := b.spoil
	b.mu.Unlock()

	if spoil == nil {
		b.endpoint.ServeHTTP(w, r)
		return
	}

	spoil(w, r, operation, count, b.endpoint)
}

// spoiled begins to spoil requests, and to count them anew.
func (b *bucket) spoiled(spoil spoiler) {
	b.mu.Lock()
	defer b.mu.Unlock()

	b.spoil, b.counts = spoil, make(map[string]int)
}

func (b *bucket) requests() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()

	return b.counts
}

func (b *bucket) documents() *exportstore.Documents {
	return exportstore.NewDocuments(b.client, bucketName, prefix)
}

func (b *bucket) parts() *exportstore.Parts {
	return exportstore.NewParts(b.client, bucketName, prefix)
}

func newBucket(t *testing.T, config s3sim.Config) *bucket {
	t.Helper()

	config.Buckets = []string{bucketName}

	endpoint, err := s3sim.New(config)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = endpoint.Close() })

	return &bucket{endpoint: endpoint, counts: make(map[string]int)}
}

// overLoopback serves a bucket on a socket.
func overLoopback(t *testing.T, config s3sim.Config) *bucket {
	t.Helper()

	b := newBucket(t, config)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.client = newClient(server.URL, server.Client())

	return b
}

// inBubble serves a bucket in memory, for virtual time. It has to be called in the bubble.
func inBubble(t *testing.T, config s3sim.Config) *bucket {
	t.Helper()

	config.Folder = t.TempDir()

	return overMemory(t, config)
}

// overMemory serves a bucket on a network in memory, and reaches it with the functions' own client.
func overMemory(t *testing.T, config s3sim.Config) *bucket {
	t.Helper()

	b := newBucket(t, config)
	network := memnet.New()

	stop, err := network.Serve(address, b)
	if err != nil {
		t.Fatal(err)
	}

	client, err := network.Carry(awsapi.NewHTTPClient())
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		client.CloseIdleConnections()
		stop()
	})

	b.client = newClient("http://"+address, client)

	return b
}

// newClient is configured as the functions' is, but for the address.
func newClient(url string, client aws.HTTPClient) *s3.Client {
	return s3.NewFromConfig(aws.Config{
		Region: "eu-central-1", BaseEndpoint: &url, HTTPClient: client, Retryer: awsapi.NewRetryer,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}, func(o *s3.Options) { o.UsePathStyle = true })
}

// refuse answers with an error of S3.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>`+code+
		`</Code><Message>arn:aws:iam::123456789012:role/secret is not authorized</Message></Error>`)
}

// refusals refuses the first requests of an operation, and then lets everything through.
func refusals(operation string, times, status int, code string) spoiler {
	return func(w http.ResponseWriter, r *http.Request, asked string, count int, next http.Handler) {
		if asked == operation && count <= times {
			refuse(w, status, code)
			return
		}

		next.ServeHTTP(w, r)
	}
}

// lostReply does the first request of an operation and breaks the connection instead of answering; then comes meanwhile.
func lostReply(operation string, meanwhile func()) spoiler {
	return func(w http.ResponseWriter, r *http.Request, asked string, count int, next http.Handler) {
		if asked != operation || count != 1 {
			next.ServeHTTP(w, r)
			return
		}

		next.ServeHTTP(httptest.NewRecorder(), r)
		meanwhile()
		panic(http.ErrAbortHandler)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
