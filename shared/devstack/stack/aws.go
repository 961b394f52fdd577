package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/devstack/ssmsim"
)

// gateway is AWS behind one address: each request goes to the service whose protocol it speaks.
type gateway struct {
	parameters, secrets, objects, functions http.Handler
}

// newStores makes a gateway that lacks Lambda.
func (s *Stack) newStores(config Config) (g gateway, err error) {
	g.parameters = ssmsim.New()
	g.secrets = secretsim.New()

	s.Objects, err = s3sim.New(s3sim.Config{
		Folder: config.Data, Buckets: []string{Bucket}, OnFull: config.OnFullDisk, Logger: config.Logger,
	})
	if err != nil {
		return g, fmt.Errorf("start S3: %w", err)
	}

	g.objects = s.Objects
	s.closers = append(s.closers, s.Objects.Close)

	return g, nil
}

// putCredentials stores the client credentials and returns the secret's ARN, which the template needs. Nothing is served yet, so
// Secrets Manager is called directly.
func (g gateway) putCredentials(ctx context.Context, organisation access) (arn string, err error) {
	value, errValue := json.Marshal(map[string]string{
		"client_id": organisation.clientID, "client_secret": organisation.clientSecret.Reveal(),
	})
	body, errBody := json.Marshal(map[string]string{"Name": SecretID, "SecretString": string(value)})

	request, errRequest := http.NewRequestWithContext(ctx, http.MethodPost, "/", bytes.NewReader(body))
	if err := errors.Join(errValue, errBody, errRequest); err != nil {
		return "", fmt.Errorf("encode the client credentials: %w", err)
	}

	request.Header.Set("X-Amz-Target", "secretsmanager.CreateSecret")

	reply := httptest.NewRecorder()
	g.secrets.ServeHTTP(reply, request)

	var made struct{ ARN string }
	if err := json.Unmarshal(reply.Body.Bytes(), &made); err != nil || made.ARN == "" {
		return "", fmt.Errorf("store the client credentials: Secrets Manager answered with status %d", reply.Code)
	}

	return made.ARN, nil
}

// lambdaPath begins every path of the Lambda API, whose parts are of several dates. No bucket can have such a name.
var lambdaPath = regexp.MustCompile(`^/20\d\d-\d\d-\d\d/`)

// ServeHTTP implements [http.Handler].
func (g gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := r.Header.Get("X-Amz-Target")
	// The query protocol: STS, CloudFormation and others.
	query := r.Method == http.MethodPost && r.URL.Path == "/" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")

	switch {
	case strings.HasPrefix(target, "AmazonSSM."):
		g.parameters.ServeHTTP(w, r)
	case strings.HasPrefix(target, "secretsmanager."):
		g.secrets.ServeHTTP(w, r)
	case target == "" && lambdaPath.MatchString(r.URL.Path):
		g.functions.ServeHTTP(w, r)
	case target != "" || query:
		http.Error(w, "this stack has S3, SSM, Secrets Manager and Lambda: moto and LocalStack have other services", http.StatusNotImplemented)
	default:
		g.objects.ServeHTTP(w, r)
	}
}
