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

	want := []string{"| listing | path | permission | paging | page size |", "|---|---|---|---|---|"}

	for _, d := range genesys.Directory() {
		permission, size := "–", "–"
		if d.Permission != "" {
			permission = "`" + d.Permission + "`"
		}

		if d.Paging != genesys.OnePage {
			size = fmt.Sprintf("%d to %d", cmp.Or(d.LeastPage, 1), cmp.Or(d.MostPage, genesys.MaxPageSize))
		}

		want = append(want, fmt.Sprintf("| %s | `%s` | %s | %s | %s |", d.Name, d.Path, permission, d.Paging, size))
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

	for _, d := range genesys.Directory() {
		if !strings.Contains(explained, "\n| "+d.Paging.String()+" |") {
			t.Errorf("the README does not say what complete means for %s, by %s", d.Name, d.Paging)
		}
	}
}
