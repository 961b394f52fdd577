package genesys_test

import (
	"strings"
	"testing"

	"genesys-cloud-export/shared/genesys"
)

func TestAnEnvironmentIsNamedByDomainOrByRegion(t *testing.T) {
	t.Parallel()

	for region, domain := range map[string]string{
		"us-east-1": "mypurecloud.com", "us-west-2": "usw2.pure.cloud", "us-east-2": "use2.us-gov-pure.cloud",
		"ca-central-1": "cac1.pure.cloud", "sa-east-1": "sae1.pure.cloud", "mx-central-1": "mxc1.pure.cloud",
		"eu-west-1": "mypurecloud.ie", "eu-west-2": "euw2.pure.cloud", "eu-central-1": "mypurecloud.de",
		"eu-central-2": "euc2.pure.cloud", "eusc-de-east-1": "edee1.eusc-pure.cloud", "me-central-1": "mec1.pure.cloud",
		"ap-south-1": "aps1.pure.cloud", "ap-southeast-1": "apse1.pure.cloud", "ap-southeast-2": "mypurecloud.com.au",
		"ap-northeast-1": "mypurecloud.jp", "ap-northeast-2": "apne2.pure.cloud", "ap-northeast-3": "apne3.pure.cloud",
	} {
		for _, name := range []string{region, domain} {
			if got, err := genesys.Domain(name); err != nil || got != domain {
				t.Errorf("%s is %q, error %v, want %s", name, got, err, domain)
			}
		}

		if got, want := genesys.TokenURL(domain), "https://login."+domain+"/oauth/token"; got != want {
			t.Errorf("tokens are requested at %s, want %s", got, want)
		}

		if got, want := genesys.APIURL(domain), "https://api."+domain; got != want {
			t.Errorf("the API is at %s, want %s", got, want)
		}
	}
}

func TestAnUnknownEnvironmentIsNeverGuessed(t *testing.T) {
	t.Parallel()

	for _, name := range []string{
		"", "eu-central-9", "MYPURECLOUD.DE", "mypurecloud.de ", "api.mypurecloud.de", "https://mypurecloud.de",
		"mypurecloud.de.evil.example", "evil.example/mypurecloud.de", "pure.cloud",
	} {
		got, err := genesys.Domain(name)
		if err == nil || !strings.Contains(err.Error(), "mypurecloud.de") || !strings.Contains(err.Error(), "eu-central-1") {
			t.Errorf("%q is %q, error %v, want an error that lists what is known", name, got, err)
		}
	}
}

func TestAnAddressIsHTTPSOrHTTPToThisMachine(t *testing.T) {
	t.Parallel()

	for _, address := range []string{
		"https://api.mypurecloud.de", "https://gateway.example/genesys/", "https://gateway.example:8443/a%20b", "https://10.0.0.1",
		"http://127.0.0.1", "http://127.0.0.1:8080/oauth/token", "http://127.9.9.9", "http://[::1]:80/x", "http://localhost:8080",
		"http://host.docker.internal:8080", "HTTPS://api.example",
	} {
		parsed, err := genesys.ParseURL(address)
		if err != nil || parsed.Host == "" || parsed.User != nil || parsed.RawQuery != "" {
			t.Errorf("%s was read as %v, error %v", address, parsed, err)
		}
	}

	for part, addresses := range map[string][]string{
		"no host":          {"", "api.mypurecloud.de", "https://", "https://:8080", "https:///oauth/token", "mailto:a@b.example"},
		"user information": {"https://canary:canary@api.example", "https://canary@api.example"},
		"query":            {"https://api.example?canary=1", "https://api.example?"},
		"fragment":         {"https://api.example#canary"},
		"not a URL":        {"https://canary:ca%zznary@[::1", "https://api.example/\ncanary"},
		"must be https": {
			"http://api.mypurecloud.de", "http://10.0.0.1", "http://0.0.0.0", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
			"http://host.docker.internal.example", "ftp://127.0.0.1",
		},
	} {
		for _, address := range addresses {
			parsed, err := genesys.ParseURL(address)
			if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), canary) {
				t.Errorf("%q is %v, error %v, want an error with %q that does not show it", address, parsed, err, part)
			}
		}
	}
}
