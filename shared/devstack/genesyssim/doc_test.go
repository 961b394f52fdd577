package genesyssim_test

import (
	"os"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func TestThePackageCommentListsEveryQuirkWithItsGradeAndSource(t *testing.T) {
	t.Parallel()

	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}

	var want strings.Builder
	for _, quirk := range genesyssim.Quirks() {
		sure := string(quirk.Grade)
		if quirk.Source != "" {
			sure += ": " + quirk.Source
		}

		want.WriteString("//   - " + quirk.Topic + ": " + quirk.What + " (" + sure + ")\n")
	}

	if !strings.Contains(string(source), want.String()) {
		t.Errorf("doc.go lacks this list, or has another:\n%s", want.String())
	}
}
