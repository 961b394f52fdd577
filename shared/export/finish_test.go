package export_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

func TestX23FinishedExportGivesItsResultAgainAndFetchesAndWritesNothing(t *testing.T) {
	t.Parallel()

	for name, denied := range map[string]bool{"a bucket that may be listed": false, "a bucket that may not": true} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2)
			w.store.ListDenied = denied

			first := w.complete(t, nil)
			before := w.store.Journal()

			time.Sleep(240 * time.Hour)

			again := w.mustComplete(t)
			if diff := cmp.Diff(first.Result, again.Result); diff != "" {
				t.Errorf("the result (-first +again):\n%s", diff)
			}

			if got := w.store.Journal(); len(got) != len(before) {
				t.Errorf("%d changes were made", len(got)-len(before))
			}

			if again.count(exporttest.OpFetch) != 0 || again.writes() != 0 {
				t.Errorf("the calls were %v, want to look only", again.calls)
			}

			if warned := len(w.logged("grant s3:ListBucket")) > 0; warned != denied {
				t.Errorf("the logs say what is to be granted: %t, want %t", warned, denied)
			}
		})
	}
}

func TestFinishingLeavesWhatIsNoPartWhereItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3)
		w.complete(t, nil)

		want := append([]string{partsFolder + "_SUCCESS"}, w.partKeys()...)

		w.store.Edit(partsFolder+"_SUCCESS", []byte("x"))
		w.store.Edit(partsFolder+"part-000009-stray.jsonl.gz", []byte("x"))
		w.invoke(t.Context(), nil)

		if diff := cmp.Diff(want, w.partKeys()); diff != "" {
			t.Errorf("in the folder lie (-want +got):\n%s", diff)
		}
	})
}

func TestManifestSaysWhatWasAskedAsTheListingWritesItAndIsFixedWhenTheExportBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 0)
		w.listing.Fault(1, exporttest.Refused(failure.Forbidden))
		w.send(t.Context(), nil, asking(40, `{"expand":["skills","groups","skills"],"state":"any"}`)).wantFailure(t, failure.Forbidden)

		time.Sleep(time.Hour)

		w.pageSize = 7 // a deployment in between
		w.mustComplete(t)

		part := w.mustManifest(t).Parts[0]
		want := fmt.Sprintf(`{"schema_version":1,"export_id":"e1","listing":"users","environment":"mypurecloud.de",`+
			`"query":{"method":"GET","page_size":40,"expand":["groups","skills"],"state":"any","sort_order":"ASC"},"records":3,"pages":2,`+
			`"parts":[{"key":%q,"records":3,"bytes":%d,"sha256":%q}],`+
			`"started_at":"2000-01-01T00:00:00Z","completed_at":"2000-01-01T01:00:00Z","generator":"test"}`, part.Key, part.Bytes, part.SHA256)
		latest := `{"schema_version":1,"export_id":"e1","manifest":"` + manifestURI + `","completed_at":"2000-01-01T01:00:00Z"}`

		for name, want := range map[string]string{manifestName: want, latestName: latest} {
			var got bytes.Buffer

			err := json.Compact(&got, w.document(name))
			if diff := cmp.Diff(want, got.String()); diff != "" || err != nil {
				t.Errorf("%s (-want +got), %v:\n%s", name, err, diff)
			}
		}
	})
}

// otherLatest is what another export, completed at that time, writes as latest.
func otherLatest(completedAt string) []byte {
	return []byte(`{"schema_version":1,"export_id":"other","manifest":"","completed_at":"` + completedAt + `"}`)
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
			did := w.invoke(t.Context(), onEach(test.op, latestName, after(func() {
				if moved++; moved <= test.times {
					w.overwrite(latestName, otherLatest(test.moves))
				}
			})))

			if test.fails {
				did.wantFailure(t, failure.StorageUnavailable)
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
