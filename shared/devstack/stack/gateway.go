package stack

import (
	"net/http"
	"regexp"
	"strings"
)

// gateway is AWS behind one address: each request goes to the service whose protocol it speaks.
type gateway struct {
	parameters, secrets, objects http.Handler
	lambda                       http.Handler
}

// lambdaPath begins every path of the Lambda API, whose parts are of several dates. A bucket of such a name could not be
// reached.
var lambdaPath = regexp.MustCompile(`^/20\d\d-\d\d-\d\d/`)

// ServeHTTP implements http.Handler.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := r.Header.Get("X-Amz-Target")

	switch {
	case strings.HasPrefix(target, "AmazonSSM."):
		g.parameters.ServeHTTP(w, r)
	case strings.HasPrefix(target, "secretsmanager."):
		g.secrets.ServeHTTP(w, r)
	case target != "":
		notHere(w)
	case lambdaPath.MatchString(r.URL.Path):
		g.lambda.ServeHTTP(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		notHere(w) // the query protocol: STS, CloudFormation and others
	default:
		g.objects.ServeHTTP(w, r)
	}
}

func notHere(w http.ResponseWriter) {
	http.Error(w, "this stack has S3, SSM, Secrets Manager and Lambda, and no other service", http.StatusNotImplemented)
}
