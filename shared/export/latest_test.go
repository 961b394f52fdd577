package export_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

// otherLatest is what another export, completed at that time, writes as latest.
func otherLatest(completedAt string) []byte {
	return []byte(`{"schema_version":1,"export_id":"other","manifest":"","completed_at":"` + completedAt + `"}`)
}

func TestLatestMovesForwardOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		older, newer := export.Event{ExportID: "older"}, export.Event{ExportID: "newer"}

		noLatest := on(exporttest.OpRead, latestName, failing(exporttest.FailBefore))
		wantKind(t, w.send(t.Context(), noLatest, older).err, failure.StorageUnavailable)

		time.Sleep(time.Hour)
		w.send(t.Context(), nil, newer).wantComplete(t)
		w.send(t.Context(), nil, older).wantComplete(t)

		if got, err := w.latest(); got.ExportID != "newer" {
			t.Errorf("latest is %+v (%v), want the one that was completed last", got, err)
		}
	})
}

func TestLatestThatOthersMoveMeanwhileIsTriedAgain(t *testing.T) {
	t.Parallel()

	const older, newer = "1999-01-01T00:00:00Z", "2000-01-01T23:00:00Z"

	for name, test := range map[string]struct {
		before string // what latest is before; "": none
		op     string
		times  int
		moves  string
		kept   bool
		fails  bool
	}{
		"one that is older comes":      {"", exporttest.OpCreate, 1, older, false, false},
		"one that is newer comes":      {older, exporttest.OpReplace, 1, newer, true, false},
		"others come and never stop":   {older, exporttest.OpReplace, 100, older, true, true},
		"others come, and then nobody": {older, exporttest.OpReplace, 4, older, false, false},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2)
			if test.before != "" {
				w.overwrite(latestName, otherLatest(test.before))
			}

			moved := 0
			did := w.invoke(t.Context(), onEach(test.op, latestName, func() exporttest.Action {
				if moved++; moved <= test.times {
					w.overwrite(latestName, otherLatest(test.moves))
				}

				return exporttest.Action{}
			}))

			if test.fails {
				wantKind(t, did.err, failure.StorageUnavailable)
			} else {
				did.wantComplete(t)
			}

			if got, err := w.latest(); (got.ExportID == "other") != test.kept {
				t.Errorf("latest is %+v (%v), want the other one to stay: %t", got, err, test.kept)
			}
		})
	}
}

func TestP03LatestStaysWhereItIsNewerAndIsReplacedWhereItCannotBeMeant(t *testing.T) {
	t.Parallel()

	for body, kept := range map[string]bool{
		`{"schema_version":2,"newest":"x"}`: true,
		`not JSON`:                          false,
		``:                                  false,
		`{}`:                                false,
		string(otherLatest("2000-01-01T12:00:00Z")): true,
		string(otherLatest("2000-01-02T00:00:00Z")): true,
		string(otherLatest("2000-01-02T00:00:01Z")): false, // more than a day ahead
		string(otherLatest("2099-01-01T00:00:00Z")): false,
	} {
		bubble(t, body, func(t *testing.T) {
			w := newWorld(3, 2)
			w.overwrite(latestName, []byte(body))
			w.complete(t, nil)

			if stayed := bytes.Equal(w.document(latestName), []byte(body)); stayed != kept {
				t.Errorf("latest %q stayed: %t, want %t", body, stayed, kept)
			}
		})
	}
}
