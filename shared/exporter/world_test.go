package exporter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/exporter"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"
	"genesys-cloud-export/shared/transport"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

const (
	genesysHost  = "127.0.0.1:8001"
	clientID     = "world"
	clientSecret = "a secret of the world"
	tokenName    = "/world/token"
	bucket       = "exports"
)

// world is all that a function talks to, on a network in memory: for tests in virtual time.
type world struct {
	t       *testing.T
	genesys *genesyssim.Simulator
	network *http.Client
	cloud   aws.Config
	out     bytes.Buffer // what the function's processes print

	rotator http.HandlerFunc // answers the rotator's invocations, whose payloads are kept in asked
	asking  sync.Mutex
	asked   []string
	// front may answer a request to AWS in place of the service, and reports whether it did; nil: never.
	front func(http.ResponseWriter, *http.Request) bool
}

// newWorld must be called in the bubble in which the world is used. A token is stored, and there is no rotator.
func newWorld(t *testing.T, organisation genesyssim.Config) *world {
	t.Helper()

	network := memnet.New()
	carrier := network.Transport()
	t.Cleanup(carrier.CloseIdleConnections)

	w := &world{t: t, network: &http.Client{Transport: carrier, CheckRedirect: transport.NoRedirect}}

	organisation.ClientID, organisation.ClientSecret, organisation.TokenLifetime = clientID, secret.New(clientSecret), 24*time.Hour
	w.genesys = must(genesyssim.New(organisation))(t)

	t.Cleanup(must(network.Serve(genesysHost, w.genesys))(t))
	w.cloud = awstest.Serve(t, network, "10.0.0.1", w.services()) // an IP literal: path style
	w.storeToken()
	time.Sleep(time.Minute) // a fresh token's rejection would not count yet

	return w
}

// must is value, and ends the test where err is not nil.
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()

		if err != nil {
			t.Fatal(err)
		}

		return value
	}
}

// services are AWS's, at one address.
func (w *world) services() http.Handler {
	parameters := ssmsim.New()
	objects := must(s3sim.New(s3sim.Config{Folder: w.t.TempDir(), Buckets: []string{bucket}}))(w.t)

	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case w.front != nil && w.front(rw, r):
		case strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AmazonSSM."):
			parameters.ServeHTTP(rw, r)
		case strings.HasPrefix(r.URL.Path, "/2015-03-31/"):
			payload, _ := io.ReadAll(r.Body)

			w.asking.Lock()
			w.asked = append(w.asked, string(payload))
			w.asking.Unlock()
			w.rotator(rw, r)
		default:
			objects.ServeHTTP(rw, r)
		}
	})
}

func (w *world) tokens() *tokenstore.Store {
	return tokenstore.New(ssm.NewFromConfig(w.cloud), tokenName, "")
}

// storeToken does what the rotator would: it mints a token and stores it.
func (w *world) storeToken() {
	w.t.Helper()

	issuer := &genesys.TokenClient{
		URL: "http://" + genesysHost + "/oauth/token", AuthMethod: genesys.ClientSecretBasic, HTTP: w.network, Attempt: time.Minute,
	}
	grant := must(issuer.Issue(w.t.Context(), token.Credentials{ClientID: clientID, ClientSecret: secret.New(clientSecret)}))(w.t)
	minted := token.Token{Access: grant.Access, Type: grant.Type, IssuedAt: grant.SentAt, ExpiresAt: grant.SentAt.Add(grant.ExpiresIn)}
	must(w.tokens().Write(w.t.Context(), minted))(w.t)
}

// shortenToken stores the token with that much of its life left.
func (w *world) shortenToken(left time.Duration) {
	w.t.Helper()

	shortened := must(w.tokens().Read(w.t.Context()))(w.t).Token
	shortened.ExpiresAt = time.Now().Add(left)
	must(w.tokens().Write(w.t.Context(), shortened))(w.t)
}

// process is a new process of the function, with its memory empty.
func (w *world) process(variables ...string) *invocation.Handler {
	return w.processOf([]genesys.Definition{genesys.Users(http.MethodGet)}, variables...)
}

// processOf is one that exports these listings.
func (w *world) processOf(listings []genesys.Definition, variables ...string) *invocation.Handler {
	environ := []string{"GENESYS_API_URL=http://" + genesysHost, "TOKEN_PARAMETER_NAME=" + tokenName, "EXPORT_BUCKET=" + bucket}

	return exporter.Load(&invocation.Process{
		Environ: append(environ, variables...), Cloud: w.cloud, HTTP: w.network, Out: &w.out, Logger: slog.New(slog.NewJSONHandler(&w.out, nil)),
	}, listings...)
}

// invoke gives a process one invocation of that length, and wants a result.
func (w *world) invoke(h *invocation.Handler, length time.Duration, payload string) (result export.Result) {
	w.t.Helper()

	reply := must(w.send(h, length, payload))(w.t)
	if err := json.Unmarshal(reply, &result); err != nil {
		w.t.Fatalf("%s: %v", reply, err)
	}

	return result
}

// fail gives a process one invocation of that length, wants a failure of that type which says so, and returns its message.
func (w *world) fail(h *invocation.Handler, length time.Duration, kind, says string) string {
	w.t.Helper()

	_, err := w.send(h, length, "{}")

	failed := reported(w.t, err)
	if failed.Type != kind || !strings.Contains(failed.Message, says) {
		w.t.Errorf("got %s: %s, want %s that says %q", failed.Type, failed.Message, kind, says)
	}

	return failed.Message
}

func (w *world) send(h *invocation.Handler, length time.Duration, payload string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(lambdacontext.NewContext(w.t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"}), length)
	defer cancel()

	return h.Invoke(ctx, []byte(payload))
}

// wantUsers wants an export of so many users to be complete.
func (w *world) wantUsers(users int64, got export.Result) {
	w.t.Helper()

	if got.Status != export.StatusComplete || got.Records != users {
		w.t.Errorf("got %+v, want %d users and the export complete", got, users)
	}
}

// get is a request of another client with the stored token, and returns its status.
func (w *world) get(path string) int {
	w.t.Helper()

	stored := must(w.tokens().Read(w.t.Context()))(w.t)
	request := must(http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+genesysHost+path, nil))(w.t)
	request.Header.Set("Authorization", "Bearer "+stored.Access.Reveal())

	reply := must(w.network.Do(request))(w.t)
	_ = reply.Body.Close()

	return reply.StatusCode
}

// object is an object of the bucket, which lies at a URI or a key.
func (w *world) object(at string) []byte {
	w.t.Helper()

	key := strings.TrimPrefix(at, "s3://"+bucket+"/")
	reply := must(s3.NewFromConfig(w.cloud).GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key}))(w.t)
	defer reply.Body.Close()

	return must(io.ReadAll(reply.Body))(w.t)
}

// put writes an object of the bucket.
func (w *world) put(key, body string) {
	w.t.Helper()

	must(s3.NewFromConfig(w.cloud).PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(body)}))(w.t)
}

// manifest reads the manifest of a result.
func (w *world) manifest(result export.Result) (manifest export.Manifest) {
	w.t.Helper()

	if err := json.Unmarshal(w.object(result.Manifest), &manifest); err != nil {
		w.t.Fatal(err)
	}

	return manifest
}

// reported is err as the runtime reports it, which takes no wrapped one.
func reported(t *testing.T, err error) messages.InvokeResponse_Error {
	t.Helper()

	if got, want := reflect.TypeOf(err), reflect.TypeFor[messages.InvokeResponse_Error](); got != want {
		t.Fatalf("got error %v of type %v, want a %v by value", err, got, want)
	}

	return err.(messages.InvokeResponse_Error) //nolint:errorlint,forcetypeassert // the runtime takes no wrapped one
}
