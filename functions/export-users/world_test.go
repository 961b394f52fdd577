package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"
	"genesys-cloud-export/shared/transport"
)

// The addresses of a world's servers, on its network in memory.
const (
	genesysHost   = "127.0.0.1:8001"
	ssmHost       = "127.0.0.1:8002"
	s3Host        = "127.0.0.1:8003"
	lambdaHost    = "127.0.0.1:8004"
	tokenName     = "/world/token"
	worldBucket   = "exports"
	clientID      = "world"
	clientSecret  = "a secret of the world"
	tokenLifetime = 24 * time.Hour
)

// world is everything that the function talks to, on a network in memory: for tests in virtual time.
type world struct {
	t       *testing.T
	genesys *genesyssim.Simulator
	network *http.Client
	cloud   func(host string) aws.Config
	out     bytes.Buffer

	// rotator answers the rotator's invocations, whose payloads are kept in asked.
	rotator http.HandlerFunc
	asking  sync.Mutex
	asked   []string
	// hanging reports which requests to AWS get no answer; nil: none.
	hanging func(*http.Request) bool
}

// newWorld must be called in the bubble in which the world is used. A token is stored, and there is no rotator.
func newWorld(t *testing.T, organisation genesyssim.Config) *world {
	t.Helper()

	w := &world{t: t}
	network := memnet.New()
	carrier := network.Transport()
	t.Cleanup(carrier.CloseIdleConnections)
	w.network = &http.Client{Transport: carrier, CheckRedirect: transport.NoRedirect}

	organisation.ClientID, organisation.ClientSecret, organisation.TokenLifetime = clientID, secret.New(clientSecret), tokenLifetime

	w.genesys = must(genesyssim.New(organisation))(t)
	parameters := ssmsim.New(ssmsim.Config{})
	objects := must(s3sim.New(s3sim.Config{Folder: t.TempDir(), Buckets: []string{worldBucket}}))(t)
	functions := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		payload, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}

		w.asking.Lock()
		w.asked = append(w.asked, string(payload))
		w.asking.Unlock()
		w.rotator(rw, r)
	})

	for host, handler := range map[string]http.Handler{genesysHost: w.genesys, ssmHost: parameters, s3Host: objects, lambdaHost: functions} {
		t.Cleanup(must(network.Serve(host, handler))(t))
	}

	w.cloud = func(host string) aws.Config {
		return aws.Config{
			Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
			HTTPClient: w.network, Retryer: awsapi.NewRetryer, BaseEndpoint: aws.String("http://" + host),
		}
	}
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

func (w *world) tokens() *tokenstore.Store {
	return tokenstore.New(ssm.NewFromConfig(w.cloud(ssmHost)), tokenName, "")
}

// storeToken does what the rotator would: it mints a token and stores it.
func (w *world) storeToken() {
	w.t.Helper()

	issuer := &genesys.TokenClient{
		URL: "http://" + genesysHost + "/oauth/token", AuthMethod: genesys.ClientSecretBasic, HTTP: w.network, Attempt: time.Minute,
	}

	grant := must(issuer.Issue(w.t.Context(), token.Credentials{ClientID: clientID, ClientSecret: secret.New(clientSecret)}))(w.t)
	w.write(token.Token{Access: grant.Access, Type: grant.Type, IssuedAt: grant.SentAt, ExpiresAt: grant.SentAt.Add(grant.ExpiresIn)})
}

// shortenToken stores the token with that much of its life left.
func (w *world) shortenToken(left time.Duration) {
	w.t.Helper()

	shortened := w.stored()
	shortened.ExpiresAt = time.Now().Add(left)
	w.write(shortened)
}

func (w *world) write(t token.Token) {
	w.t.Helper()

	must(w.tokens().Write(w.t.Context(), t))(w.t)
}

func (w *world) stored() token.Token {
	w.t.Helper()

	return must(w.tokens().Read(w.t.Context()))(w.t).Token
}

// process is a new process of the function, with its memory empty.
func (w *world) process(variables ...string) *invocation.Handler {
	cloud := w.cloud(s3Host)
	cloud.HTTPClient = router{w}

	return newHandler(&invocation.Process{Environ: append([]string{
		"GENESYS_API_URL=http://" + genesysHost, "TOKEN_PARAMETER_NAME=" + tokenName, "EXPORT_BUCKET=" + worldBucket,
	}, variables...), Cloud: cloud, HTTP: w.network, Out: &w.out, Logger: slog.New(slog.NewJSONHandler(&w.out, nil))})
}

// router sends what is meant for SSM or Lambda there; the function's clients share one base endpoint in these tests.
type router struct{ *world }

func (r router) Do(request *http.Request) (*http.Response, error) {
	switch {
	case strings.HasPrefix(request.Header.Get("X-Amz-Target"), "AmazonSSM."):
		request.URL.Host = ssmHost
	case strings.HasPrefix(request.URL.Path, "/2015-03-31/"):
		request.URL.Host = lambdaHost
	}

	if r.hanging != nil && r.hanging(request) {
		<-request.Context().Done()
		return nil, request.Context().Err()
	}

	return r.network.Do(request)
}

// invoke gives the process one invocation of that length.
func (w *world) invoke(h *invocation.Handler, length time.Duration, payload string) (export.Result, error) {
	w.t.Helper()

	ctx, cancel := context.WithTimeout(lambdacontext.NewContext(w.t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"}), length)
	defer cancel()

	reply, err := h.Invoke(ctx, []byte(payload))
	if err != nil {
		return export.Result{}, err
	}

	var result export.Result
	if err := json.Unmarshal(reply, &result); err != nil {
		w.t.Fatalf("%s: %v", reply, err)
	}

	return result, nil
}

// mustInvoke is invoke that wants a result.
func (w *world) mustInvoke(h *invocation.Handler, length time.Duration, payload string) export.Result {
	w.t.Helper()

	return must(w.invoke(h, length, payload))(w.t)
}

// mustFail is invoke that wants a failure of that type which says so, and returns its message.
func (w *world) mustFail(h *invocation.Handler, length time.Duration, kind, says string) string {
	w.t.Helper()

	_, err := w.invoke(h, length, "{}")

	failed := reported(w.t, err)
	if failed.Type != kind || !strings.Contains(failed.Message, says) {
		w.t.Errorf("got %s: %s, want %s that says %q", failed.Type, failed.Message, kind, says)
	}

	return failed.Message
}

func (w *world) wantUsers(users int64, got export.Result) {
	w.t.Helper()

	if got.Status != export.StatusComplete || got.Records != users {
		w.t.Errorf("got %+v, want %d users and the export complete", got, users)
	}
}

func (w *world) wantThrottled(want int64) {
	w.t.Helper()

	if got := w.genesys.Stats().Throttled; got != want {
		w.t.Errorf("429s: got %d, want %d", got, want)
	}
}

// get is a request of somebody else with the stored token, and returns its status.
func (w *world) get(path string, query url.Values) int {
	w.t.Helper()

	request := must(http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+genesysHost+path+"?"+query.Encode(), nil))(w.t)
	request.Header.Set("Authorization", "Bearer "+w.stored().Access.Reveal())

	reply := must(w.network.Do(request))(w.t)
	defer reply.Body.Close()

	return reply.StatusCode
}

// object reads what lies at an s3:// address.
func (w *world) object(uri string) []byte {
	w.t.Helper()

	bucket, key, _ := strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")

	reply := must(s3.NewFromConfig(w.cloud(s3Host)).GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key}))(w.t)
	defer reply.Body.Close()

	return must(io.ReadAll(reply.Body))(w.t)
}
