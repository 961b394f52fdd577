package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"

	"genesys-cloud-export/shared/genesys"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestTheReadmeHasEachListingAsItIs(t *testing.T) {
	t.Parallel()

	want := []string{"| listing | path of its jobs | permission | page size | a job's order |", "|---|---|---|---|---|"}

	for _, d := range genesys.Histories() {
		most := cmp.Or(d.MostPage, genesys.MaxPageSize)
		want = append(want, fmt.Sprintf("| %s | `%s` | `%s` | 1 to %d | %s |", d.Name, d.Path, d.Permission, most, cmp.Or(d.Job.Order, "–")))
	}

	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}

	_, rest, _ := strings.Cut(string(readme), "<!-- listings -->\n")
	got, explained, _ := strings.Cut(rest, "\n<!-- /listings -->\n")

	if diff := gocmp.Diff(want, strings.Split(got, "\n")); diff != "" {
		t.Errorf("listings (-table +README), put this between the marks:\n%s\n%s", strings.Join(want, "\n"), diff)
	}

	for _, d := range genesys.Histories() {
		if !strings.Contains(explained, "\n| "+d.Name+" |") {
			t.Errorf("the README does not say what complete means for %s", d.Name)
		}
	}
}
