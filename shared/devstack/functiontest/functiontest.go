// Package functiontest gives tests the functions as they are deployed: each binary is built once, and is served behind a Lambda
// endpoint.
package functiontest

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/lambdasim"
	"genesys-cloud-export/shared/devstack/testca"
)

// Function is a built function behind a Lambda endpoint.
type Function struct {
	endpoint *lambdasim.Endpoint
	name     string
	logs     *bytes.Buffer
}

// Start serves the built function with these environment variables until the test ends. An invocation has 20 s.
func Start(t testing.TB, function string, environment map[string]string) *Function {
	t.Helper()
	file := filepath.Join(Build(t, "build-function-"+function), function, "bootstrap")
	var logs bytes.Buffer
	endpoint, err := lambdasim.New(lambdasim.Config{
		Logs:      &logs,
		Functions: []lambdasim.Function{{Name: function, Path: file, Env: environment, Timeout: 20 * time.Second}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = endpoint.Close() })

	return &Function{endpoint, function, &logs}
}

// Invoke invokes the function, and returns its reply and whether that is an error.
func (f *Function) Invoke(t testing.TB, payload string) (reply []byte, failed bool) {
	t.Helper()
	answer := httptest.NewRecorder()
	f.endpoint.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost,
		"/2015-03-31/functions/"+f.name+"/invocations", strings.NewReader(payload)))

	return answer.Body.Bytes(), answer.Header().Get("X-Amz-Function-Error") != ""
}

// Logs stops the function and returns all that it printed.
func (f *Function) Logs() string {
	_ = f.endpoint.Close()

	return f.logs.String()
}

// ServeTLS serves a handler over https, HTTP/2 included, until the test ends. Those trust it who are given ca, its CA's certificate as a
// PEM file: functions by SSL_CERT_FILE.
func ServeTLS(t testing.TB, handler http.Handler) (url, ca string) {
	t.Helper()

	ca = filepath.Join(t.TempDir(), "ca.pem")
	config, err := testca.New(ca)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.TLS = config
	server.StartTLS()
	t.Cleanup(server.Close)

	return server.URL, ca
}
