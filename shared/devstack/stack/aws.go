package stack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"genesys-cloud-export/shared/devstack/awsjson"
	"genesys-cloud-export/shared/devstack/secretsim"
)

// gateway is AWS behind one address: each request goes to the service whose protocol it speaks.
type gateway struct {
	parameters, secrets, objects, functions http.Handler
}

// putCredentials stores the client credentials and returns the secret's ARN, which the template needs. Nothing is served yet, so
// Secrets Manager is called directly.
func putCredentials(secrets *secretsim.Endpoint, organisation access) (arn string, err error) {
	value, _ := json.Marshal(map[string]string{ // it is text alone
		"client_id": organisation.clientID, "client_secret": organisation.clientSecret.Reveal(),
	})
	body, _ := json.Marshal(map[string]string{"Name": SecretID, "SecretString": string(value)})
	made, err := secrets.Operations["CreateSecret"](body)
	if err != nil {
		return "", fmt.Errorf("store the client credentials: %w", err)
	}

	return fmt.Sprint(made.(awsjson.Reply)["ARN"]), nil
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
