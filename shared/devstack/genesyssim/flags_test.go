package genesyssim_test

import (
	"flag"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/secret"
)

func TestFlagsSetTheOrganisationAndKeepWhatTheyDoNotName(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments []string
		want      genesyssim.Config
	}{
		"none": {nil, genesyssim.Config{Users: 7, Latency: time.Second}},
		"all": {
			[]string{
				"-users=5", "-seed=3", "-token-lifetime=5m", "-token-delay=1s", "-idle-timeout=15m", "-rate-limit=80", "-token-rate-limit=2", "-rate-window=2s",
				"-rate-limit-headers", "-latency=10ms", "-max-page-size=100",
			},
			genesyssim.Config{
				Users: 5, Seed: 3, TokenLifetime: 5 * time.Minute, TokenDelay: time.Second, IdleTimeout: 15 * time.Minute, RateLimit: 80, TokenRateLimit: 2,
				RateWindow: 2 * time.Second, RateLimitHeaders: true, Latency: 10 * time.Millisecond, MaxPageSize: 100,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := genesyssim.Config{Users: 7, Latency: time.Second}
			flags := flag.NewFlagSet("sim", flag.ContinueOnError)
			got.Flags(flags)
			if err := flags.Parse(test.arguments); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreTypes(secret.Text{})); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
		})
	}
}
