// Package genesys is the Genesys Cloud API client: where an organisation's hosts are, how an access token is requested,
// one page of a listing, what the API's errors mean, and which next links may be followed.
//
// It sends a bearer token to the configured API origin only, follows no redirect, and keeps bodies, tokens and links out
// of its errors and logs. Facts about the API are from the vendor's SDKs, its Terraform provider and its announcements.
package genesys

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"genesys-cloud-export/shared/charset"
)

// dockerHost is how a container reaches the machine it runs on; plain http is accepted there, for sam local invoke.
const dockerHost = "host.docker.internal"

// regions maps the AWS region that hosts an organisation to its domain; both are used as names of an environment.
func regions() map[string]string {
	return map[string]string{
		"us-east-1":      "mypurecloud.com",
		"us-east-2":      "use2.us-gov-pure.cloud",
		"us-west-2":      "usw2.pure.cloud",
		"ca-central-1":   "cac1.pure.cloud",
		"sa-east-1":      "sae1.pure.cloud",
		"mx-central-1":   "mxc1.pure.cloud",
		"eu-west-1":      "mypurecloud.ie",
		"eu-west-2":      "euw2.pure.cloud",
		"eu-central-1":   "mypurecloud.de",
		"eu-central-2":   "euc2.pure.cloud",
		"eusc-de-east-1": "edee1.eusc-pure.cloud",
		"me-central-1":   "mec1.pure.cloud",
		"ap-south-1":     "aps1.pure.cloud",
		"ap-southeast-1": "apse1.pure.cloud",
		"ap-southeast-2": "mypurecloud.com.au",
		"ap-northeast-1": "mypurecloud.jp",
		"ap-northeast-2": "apne2.pure.cloud",
		"ap-northeast-3": "apne3.pure.cloud",
	}
}

// Domain returns the domain of an environment that is named by its domain or by its AWS region. An unknown name is an error
// that lists the known ones: a guessed host would be sent the client credentials.
func Domain(environment string) (string, error) {
	known := regions()
	for region, domain := range known {
		if environment == region || environment == domain {
			return domain, nil
		}
	}

	// What does not look like either may be anything that was pasted here, and is not repeated.
	shown := "it"
	if len(environment) <= 60 && charset.Only(environment, charset.Lower+charset.Digits+".-") {
		shown = strconv.Quote(environment)
	}

	return "", fmt.Errorf("%s is neither a Genesys Cloud domain (%s) nor an AWS region that hosts one (%s)",
		shown, strings.Join(slices.Sorted(maps.Values(known)), ", "), strings.Join(slices.Sorted(maps.Keys(known)), ", "))
}

// TokenURL is where a domain's tokens are requested.
func TokenURL(domain string) string { return "https://login." + domain + "/oauth/token" }

// APIURL is a domain's API.
func APIURL(domain string) string { return "https://api." + domain }

// ParseURL reads an override of either address: https, or http to loopback and host.docker.internal. A path may follow.
func ParseURL(text string) (*url.URL, error) {
	parsed, err := url.Parse(text)
	if err != nil {
		// The parser's own error repeats the text, which may hold user information.
		return nil, errors.New("it is not a URL")
	}

	switch {
	case parsed.Host == "" || parsed.Hostname() == "":
		return nil, errors.New("it names no host: write https://host/path")
	case parsed.User != nil:
		return nil, errors.New("it holds user information: credentials belong in the secret")
	case parsed.RawQuery != "" || parsed.ForceQuery || parsed.Fragment != "":
		return nil, errors.New("it holds a query or a fragment: write https://host/path")
	case parsed.Scheme == "https", parsed.Scheme == "http" && local(parsed.Hostname()):
		return parsed, nil
	default:
		return nil, fmt.Errorf("it must be https (http only to a loopback address or to %s)", dockerHost)
	}
}

func local(host string) bool {
	if host == dockerHost || host == "localhost" {
		return true
	}

	ip := net.ParseIP(host)

	return ip != nil && ip.IsLoopback()
}
