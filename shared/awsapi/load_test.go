package awsapi_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/failure"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// environment is Lambda's, without what the machine has set up.
func environment(t *testing.T) {
	t.Helper()

	for name, value := range map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "AWS_CA_BUNDLE": "", "AWS_ENDPOINT_URL": "",
		"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "canary-key", "AWS_SESSION_TOKEN": "canary-token",
		"AWS_CONFIG_FILE": t.TempDir() + "/none", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none",
	} {
		t.Setenv(name, value)
	}
}

func load(t *testing.T) aws.Config {
	t.Helper()

	config, err := awsapi.Load(os.Environ())
	if err != nil {
		t.Fatal(err)
	}

	return config
}

func TestABadAWSConfigurationIsReportedAtStartAndWithoutItsText(t *testing.T) {
	for name, test := range map[string]struct{ variable, value, want string }{
		"no region":        {"AWS_REGION", "", "AWS_REGION is missing"},
		"no region's name": {"AWS_REGION", "canary region", "AWS_REGION is missing or names no region"},
		"no credentials":   {"AWS_ACCESS_KEY_ID", "", "AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is missing"},
		"no such bundle":   {"AWS_CA_BUNDLE", "/canary.pem", "AWS_CA_BUNDLE names no file with certificates"},
		"no certificates":  {"AWS_CA_BUNDLE", os.DevNull, "AWS_CA_BUNDLE names no file with certificates"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t)
			t.Setenv(test.variable, test.value)

			_, err := awsapi.Load(os.Environ())
			if !failure.Is(err, failure.InvalidConfiguration) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %s: … %s", err, failure.InvalidConfiguration, test.want)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), "canary") {
				t.Errorf("got %v, which repeats what was set", err)
			}
		})
	}
}

func TestALoadedConfigurationReachesItsServiceByTheFunctionsOwnClient(t *testing.T) {
	environment(t)

	var seen atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.Header.Get("Authorization"))
		fine(w, r)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)

	config := load(t)
	if err := getParameter(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if got, _ := seen.Load().(string); !strings.Contains(got, "/eu-central-1/ssm/") {
		t.Errorf("signed with %q", got)
	}

	client, ok := config.HTTPClient.(*http.Client)
	if !ok {
		t.Fatalf("the client is a %T", config.HTTPClient)
	}
	if _, err := memnet.New().Carry(client); err != nil {
		t.Error(err)
	}
	client.CloseIdleConnections()
}

// What lets credentials be fetched anew is the container's endpoint, which Lambda's SnapStart uses.
func TestExpiredCredentialsAreFetchedAnewForTheRetry(t *testing.T) {
	environment(t)

	var handed, refused atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/credentials":
			fmt.Fprintf(w, `{"AccessKeyId":"AKID%d","SecretAccessKey":"canary","Token":"canary","Expiration":%q}`,
				handed.Add(1), time.Now().Add(time.Hour).Format(time.RFC3339))
		case strings.Contains(r.Header.Get("Authorization"), "Credential=AKID1/"):
			refused.Add(1)
			awstest.Refuse(http.StatusBadRequest, "ExpiredTokenException")(w, r, nil)
		default:
			fine(w, r)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.URL+"/credentials")

	if err := getParameter(t.Context(), load(t)); err != nil || handed.Load() != 2 || refused.Load() != 1 {
		t.Errorf("got %v; credentials handed out %d times and refused %d times, want 2 and 1", err, handed.Load(), refused.Load())
	}
}

func TestTheCertificatesOfTheBundleVariableAreTrusted(t *testing.T) {
	environment(t)

	server := httptest.NewUnstartedServer(http.HandlerFunc(fine))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it reports the handshake that is refused
	server.StartTLS()
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)

	config := load(t)
	config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }

	if got, want := awsapi.Describe(getParameter(t.Context(), config)), "the service could not be reached: the server's certificate is not trusted"; got != want {
		t.Errorf("without it: got %q, want %q", got, want)
	}

	bundle := filepath.Join(t.TempDir(), "bundle.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(bundle, text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", bundle)

	if err := getParameter(t.Context(), load(t)); err != nil {
		t.Errorf("with it: %v", err)
	}
}

func TestAddressesAreThoseThatTheVariablesAskFor(t *testing.T) {
	t.Parallel()

	for variable, want := range map[string]string{
		"NONE": "ssm.eu-central-1.amazonaws.com", "AWS_USE_FIPS_ENDPOINT": "ssm-fips.eu-central-1.amazonaws.com",
		"AWS_USE_DUALSTACK_ENDPOINT": "ssm.eu-central-1.api.aws",
	} {
		config, err := awsapi.Load([]string{"AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=key", variable + "=True"})
		if err != nil {
			t.Fatal(err)
		}

		got := ""
		config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		config.HTTPClient = asks(func(r *http.Request) { got = r.URL.Host })

		if _ = getParameter(t.Context(), config); got != want {
			t.Errorf("%s: asked %q, want %q", variable, got, want)
		}
	}
}

// asks is a client that shows each request and gets no reply.
type asks func(*http.Request)

func (a asks) Do(r *http.Request) (*http.Response, error) {
	a(r)

	return nil, io.EOF
}
