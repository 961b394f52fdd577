package exportstore_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"

	"genesys-cloud-export/shared/devstack/awstest"
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
	address    = "10.0.0.1" // path style

	checkpoint = "users/e1/checkpoint.json"
	partName   = "part-000001-0123456789abcdef.jsonl.gz"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stores is the store of exports in a bucket.
type stores struct {
	*exportstore.Store

	client *s3.Client
	bucket string
}

func newStores(client *s3.Client, bucket string) stores {
	return stores{exportstore.New(client, bucket, prefix), client, bucket}
}

// create stores a document, and fails the test where that fails.
func (s stores) create(t *testing.T, name, body string) (tag string) {
	t.Helper()

	tag, err := s.Create(t.Context(), name, []byte(body))
	if err != nil {
		t.Fatal(err)
	}

	return tag
}

// bucket is a simulated bucket with something in front of it that spoils requests.
type bucket struct {
	stores

	endpoint *s3sim.Endpoint
	folder   string // below which its objects lie

	mu     sync.Mutex
	counts map[string]int
	spoil  spoiler
}

// spoiler answers a request in the endpoint's place, or has it answered with next. It gets how often the operation was
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

// inBubble runs a test in a bubble, with a bucket of its own.
func inBubble(t *testing.T, config s3sim.Config, test func(t *testing.T, b *bucket)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, serve(t, config)) })
}

// serve serves a bucket on a network in memory, and reaches it as the functions do.
func serve(t *testing.T, config s3sim.Config) *bucket {
	t.Helper()

	config.Folder = t.TempDir()
	config.Buckets = []string{bucketName}

	endpoint, err := s3sim.New(config)
	if err != nil {
		t.Fatal(err)
	}

	b := &bucket{endpoint: endpoint, folder: config.Folder, counts: make(map[string]int)}

	cloud := awstest.Serve(t, memnet.New(), address, b)
	cloud.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported
	cloud.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
	b.stores = newStores(s3.NewFromConfig(cloud), bucketName)

	t.Cleanup(func() { _ = endpoint.Close() })

	return b
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
