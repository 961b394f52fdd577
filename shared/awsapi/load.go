package awsapi

import (
	"cmp"
	"context"
	"crypto/x509"
	"net/http"
	"os"
	"strings"

	"genesys-cloud-export/shared/charset"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/transport"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/smithy-go/logging"
	"github.com/caarlos0/env/v11"
)

// Load returns the AWS configuration of a function, with this package's retry policy and HTTP client. It comes from environ,
// "NAME=value" each: region, credentials, endpoints, checksums and certificates, in the variables of AWS's SDKs. Its failures are
// InvalidConfiguration and repeat no value. The SDK logs nothing, as it prints what our errors leave out.
//
// The SDK's own loader knows profiles, logins and instances too, which no function has, and takes a quarter of a function's start.
func Load(environ []string) (aws.Config, error) {
	variables := env.ToMap(environ)

	region := cmp.Or(variables["AWS_REGION"], variables["AWS_DEFAULT_REGION"])
	// It becomes part of host names; the SDK would find out at the first call.
	if !charset.Each(region, "-", charset.Lower+charset.Digits, "") {
		return aws.Config{}, failure.New(failure.InvalidConfiguration,
			"AWS_REGION is missing or names no region: set it to the stack's, such as eu-central-1 (Lambda does so by itself)")
	}

	access, err := accessFrom(variables)
	if err != nil {
		return aws.Config{}, err
	}

	client, err := clientFrom(variables)
	if err != nil {
		return aws.Config{}, err
	}

	cloud := aws.Config{
		Region: region, Credentials: access, HTTPClient: client, Logger: logging.Nop{},
		Retryer:                    func() aws.Retryer { return newRetryer(access) },
		ConfigSources:              []any{endpoints(variables)},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}
	// Stores that only resemble S3 may know no checksums but those that an operation cannot do without.
	if strings.EqualFold(variables["AWS_REQUEST_CHECKSUM_CALCULATION"], "when_required") {
		cloud.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	}
	if strings.EqualFold(variables["AWS_RESPONSE_CHECKSUM_VALIDATION"], "when_required") {
		cloud.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	}
	if url := variables["AWS_ENDPOINT_URL"]; url != "" {
		cloud.BaseEndpoint = &url
	}

	return cloud, nil
}

// accessFrom returns the credentials that the variables hold, or that the endpoint which they name hands out.
func accessFrom(variables map[string]string) (*aws.CredentialsCache, error) {
	id, key := variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
	endpoint := variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"]

	switch {
	case id != "" && key != "":
		return aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(id, key, variables["AWS_SESSION_TOKEN"])), nil
	case endpoint != "":
		return aws.NewCredentialsCache(endpointcreds.New(endpoint, func(o *endpointcreds.Options) {
			o.AuthorizationToken = variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
		})), nil
	default:
		return nil, failure.New(failure.InvalidConfiguration,
			"AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is missing: set both (Lambda does so by itself)")
	}
}

// clientFrom returns [NewHTTPClient]'s, which trusts the certificates in the file AWS_CA_BUNDLE alone, where that is given.
func clientFrom(variables map[string]string) (*http.Client, error) {
	client := NewHTTPClient()

	bundle := variables["AWS_CA_BUNDLE"]
	if bundle == "" {
		return client, nil
	}

	trusted := x509.NewCertPool()

	certificates, err := os.ReadFile(bundle) //nolint:gosec // the file is the deployer's choice
	if err != nil || !trusted.AppendCertsFromPEM(certificates) {
		return nil, failure.Because(err, failure.InvalidConfiguration, "AWS_CA_BUNDLE names no file with certificates: correct it, or unset it")
	}

	if own, ok := client.Transport.(*transport.Transport); ok {
		own.TLSClientConfig.RootCAs = trusted
	}

	return client, nil
}

// endpoints are the variables that say which of a service's addresses is used. SDK clients ask their configuration for it.
type endpoints map[string]string

// GetServiceBaseEndpoint returns AWS_ENDPOINT_URL_<SERVICE>.
func (e endpoints) GetServiceBaseEndpoint(_ context.Context, service string) (url string, found bool, err error) {
	url = e["AWS_ENDPOINT_URL_"+strings.ToUpper(strings.ReplaceAll(service, " ", "_"))]

	return url, url != "", nil
}

// GetUseFIPSEndpoint reports whether AWS_USE_FIPS_ENDPOINT asks for addresses whose cryptography is validated.
func (e endpoints) GetUseFIPSEndpoint(context.Context) (state aws.FIPSEndpointState, found bool, err error) {
	return aws.FIPSEndpointStateEnabled, strings.EqualFold(e["AWS_USE_FIPS_ENDPOINT"], "true"), nil
}

// GetUseDualStackEndpoint reports whether AWS_USE_DUALSTACK_ENDPOINT asks for addresses that IPv6 reaches too.
func (e endpoints) GetUseDualStackEndpoint(context.Context) (state aws.DualStackEndpointState, found bool, err error) {
	return aws.DualStackEndpointStateEnabled, strings.EqualFold(e["AWS_USE_DUALSTACK_ENDPOINT"], "true"), nil
}
