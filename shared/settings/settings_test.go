package settings_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/exporter"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/settings"

	"github.com/google/go-cmp/cmp"
)

// environment is a complete one with changes: "NAME=value" sets, "NAME" takes away.
func environment(changes ...string) []string {
	environ := []string{
		"GENESYS_ENVIRONMENT=mypurecloud.de", "TOKEN_PARAMETER_NAME=/genesys/token", "EXPORT_BUCKET=exports-of-acme",
		"PATH=/usr/bin", "AWS_REGION=eu-central-1", "EMPTY=",
	}

	for _, change := range changes {
		name, _, set := strings.Cut(change, "=")
		environ = slices.DeleteFunc(environ, func(one string) bool { return strings.HasPrefix(one, name+"=") })
		if set {
			environ = append(environ, change)
		}
	}

	return environ
}

// problems loads an exporter's settings and splits the failure into what it lists.
func problems(t *testing.T, environ []string) []string {
	t.Helper()

	var loaded exporter.Settings
	err := settings.Load(&loaded, environ)
	if err == nil {
		return nil
	}

	if !failure.Is(err, failure.InvalidConfiguration) {
		t.Errorf("got kind %q of error %v, want %s", failure.KindOf(err), err, failure.InvalidConfiguration)
	}

	list, ok := strings.CutPrefix(err.Error(), "the function's environment variables are wrong: ")
	if !ok {
		t.Errorf("got %q", err)
	}

	return strings.Split(list, "; ")
}

func TestEveryVariableIsReadAndWhatIsLeftOutHasItsDefault(t *testing.T) {
	t.Parallel()

	defaults := exporter.Settings{
		Common: settings.Common{GenesysEnvironment: "mypurecloud.de", TokenParameterName: "/genesys/token", StackName: "local"},
		Bucket: "exports-of-acme", Prefix: "exports", PageSize: 100, TimeReserveSeconds: 10, MaxRequestsPerMinute: 300, RateSharePercent: 80,
	}

	for name, test := range map[string]struct {
		environ []string
		want    exporter.Settings
	}{
		"left out": {environment(), defaults},
		// SAM hands over an optional parameter that is not given as an empty string.
		"given as empty": {environment("GENESYS_API_URL=", "STACK_NAME=", "ROTATOR_FUNCTION_NAME=", "EXPORT_PREFIX=", "EXPORT_PAGE_SIZE=",
			"EXPORT_TIME_RESERVE_SECONDS=", "MAX_REQUESTS_PER_MINUTE=", "RATE_SHARE_PERCENT="), defaults},
		"given": {[]string{
			"GENESYS_ENVIRONMENT=eu-central-1", "GENESYS_API_URL=https://gateway.acme.test/genesys", "TOKEN_PARAMETER_NAME=/a/b.c_d-e",
			"STACK_NAME=live", "ROTATOR_FUNCTION_NAME=live-rotator", "EXPORT_BUCKET=abc", "EXPORT_PREFIX=a/b=c/d.e", "EXPORT_PAGE_SIZE=500",
			"EXPORT_TIME_RESERVE_SECONDS=900", "MAX_REQUESTS_PER_MINUTE=100000", "RATE_SHARE_PERCENT=100",
		}, exporter.Settings{
			Common: settings.Common{
				GenesysEnvironment: "eu-central-1", GenesysAPIURL: "https://gateway.acme.test/genesys", TokenParameterName: "/a/b.c_d-e", StackName: "live",
			},
			RotatorFunctionName: "live-rotator", Bucket: "abc", Prefix: "a/b=c/d.e", PageSize: 500, TimeReserveSeconds: 900,
			MaxRequestsPerMinute: 100000, RateSharePercent: 100,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var got exporter.Settings
			if err := settings.Load(&got, test.environ); err != nil {
				t.Fatalf("Load: %v", err)
			}

			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}

			if got, want := got.Reserve(), time.Duration(test.want.TimeReserveSeconds)*time.Second; got != want {
				t.Errorf("Reserve: got %s, want %s", got, want)
			}
		})
	}
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		environ []string
		want    []string
	}{
		"nothing is set": {nil, []string{
			"EXPORT_BUCKET is not set",
			"GENESYS_ENVIRONMENT is not set, and GENESYS_API_URL is not either",
			"TOKEN_PARAMETER_NAME is not set",
		}},
		"everything is wrong": {
			environment("GENESYS_API_URL=http://api.acme.test", "TOKEN_PARAMETER_NAME=token", "EXPORT_BUCKET=Exports!", "EXPORT_PREFIX=/exports/",
				"EXPORT_PAGE_SIZE=501", "EXPORT_TIME_RESERVE_SECONDS=0", "MAX_REQUESTS_PER_MINUTE=-1", "RATE_SHARE_PERCENT=101"),
			[]string{
				"EXPORT_BUCKET is not the name of a bucket",
				"EXPORT_PAGE_SIZE must be from 1 to 500",
				"EXPORT_PREFIX is not a key prefix without slashes at its ends, such as exports or genesys/exports",
				"EXPORT_TIME_RESERVE_SECONDS must be from 1 to 900",
				"GENESYS_API_URL is not usable: it must be https (http only to a loopback address or to host.docker.internal)",
				"MAX_REQUESTS_PER_MINUTE must be from 1 to 100000",
				"RATE_SHARE_PERCENT must be from 1 to 100",
				"TOKEN_PARAMETER_NAME is not an SSM name with a leading slash, such as /genesys/token",
			},
		},
		"no number is a number": {
			environment("EXPORT_PAGE_SIZE=many", "EXPORT_TIME_RESERVE_SECONDS=1.5", "MAX_REQUESTS_PER_MINUTE=1e3", "RATE_SHARE_PERCENT=80%"),
			[]string{
				"EXPORT_PAGE_SIZE is not a whole number", "EXPORT_TIME_RESERVE_SECONDS is not a whole number",
				"MAX_REQUESTS_PER_MINUTE is not a whole number", "RATE_SHARE_PERCENT is not a whole number",
			},
		},
		"of form and of sense": {
			environment("EXPORT_BUCKET", "EXPORT_PAGE_SIZE=99999999999999999999", "RATE_SHARE_PERCENT=0"),
			[]string{"EXPORT_BUCKET is not set", "EXPORT_PAGE_SIZE is not a whole number", "RATE_SHARE_PERCENT must be from 1 to 100"},
		},
		"required ones are empty": {environment("EXPORT_BUCKET=", "TOKEN_PARAMETER_NAME="), []string{
			"EXPORT_BUCKET is not set", "TOKEN_PARAMETER_NAME is not set",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(test.want, problems(t, test.environ)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEachVariableHasItsRule(t *testing.T) {
	t.Parallel()

	for name, values := range map[string]struct{ good, bad []string }{
		"GENESYS_ENVIRONMENT": {
			[]string{"mypurecloud.com", "use2.us-gov-pure.cloud", "us-east-1"},
			[]string{"mypurecloud.evil", "api.mypurecloud.de", "https://mypurecloud.de", "MYPURECLOUD.DE", "eu-central-9", " mypurecloud.de"},
		},
		"GENESYS_API_URL": {
			[]string{"https://api.acme.test", "https://api.acme.test:8443/gw/", "http://127.0.0.1:4010", "http://[::1]:80", "http://localhost:1", "http://host.docker.internal:2"},
			[]string{
				"api.acme.test", "http://api.acme.test", "ftp://127.0.0.1", "https://", "https://user:canary@api.acme.test", "https://a.test?x=canary",
				"https://a.test#canary", "https://a.test?", "http://127.0.0.1.acme.test", "http://169.254.169.254", "https://a b", "://canary", "file:///etc/canary",
			},
		},
		"TOKEN_PARAMETER_NAME": {
			[]string{"/token", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o"},
			[]string{"token", "/", "//token", "/token/", "/to ken", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", "arn:aws:ssm:eu-central-1:1:parameter/token", "/token\n"},
		},
		"EXPORT_BUCKET": {
			[]string{"abc", "a.b-c.d", strings.Repeat("a", 63)},
			[]string{"ab", "Abc", "a_b", "-abc", "abc-", strings.Repeat("a", 64), "s3://abc", "abc/def"},
		},
		"EXPORT_PREFIX": {
			[]string{"exports", "a/b", strings.Repeat("a", 200)},
			// Names that begin with _ or . are those that Athena does not read.
			[]string{"/a", "a/", "a//b", "../a", "_state", "a/.b", "a b", strings.Repeat("a", 201)},
		},
		"EXPORT_PAGE_SIZE":            {[]string{"1", "500"}, []string{"0", "501", "-1", "x", "1.0"}},
		"EXPORT_TIME_RESERVE_SECONDS": {[]string{"1", "900"}, []string{"0", "901", "10s"}},
		"MAX_REQUESTS_PER_MINUTE":     {[]string{"1", "100000"}, []string{"0", "100001"}},
		"RATE_SHARE_PERCENT":          {[]string{"1", "100"}, []string{"0", "101", "80%"}},
		"STACK_NAME":                  {[]string{"live", "a-b"}, nil},
		"ROTATOR_FUNCTION_NAME":       {[]string{"rotator", "arn:aws:lambda:eu-central-1:1:function:rotator"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, value := range values.good {
				if got := problems(t, environment(name+"="+value)); got != nil {
					t.Errorf("%q is refused: %q", value, got)
				}
			}
			for _, value := range values.bad {
				got := problems(t, environment(name+"="+value))
				if len(got) != 1 || !strings.HasPrefix(got[0], name+" ") {
					t.Errorf("%q: got problems %q, want one that begins with %s", value, got, name)
				}
				if strings.Contains(strings.Join(got, ""), "canary") {
					t.Errorf("%q is repeated in %q", value, got)
				}
			}
		})
	}
}

func TestAnAPIAddressIsUsedInsteadOfTheEnvironments(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		environ     []string
		domain, api string
	}{
		"a domain":                   {environment(), "mypurecloud.de", "https://api.mypurecloud.de"},
		"a region":                   {environment("GENESYS_ENVIRONMENT=us-west-2"), "usw2.pure.cloud", "https://api.usw2.pure.cloud"},
		"an address alone":           {environment("GENESYS_ENVIRONMENT", "GENESYS_API_URL=http://127.0.0.1:4010/gw"), "", "http://127.0.0.1:4010/gw"},
		"an address and environment": {environment("GENESYS_API_URL=https://gw.acme.test"), "mypurecloud.de", "https://gw.acme.test"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var loaded exporter.Settings
			if err := settings.Load(&loaded, test.environ); err != nil {
				t.Fatalf("Load: %v", err)
			}

			if api, domain := loaded.API().String(), loaded.Domain(); api != test.api || domain != test.domain {
				t.Errorf("got API %s and domain %q, want %s and %q", api, domain, test.api, test.domain)
			}
		})
	}
}

func TestTheMemoryLimitIsHalfOfTheFunctionsMemory(t *testing.T) {
	t.Parallel()

	for variable, want := range map[string]int64{
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256": 128 << 20, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=much": 0, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=-1": 0, "OTHER=1": 0,
	} {
		if got := settings.MemoryLimit([]string{variable}); got != want {
			t.Errorf("%s: got %d, want %d", variable, got, want)
		}
	}
}
