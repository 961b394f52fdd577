package genesyssim_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/secret"
)

func TestNewNamesEveryFieldThatDoesNotHold(t *testing.T) {
	t.Parallel()
	_, err := genesyssim.New(genesyssim.Config{
		Users: -1, TokenLifetime: 1500 * time.Millisecond, IdleTimeout: -1, RateLimit: -1, RateWindow: -1, Latency: -1,
		JobTime: -1, AvailabilityLag: -1, CursorLife: -1, Faults: []genesyssim.Fault{{}},
		Sizes: map[string]int{"queues": -1, "kites": 1}, Forbidden: []string{"groups"},
	})
	for _, name := range []string{
		"Users", "ClientID", "ClientSecret", "TokenLifetime", "IdleTimeout", "RateLimit", "RateWindow", "Latency", "JobTime",
		"AvailabilityLag", "CursorLife", "Sizes, queues", `path is ""`, `Sizes: there is no listing "kites"`, "Forbidden",
	} {
		if err == nil || !strings.Contains(err.Error(), "field "+name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}

func TestFlagsSetTheOrganisationAndKeepWhatTheyDoNotName(t *testing.T) {
	t.Parallel()
	before := genesyssim.Config{Users: 7, Latency: time.Second}
	for arguments, want := range map[string]genesyssim.Config{
		"": before,
		"-users=5 -seed=3 -token-lifetime=5m -idle-timeout=15m -rate-limit=80 -rate-window=2s -latency=10ms " +
			"-sizes=queues=4,audits=5 -forbidden=queues,teams -job-time=3s -availability-lag=5s -cursor-life=6s": {
			Users: 5, Seed: 3, TokenLifetime: 5 * time.Minute, IdleTimeout: 15 * time.Minute, RateLimit: 80, RateWindow: 2 * time.Second,
			Latency: 10 * time.Millisecond, Sizes: map[string]int{"queues": 4, "audits": 5},
			Forbidden: []string{"queues", "teams"}, JobTime: 3 * time.Second,
			AvailabilityLag: 5 * time.Second, CursorLife: 6 * time.Second,
		},
	} {
		got, flags := before, flag.NewFlagSet("sim", flag.ContinueOnError)
		got.Flags(flags)
		err := flags.Parse(strings.Fields(arguments))
		if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(secret.Text{}, genesyssim.Listing{})); diff != "" || err != nil {
			t.Errorf("%v: error %v; configuration (-want +got):\n%s", arguments, err, diff)
		}
	}
}

func TestTheReadmeNamesEveryActionFieldAndFlagAndGradesEachQuirkOnce(t *testing.T) {
	t.Parallel()
	source, errReadme := os.ReadFile("README.md")
	faults, errFaults := os.ReadFile("faults.go")
	if errReadme != nil || errFaults != nil {
		t.Fatal(errReadme, errFaults)
	}
	var names []string
	for _, found := range regexp.MustCompile("`json:\"(\\w+)|Action = \"(\\w+)").FindAllStringSubmatch(string(faults), -1) {
		names = append(names, found[1]+found[2])
	}
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	new(genesyssim.Config).Flags(flags)
	flags.VisitAll(func(f *flag.Flag) { names = append(names, "-"+f.Name) })
	for _, name := range names {
		if !strings.Contains(string(source), "`"+name+"`") {
			t.Errorf("README.md does not name %s", name)
		}
	}
	_, quirks, _ := strings.Cut(string(source), "## What it imitates")
	grade, seen := regexp.MustCompile(`^- ((documented|observed) \(.+\)|(inferred|dialect|invented)( \(.+\))?): .`), map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^- .*$`).FindAllString(quirks, -1) {
		_, what, _ := strings.Cut(line, ": ")
		if !grade.MatchString(line) || seen[what] {
			t.Errorf("listed twice, or without a grade, or documented and observed nowhere: %s", line)
		}
		seen[what] = true
	}
	if len(names) < 35 || len(seen) < 60 {
		t.Errorf("%d names and %d quirks are there to look at, want all of them", len(names), len(seen))
	}
}
