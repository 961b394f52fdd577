package exporter

import (
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/charset"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/settings"
)

// Settings is what every export function reads. functions/README.md says what each variable means.
type Settings struct {
	settings.Common

	RotatorFunctionName  string `env:"ROTATOR_FUNCTION_NAME"`
	Bucket               string `env:"EXPORT_BUCKET,required"`
	Prefix               string `env:"EXPORT_PREFIX" envDefault:"exports"`
	PageSize             int    `env:"EXPORT_PAGE_SIZE" envDefault:"100"`
	TimeReserveSeconds   int    `env:"EXPORT_TIME_RESERVE_SECONDS" envDefault:"10"`
	MaxRequestsPerMinute int    `env:"MAX_REQUESTS_PER_MINUTE" envDefault:"300"`
	RateSharePercent     int    `env:"RATE_SHARE_PERCENT" envDefault:"80"`
}

const (
	// maxReserve is Lambda's longest timeout, in seconds; the engine never reserves more than a third of what it is given.
	maxReserve = 900
	// maxRate is far above every limit that the vendor documents.
	maxRate = 100_000
)

// Validate implements [settings.Validator].
func (s *Settings) Validate() []string {
	problems := s.Common.Validate()

	if s.GenesysEnvironment == "" && s.GenesysAPIURL == "" {
		problems = append(problems, "GENESYS_ENVIRONMENT is not set, and GENESYS_API_URL is not either")
	}

	if s.Bucket != "" && (len(s.Bucket) < 3 || len(s.Bucket) > 63 ||
		strings.Trim(s.Bucket, ".-") != s.Bucket || !charset.Only(s.Bucket, charset.Lower+charset.Digits+".-")) {
		problems = append(problems, "EXPORT_BUCKET is not the name of a bucket")
	}

	if s.Prefix != "" && (len(s.Prefix) > 200 || !charset.Each(s.Prefix, "/", charset.Alphanumeric, "_.=-")) {
		problems = append(problems, "EXPORT_PREFIX is not a key prefix without slashes at its ends, such as exports or genesys/exports")
	}

	return slices.Concat(problems,
		settings.CheckRange("EXPORT_PAGE_SIZE", s.PageSize, 1, genesys.MaxPageSize),
		settings.CheckRange("EXPORT_TIME_RESERVE_SECONDS", s.TimeReserveSeconds, 1, maxReserve),
		settings.CheckRange("MAX_REQUESTS_PER_MINUTE", s.MaxRequestsPerMinute, 1, maxRate),
		settings.CheckRange("RATE_SHARE_PERCENT", s.RateSharePercent, 1, 100))
}

// Reserve is what is kept back from an invocation's deadline.
func (s *Settings) Reserve() time.Duration { return time.Duration(s.TimeReserveSeconds) * time.Second }
