package stack

import (
	"net/http"
	"strings"
)

// gateway is AWS behind one address: each request goes to the service whose protocol it speaks.
type gateway struct {
	parameters, secrets, objects http.Handler
	lambda                       http.Handler
}

// lambdaPath begins every path of the Lambda API that is imitated. A bucket of that name could not be reached.
const lambdaPath = "/2015-03-31/"

// ServeHTTP implements http.Handler.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := r.Header.Get("X-Amz-Target")

	switch {
	case strings.HasPrefix(target, "AmazonSSM."):
		g.parameters.ServeHTTP(w, r)
	case strings.HasPrefix(target, "secretsmanager."):
		g.secrets.ServeHTTP(w, r)
	case target != "":
		http.Error(w, "this stack has S3, SSM, Secrets Manager and Lambda", http.StatusNotImplemented)
	case strings.HasPrefix(r.URL.Path, lambdaPath):
		g.lambda.ServeHTTP(w, r)
	default:
		g.objects.ServeHTTP(w, r)
	}
}
