package main

import (
	"net/http"

	"genesys-cloud-export/shared/settings"
)

// config is the environment of the users export. The README's configuration table says what each variable means.
type config struct {
	settings.Exporter

	QueryMethod string `env:"USERS_QUERY_METHOD" envDefault:"GET"`
}

// Validate implements [settings.Validator].
func (c *config) Validate() []string {
	problems := c.Exporter.Validate()

	if c.QueryMethod != http.MethodGet && c.QueryMethod != http.MethodPost {
		problems = append(problems, "USERS_QUERY_METHOD is neither GET nor POST")
	}

	return problems
}
