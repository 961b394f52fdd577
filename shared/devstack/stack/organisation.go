package stack

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/testca"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/secret"
)

// Organisation is the Genesys Cloud side of the world: [Simulated] or [Outside].
type Organisation interface {
	// open makes the organisation reachable on behalf of s, and says how the functions reach it.
	open(ctx context.Context, s *Stack, alsoListen string) (access, error)
}

// access is how an organisation is reached.
type access struct {
	apiURL       string
	clientID     string
	clientSecret secret.Text
	// parameters are the template's, variables are set for the functions beside what the template sets.
	parameters, variables map[string]string
}

// Simulated is an organisation that the stack itself serves. The client credentials are made up where they are empty.
type Simulated struct {
	genesyssim.Config

	// CA is the file that the certificate of a test CA is written to: then the organisation is served over https, and the functions
	// trust it. "" is http, which macOS has in any case: Go looks at such a file on Linux and the BSDs only.
	CA string
}

func (o Simulated) open(ctx context.Context, s *Stack, alsoListen string) (access, error) {
	config := o.Config
	if config.ClientID == "" {
		config.ClientID, config.ClientSecret = "local-"+strings.ToLower(rand.Text()), secret.New(rand.Text())
	}

	simulator, err := genesyssim.New(config)
	if err != nil {
		return access{}, fmt.Errorf("start the organisation: %w", err)
	}

	taken, err := s.listen(ctx, alsoListen)
	if err != nil {
		return access{}, err
	}

	s.Genesys = simulator
	url, variables := taken.url(), map[string]string{}

	if o.CA != "" && runtime.GOOS != "darwin" {
		file, err := filepath.Abs(o.CA) // the functions run in folders of their own
		if err != nil {
			return access{}, fmt.Errorf("find the test CA's file: %w", err)
		}

		secure, err := testca.New(file)
		if err != nil {
			return access{}, err
		}

		for i := range taken {
			taken[i] = tls.NewListener(taken[i], secure)
		}

		url, variables["SSL_CERT_FILE"] = strings.Replace(url, "http:", "https:", 1), file
	}

	s.serve(taken, simulator)

	return access{
		apiURL: url, clientID: config.ClientID, clientSecret: config.ClientSecret,
		parameters: map[string]string{"GenesysTokenUrl": url + "/oauth/token", "GenesysApiUrl": url},
		variables:  variables,
	}, nil
}

// Outside is a real organisation, or another that is there without the stack. Only the functions send it requests.
type Outside struct {
	// Environment is the organisation's domain or AWS region; "" where both addresses are given.
	Environment string
	// TokenURL and APIURL are addresses that are not the environment's: a gateway's. By the functions' rules: https, or http
	// to loopback.
	TokenURL, APIURL string
	// ClientID and ClientSecret are an OAuth client's with the grant type Client Credentials.
	ClientID     string
	ClientSecret secret.Text
	// Authorities is a file of certificates in PEM that the functions trust instead of the system's; "" is the system's. Go
	// looks at such a file on Linux and the BSDs only.
	Authorities string
}

// Addresses say where an organisation is.
type Addresses struct {
	// Name is what exports call the environment: its domain, or the API's host where no environment is given.
	Name string
	// TokenURL is where tokens are requested, APIURL where the API is.
	TokenURL, APIURL string

	authorities string // absolute, as the functions run in folders of their own
}

// Addresses finds the organisation. The error lists everything that is wrong but for the credentials.
func (o Outside) Addresses() (found Addresses, err error) {
	var problems []error

	if o.Environment != "" {
		found.Name, err = genesys.Domain(o.Environment)
		problems = append(problems, err)
	} else if o.TokenURL == "" || o.APIURL == "" {
		problems = append(problems, errors.New(
			"it is not said which: give the organisation's domain (mypurecloud.de) or AWS region (eu-central-1) by -environment (make: GENESYS_ENVIRONMENT=), or both addresses"))
	}

	found.TokenURL, found.APIURL = cmp.Or(o.TokenURL, genesys.TokenURL(found.Name)), cmp.Or(o.APIURL, genesys.APIURL(found.Name))

	for _, given := range []struct{ of, address string }{{"token endpoint", o.TokenURL}, {"API", o.APIURL}} {
		if given.address == "" {
			continue
		}

		parsed, err := genesys.ParseURL(given.address)
		if err != nil {
			problems = append(problems, fmt.Errorf("the address of the %s is not usable: %w", given.of, err))
		} else if o.Environment == "" {
			found.Name = parsed.Host // the API's comes last
		}
	}

	if o.Authorities != "" {
		found.authorities, err = filepath.Abs(o.Authorities)
		problems = append(problems, err, hasCertificate(found.authorities))
	}

	if err := errors.Join(problems...); err != nil {
		return Addresses{}, fmt.Errorf("find the organisation: %w", err)
	}

	return found, nil
}

// hasCertificate refuses a file that is not there, or has no certificate: Go would go on without it in silence.
func hasCertificate(name string) error {
	text, err := os.ReadFile(name) //nolint:gosec // the file is the caller's choice
	if err != nil {
		return fmt.Errorf("read the file of certificate authorities: %w", err)
	}

	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		return fmt.Errorf("the file of certificate authorities %s has no certificate in PEM: name another", name)
	}

	return nil
}

func (o Outside) open(context.Context, *Stack, string) (access, error) {
	addresses, err := o.Addresses()
	if err != nil {
		return access{}, err
	}

	if o.ClientID == "" || o.ClientSecret.Empty() {
		return access{}, errors.New("reach the organisation: the client credentials are not complete")
	}

	return access{
		apiURL: addresses.APIURL, clientID: o.ClientID, clientSecret: o.ClientSecret,
		parameters: map[string]string{
			"GenesysEnvironment": o.Environment, "GenesysTokenUrl": o.TokenURL, "GenesysApiUrl": o.APIURL,
		},
		variables: map[string]string{"SSL_CERT_FILE": addresses.authorities}, // an empty variable counts as none
	}, nil
}
