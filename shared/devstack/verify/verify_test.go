package verify_test

import (
	"context"
	"errors"
	"go/build"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/verify"
)

func TestAGoodExportIsCounted(t *testing.T) {
	t.Parallel()
	e := newExport()
	want := verify.Report{Pages: 5, Parts: 3, Records: 9}

	for _, name := range e.names {
		want.Bytes += int64(len(e.objects[name]))
	}

	for _, truth := range [][]string{e.truth, nil} {
		e.truth = truth

		got, err := e.verify(t)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, report (-want +got):\n%s", err, diff)
		}
	}
}

// broken is a bucket of which some names cannot be opened.
type broken struct {
	fs.FS

	part string
	err  error
}

func (b broken) Open(name string) (fs.File, error) {
	if strings.Contains(name, b.part) {
		return nil, b.err
	}

	return b.FS.Open(name)
}

func TestFailingToLookIsAnErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	lost := errors.New("lost")
	c := newExport().config()

	for _, part := range []string{"/manifest.json", "/part-000002", "/latest.json", "/checkpoint.json", "/export_id=night-1"} {
		unread := c
		unread.Bucket = broken{c.Bucket, part, lost}

		if _, err := verify.Export(t.Context(), unread); !errors.Is(err, lost) || errors.Is(err, verify.ErrFailed) {
			t.Errorf("%s: got %v, want %v", part, err, lost)
		}
	}

	for where, written := range map[string]string{
		"at once": "", "behind the first record": join(entities(0)), "behind the last": join(newExport().truth),
		"in a record": join(entities(0)) + entity(1),
	} {
		unlisted := c
		unlisted.Truth = func(w io.Writer) error {
			_, _ = io.WriteString(w, written)
			return lost
		}

		if _, err := verify.Export(t.Context(), unlisted); !errors.Is(err, lost) || errors.Is(err, verify.ErrFailed) {
			t.Errorf("the source's list breaks off %s: got %v, want %v", where, err, lost)
		}
	}

	ended, end := context.WithCancel(t.Context())
	end()

	if _, err := verify.Export(ended, c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
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
