package operator_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/operator"
	"genesys-cloud-export/shared/secret"
)

const (
	region    = "eu-central-1"
	account   = "000000000000"
	stackName = "exports"
	bucket    = "exports-bucket"
	parameter = "/exports/token"
	clientID  = "client-1"
	// canary is part of every client secret; no output may hold it.
	canary = "canary-secret"
)

// world is an AWS account with a deployed stack, and the organisation that it exports.
type world struct {
	t            *testing.T
	organisation *genesyssim.Simulator
	queried      *queried
	machine      *machine
	functions    *functions
	services     map[string]http.Handler // by the name in a signature

	mu      sync.Mutex
	refuses map[string]string // error codes by service, or by operation

	config aws.Config
	out    bytes.Buffer
}

// newWorld is served on loopback. The secret is empty and nothing is rotated.
func newWorld(t *testing.T) *world {
	t.Helper()

	w := emptyWorld(t)
	organisation, cloud := httptest.NewServer(w.organisation), httptest.NewServer(w)
	t.Cleanup(organisation.Close)
	t.Cleanup(cloud.Close)

	return w.connect(cloud.URL, nil, organisation.URL)
}

// newVirtualWorld must be called inside a bubble.
func newVirtualWorld(t *testing.T) *world {
	t.Helper()

	w := emptyWorld(t)
	network := memnet.New()

	stop, err := network.Serve("aws.test:80", w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)

	client, err := network.Carry(awsapi.NewHTTPClient())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)

	return w.connect("http://aws.test", client, "http://127.0.0.1:1")
}

func emptyWorld(t *testing.T) *world {
	t.Helper()

	organisation, err := genesyssim.New(genesyssim.Config{
		Users: 3, Seed: 1, ClientID: clientID, ClientSecret: secret.New(canary + "-1"), TokenLifetime: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := s3sim.New(s3sim.Config{Folder: t.TempDir(), Buckets: []string{bucket}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = objects.Close() })

	return &world{
		t: t, organisation: organisation, refuses: make(map[string]string),
		services: map[string]http.Handler{"ssm": ssmsim.New(), "secretsmanager": secretsim.New(), "s3": objects},
	}
}

// connect makes the configuration that leads here, the stack and what is in it.
func (w *world) connect(url string, client aws.HTTPClient, organisation string) *world {
	w.t.Helper()

	w.config = aws.Config{
		Region: region, BaseEndpoint: &url, HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", canary+"-key", ""),
	}

	made, err := secretsmanager.NewFromConfig(w.config).CreateSecret(w.t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("exports/credentials")})
	if err != nil {
		w.t.Fatal(err)
	}

	w.machine = &machine{executions: make(map[string]*execution)}
	w.functions = newFunctions(w.t, w.config, aws.ToString(made.ARN), organisation)
	w.queried = &queried{
		status: "CREATE_COMPLETE",
		outputs: map[string]string{
			"RotatorFunction": rotatorName, "ExportWorkflowArn": machineARN, "CredentialsSecretArn": aws.ToString(made.ARN),
			"TokenParameterName": parameter, "ExportsBucket": bucket, "ExportsLocation": "s3://" + bucket + "/data/exports/",
			"AlarmTopicArn":      "arn:aws:sns:" + region + ":" + account + ":exports-alarms",
			"TokenReadPolicyArn": "arn:aws:iam::" + account + ":policy/exports-readers",
		},
		parameters:    map[string]string{"GenesysApiUrl": organisation},
		subscriptions: []string{"email"},
		schedule:      "ENABLED",
		alarms:        make(map[string]string),
	}
	for _, service := range []string{"cloudformation", "sts", "sns", "monitoring", "iam", "scheduler"} {
		w.services[service] = w.queried
	}
	w.services["states"], w.services["lambda"] = w.machine, w.functions
	text, err := os.ReadFile(templateFile)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, alarm := range regexp.MustCompile(`AlarmName: !Sub "?\$\{AWS::StackName}([a-z-]+)`).FindAllSubmatch(text, -1) {
		w.queried.alarms[stackName+string(alarm[1])] = "OK"
	}

	return w
}

// scope is where a signature names its service.
var scope = regexp.MustCompile(`Credential=[^/]+/\d+/[^/]+/([a-z0-9-]+)/aws4_request`)

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	service := ""
	if found := scope.FindStringSubmatch(r.Header.Get("Authorization")); found != nil {
		service = found[1]
	}

	w.mu.Lock()
	code := w.refuses[service] + w.refuses[r.Header.Get("X-Amz-Target")]
	w.mu.Unlock()

	if code != "" {
		refuse(rw, service, code)
		return
	}

	if handler, ok := w.services[service]; ok {
		handler.ServeHTTP(rw, r)
		return
	}

	http.Error(rw, "no such service: "+service, http.StatusNotImplemented)
}

// refuse answers an error whose message contains what no output may show.
func refuse(rw http.ResponseWriter, service, code string) {
	const message = "User arn:aws:sts::123456789012:assumed-role/x may not, " + canary

	status := http.StatusBadRequest
	if strings.HasPrefix(code, "AccessDenied") {
		status = http.StatusForbidden
	}

	switch service {
	case "cloudformation", "sts", "sns", "monitoring", "iam", "s3":
		queryError(rw, status, code, message)
	default:
		rw.Header().Set("X-Amzn-ErrorType", code)
		rw.WriteHeader(status)
		fmt.Fprintf(rw, `{"__type":%q,"message":%q}`, code, message)
	}
}

// deny has services, or operations, refuse the caller.
func (w *world) deny(services ...string) {
	for _, service := range services {
		w.answer(service, "AccessDeniedException")
	}
}

// answer has a service answer every call with that error code.
func (w *world) answer(service, code string) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.refuses[service] = code
}

// target is the stack, and what is said goes to out.
func (w *world) target() operator.Target {
	return operator.Target{AWS: w.config, Stack: stackName, Out: &w.out, Command: "devstack"}
}

// said is all that was printed since it was last asked. It holds neither a secret, nor a token, nor an account's ARN.
func (w *world) said(more ...error) string {
	w.t.Helper()

	text := w.out.String()
	w.out.Reset()

	all := text + fmt.Sprint(errors.Join(more...))

	for _, never := range []string{canary, "arn:aws", "access_token", "Bearer ", "operation error", "StatusCode", "https response"} {
		if strings.Contains(all, never) {
			w.t.Errorf("%q was said:\n%s", never, all)
		}
	}

	return text
}

// fill puts the organisation's client, or another, into the secret.
func (w *world) fill(id, value string) {
	w.t.Helper()

	text := fmt.Sprintf(`{"client_id":%q,"client_secret":%q}`, id, value)
	if _, err := secretsmanager.NewFromConfig(w.config).PutSecretValue(w.t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: aws.String("exports/credentials"), SecretString: &text,
	}); err != nil {
		w.t.Fatal(err)
	}
}

// inSecret is the secret's value.
func (w *world) inSecret() string {
	w.t.Helper()

	reply, err := secretsmanager.NewFromConfig(w.config).GetSecretValue(w.t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("exports/credentials")})
	if err != nil {
		w.t.Fatal(err)
	}

	return aws.ToString(reply.SecretString)
}
