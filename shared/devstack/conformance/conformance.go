// Package conformance lets a test run against an AWS endpoint that somebody else wrote, where the environment names one; else against
// this repository's simulator. A test is never skipped. Where two endpoints disagree, AWS's documentation decides, and the test says by
// name what the one that differs does, so that it fails when that is over. Only tests import this package.
package conformance

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"genesys-cloud-export/shared/awsapi"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// The variables that lead a test to another endpoint. Both are set, or none.
const (
	// NameVariable has the [Name] of what answers there.
	NameVariable = "CONFORMANCE_NAME"
	// EndpointVariable has its address: http://127.0.0.1:port.
	EndpointVariable = "CONFORMANCE_ENDPOINT"
)

// Name says who answers.
type Name string

const (
	// Simulator is this repository's own.
	Simulator Name = "simulator"
	// Moto is moto's server, of PyPI: SSM, Secrets Manager, S3.
	Moto Name = "moto"
	// Versitygw is github.com/versity/versitygw over a folder: S3.
	Versitygw Name = "versitygw"
)

// Endpoint is who answers, and a configuration that leads there, with the functions' retries and the access key "local".
type Endpoint struct {
	Name   Name
	Config aws.Config
}

// New returns the endpoint that the environment names, or one that simulator makes and that is served on the loopback until
// the test ends. What was stored there before stays: use names that no other test uses.
func New(t testing.TB, simulator func() (http.Handler, error)) Endpoint {
	t.Helper()
	name, url := Name(os.Getenv(NameVariable)), os.Getenv(EndpointVariable) //nolint:forbidigo // no function reads this
	switch {
	case name == "" && url == "":
		handler, err := simulator()
		if err != nil {
			t.Fatalf("make the simulator: %v", err)
		}
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		name, url = Simulator, server.URL
	case name != Moto && name != Versitygw:
		t.Fatalf("%s is %q: name %s or %s, or set neither it nor %s", NameVariable, name, Moto, Versitygw, EndpointVariable)
	case !strings.HasPrefix(url, "http://127.0.0.1:"):
		t.Fatalf("%s is %q: give its address on the loopback, http://127.0.0.1:port", EndpointVariable, url)
	}

	return Endpoint{Name: name, Config: aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(url), Retryer: awsapi.NewRetryer, HTTPClient: awsapi.NewHTTPClient(),
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}}
}
