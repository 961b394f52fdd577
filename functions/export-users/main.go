// Command export-users is the Lambda function that exports the users of a Genesys Cloud organisation: a part of an export in
// each invocation, until it answers complete.
package main

import (
	"net/http"

	"genesys-cloud-export/shared/exporter"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(newHandler(invocation.NewProcess())) }

// config is the function's environment.
type config struct {
	exporter.Settings

	QueryMethod string `env:"USERS_QUERY_METHOD" envDefault:"GET"`
}

// Validate implements [settings.Validator].
func (c *config) Validate() []string {
	problems := c.Settings.Validate()

	if c.QueryMethod != http.MethodGet && c.QueryMethod != http.MethodPost {
		problems = append(problems, "USERS_QUERY_METHOD is neither GET nor POST")
	}

	return problems
}

func (c *config) users() genesys.Definition { return genesys.Users(c.QueryMethod) }

func newHandler(p *invocation.Process) *invocation.Handler {
	var c config
	if err := p.Load(&c); err != nil {
		return invocation.Refuse(err, p.Logger)
	}

	return exporter.New(p, &c.Settings, c.users())
}
