package verify_test

import (
	"errors"
	"fmt"
	"go/build"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/verify"
)

func TestAGoodExportIsCounted(t *testing.T) {
	t.Parallel()

	e := newExport()
	want := verify.Report{Pages: 5, Parts: 3, Records: 9, Compared: true}

	for _, name := range e.names {
		want.Bytes += int64(len(e.objects[name]))
	}

	for _, compared := range []bool{true, false} {
		if want.Compared = compared; !compared {
			e.truth = nil
		}

		got, err := e.verify(t)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, report (-want +got):\n%s", err, diff)
		}
	}
}

func TestOfManyProblemsTwentyLinesAreShown(t *testing.T) {
	t.Parallel()

	e := newExport()
	for n := range 50 {
		e.objects[fmt.Sprintf("%spart-%06d-late\n.jsonl.gz", folder, n)] = nil
	}

	report, err := e.verify(t)
	if err != nil || len(report.Problems) != 20 {
		t.Fatalf("got %d problems and %v, want 20", len(report.Problems), err)
	}

	var shown strings.Builder
	if err := report.Write(&shown); err != nil {
		t.Fatal(err)
	}

	first := `  - "` + folder + `part-000000-late\n.jsonl.gz" lies among the parts, and the manifest does not name it` + "\n"
	if text := shown.String(); !strings.HasPrefix(text, first) || strings.Count(text, "\n") != 20 {
		t.Errorf("got:\n%s", text)
	}

	full := errors.New("no space")
	_, output := io.Pipe()
	_ = output.CloseWithError(full)

	if err := report.Write(output); err == nil {
		t.Error("problems that could not be printed are no error")
	}
}

func TestFailingToLookIsAnErrorAndNoProblem(t *testing.T) {
	t.Parallel()

	for what, part := range map[string]string{
		"the manifest": "/manifest.json", "a part": "/part-000002", "latest": "/latest.json", "the checkpoint": "/checkpoint.json", "the folder": "list-type",
	} {
		for how, failed := range map[string]func() *http.Response{
			"denied": func() *http.Response {
				return reply(http.StatusForbidden, strings.NewReader("<Error><Code>AccessDenied</Code></Error>"))
			},
			"no bucket": func() *http.Response {
				return reply(http.StatusNotFound, strings.NewReader("<Error><Code>NoSuchBucket</Code></Error>"))
			},
			"breaking off": func() *http.Response {
				return reply(http.StatusOK, io.MultiReader(strings.NewReader("{}"), iotest.ErrReader(io.ErrUnexpectedEOF)))
			},
		} {
			e := newExport()
			e.fails = func(r *http.Request) *http.Response {
				if strings.Contains(r.URL.String(), part) {
					return failed()
				}

				return nil
			}

			if report, err := e.verify(t); err == nil || !report.OK() {
				t.Errorf("%s, %s: got the problems %q and the error %v, want an error alone", what, how, report.Problems, err)
			}
		}
	}
}

func TestTheCheckSharesNoCodeWithTheWriter(t *testing.T) {
	t.Parallel()

	checked, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}

	for _, imported := range checked.Imports {
		for _, taboo := range []string{"genesys-cloud-export", "klauspost", "go-json-experiment"} {
			if strings.Contains(imported, taboo) {
				t.Errorf("it imports %s", imported)
			}
		}
	}
}
