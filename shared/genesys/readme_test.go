package genesys_test

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"

	"genesys-cloud-export/shared/genesys"

	gocmp "github.com/google/go-cmp/cmp"
)

// The page of each function has a row for each of its listings, and says what complete means for it.
func TestTheReadmesHaveEachListingAsItIs(t *testing.T) {
	t.Parallel()

	size := func(d genesys.Definition) string {
		if d.Paging == genesys.OnePage {
			return "–"
		}

		return fmt.Sprintf("%d to %d", cmp.Or(d.LeastPage, 1), cmp.Or(d.MostPage, genesys.MaxPageSize))
	}
	paging := func(d genesys.Definition) string {
		return [...]string{
			genesys.ByNumber: "page number", genesys.ByCursor: "cursor", genesys.ByScan: "cursor that lives for a day", genesys.OnePage: "one page",
		}[d.Paging]
	}
	permission := func(d genesys.Definition) string { return strings.ReplaceAll("`"+d.Permission+"`", "``", "–") }

	for function, table := range map[string]struct {
		heading  string
		listings []genesys.Definition
		row      func(genesys.Definition) []string
		complete func(genesys.Definition) string // the first column of the table of what complete means
	}{
		"export-directory": {
			"| listing | path | permission | paging | page size |", genesys.Directory(),
			func(d genesys.Definition) []string { return []string{permission(d), paging(d), size(d)} }, paging,
		},
		"export-history": {
			"| listing | path of its jobs | permission | page size | a job's order |", genesys.Histories(),
			func(d genesys.Definition) []string {
				return []string{permission(d), size(d), cmp.Or(d.Job.Order, "–")}
			},
			func(d genesys.Definition) string { return d.Name },
		},
	} {
		want := []string{table.heading, "|---|---|---|---|---|"}
		for _, d := range table.listings {
			want = append(want, fmt.Sprintf("| %s | `%s` | %s |", d.Name, d.Path, strings.Join(table.row(d), " | ")))
		}

		readme, err := os.ReadFile("../../functions/" + function + "/README.md")
		if err != nil {
			t.Fatal(err)
		}

		_, rest, _ := strings.Cut(string(readme), "<!-- listings -->\n")
		got, explained, _ := strings.Cut(rest, "\n<!-- /listings -->\n")

		if diff := gocmp.Diff(want, strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s (-table +README), put this between the marks:\n%s\n%s", function, strings.Join(want, "\n"), diff)
		}

		for _, d := range table.listings {
			if !strings.Contains(explained, "\n| "+table.complete(d)+" |") {
				t.Errorf("%s does not say what complete means for %s", function, d.Name)
			}
		}
	}
}
