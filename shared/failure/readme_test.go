package failure_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/failure"
)

func TestTheReadmeTellsEveryKindOfFailure(t *testing.T) {
	t.Parallel()

	readme, err := os.ReadFile("../../functions/README.md")
	if err != nil {
		t.Fatal(err)
	}

	var got []failure.Kind
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z][A-Za-z]+)` \\| [^|]+ \\| [^|]+ \\|$").FindAllSubmatch(readme, -1) {
		got = append(got, failure.Kind(row[1]))
	}

	if diff := cmp.Diff(failure.Kinds(), got); diff != "" {
		t.Errorf("the README's error table (-code +README):\n%s", diff)
	}
}
