package main

import (
	"cmp"
	"slices"

	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/settings"
)

// config is the rotator's environment. The README's configuration table says what each variable means.
type config struct {
	settings.Common

	TokenURL            string `env:"GENESYS_TOKEN_URL"`
	AuthMethod          string `env:"GENESYS_TOKEN_AUTH_METHOD" envDefault:"client_secret_basic"`
	Scopes              string `env:"GENESYS_SCOPES"`
	CredentialsSecretID string `env:"GENESYS_CREDENTIALS_SECRET_ID,required"`
	KMSKeyID            string `env:"TOKEN_KMS_KEY_ID"`
	BufferSeconds       int    `env:"TOKEN_ROTATION_BUFFER_SECONDS" envDefault:"300"`
	ProbeSeconds        int    `env:"TOKEN_PROBE_SECONDS" envDefault:"300"`
}

// maxSeconds is the longest lifetime that the vendor gives a token; no buffer and no probe interval is longer.
const maxSeconds = 172_800

// Validate implements [settings.Validator].
func (c *config) Validate() []string {
	problems := c.Common.Validate()

	if c.GenesysEnvironment == "" && (c.TokenURL == "" || c.GenesysAPIURL == "") {
		problems = append(problems, "GENESYS_ENVIRONMENT is not set, and GENESYS_TOKEN_URL and GENESYS_API_URL are not both given instead")
	}

	if c.AuthMethod != genesys.ClientSecretBasic && c.AuthMethod != genesys.ClientSecretPost {
		problems = append(problems, "GENESYS_TOKEN_AUTH_METHOD is neither client_secret_basic nor client_secret_post")
	}

	return slices.Concat(problems,
		settings.CheckURL("GENESYS_TOKEN_URL", c.TokenURL),
		settings.CheckRange("TOKEN_ROTATION_BUFFER_SECONDS", c.BufferSeconds, 1, maxSeconds),
		settings.CheckRange("TOKEN_PROBE_SECONDS", c.ProbeSeconds, 0, maxSeconds))
}

func (c *config) tokenURL() string { return cmp.Or(c.TokenURL, genesys.TokenURL(c.Domain())) }
