package genesyssim_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func TestTheReadmeNamesEveryActionFieldAndFlagAndGradesEachQuirkOnce(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(source)

	var names []string
	for _, action := range genesyssim.Actions() {
		names = append(names, string(action))
	}
	faults, err := os.ReadFile("faults.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range regexp.MustCompile("`json:\"(\\w+)").FindAllStringSubmatch(string(faults), -1) {
		names = append(names, tag[1])
	}
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	new(genesyssim.Config).Flags(flags)
	flags.VisitAll(func(f *flag.Flag) { names = append(names, "-"+f.Name) })
	if len(names) < 40 {
		t.Fatalf("%d names are there to look for, want all of them", len(names))
	}
	for _, name := range names {
		if !strings.Contains(readme, "`"+name+"`") {
			t.Errorf("README.md does not name %s", name)
		}
	}

	_, quirks, _ := strings.Cut(readme, "## What it imitates")
	grade := regexp.MustCompile(`^- (documented|observed) \(.+\): .|^- (inferred|dialect|invented)( \(.+\))?: .`)
	seen := map[string]bool{}
	for line := range strings.SplitSeq(quirks, "\n") {
		if !strings.HasPrefix(line, "- ") {
			continue
		}
		_, what, _ := strings.Cut(line, ": ")
		if !grade.MatchString(line) || seen[what] {
			t.Errorf("listed twice, or without a grade, or documented and observed nowhere: %s", line)
		}
		seen[what] = true
	}
	if len(seen) < 35 {
		t.Errorf("%d quirks are listed, want all of them", len(seen))
	}
}
