package exporter_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

// finish invokes the function, as often and as late as it asks for, until the export is complete.
func (w *world) finish(h *invocation.Handler, payload string) (result export.Result, invocations int) {
	w.t.Helper()

	for invocations = 1; invocations <= 200; invocations++ {
		result = w.invoke(h, 5*time.Minute, payload)
		if result.Status == export.StatusComplete {
			return result, invocations
		}

		time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
	}

	w.t.Fatalf("after %d invocations the export is not complete: %+v", invocations, result)

	return result, invocations
}

// lines are the entities of an export, by its manifest.
func (w *world) lines(result export.Result) []byte {
	w.t.Helper()

	var lines []byte

	for _, part := range w.manifest(result).Parts {
		unzip := must(gzip.NewReader(bytes.NewReader(w.object(part.Key))))(w.t)
		lines = append(lines, must(io.ReadAll(unzip))(w.t)...)
	}

	return lines
}

// expected are the entities that the organisation has: of a directory listing all, of a history those of an interval.
func (w *world) expected(listing, interval string) []byte {
	w.t.Helper()

	if interval != "" {
		listing += "?interval=" + interval
	}
	var expected bytes.Buffer
	if err := w.genesys.WriteListing(&expected, listing); err != nil {
		w.t.Fatal(err)
	}

	return expected.Bytes()
}

func TestEveryListingOfTheDirectoryIsExportedByteForByte(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// A further listing is a line of the client's table, and one of the simulator's.
		listings := append(genesys.Directory(), genesys.Definition{Name: "trunks", Path: "/api/v2/telephony/providers/edges/trunks", Permission: "telephony:plugin:all"})
		organisation := genesyssim.Config{
			Listings: []genesyssim.Listing{{Name: "trunks", Path: "/api/v2/telephony/providers/edges/trunks", Entities: 25}}, Sizes: map[string]int{},
		}
		for _, listing := range genesys.Directory() {
			organisation.Sizes[listing.Name] = 25
		}

		w := newWorld(t, organisation)
		h := w.processOf(listings, "EXPORT_PAGE_SIZE=10")

		for _, listing := range listings {
			result, _ := w.finish(h, fmt.Sprintf(`{"export_id":"e1","listing":%q}`, listing.Name))

			if got, want := w.lines(result), w.expected(listing.Name, ""); !bytes.Equal(got, want) || len(want) == 0 {
				t.Errorf("%s: %d bytes were exported, and not the %d of the organisation", listing.Name, len(got), len(want))
			}

			if drift := w.manifest(result).Drift; drift != nil {
				t.Errorf("%s: drifted: %+v", listing.Name, drift)
			}
		}
	})
}

func TestAListingThatMovesWhileItIsReadIsCompleteAndSaysHowFarItDrifted(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		fault genesyssim.Fault
		want  *export.Drift
	}{
		"entities went":           {genesyssim.Fault{Nth: 2, Shift: 3}, &export.Drift{TotalFirst: 250, TotalLast: 247, Records: 247}},
		"entities came":           {genesyssim.Fault{Nth: 2, Shift: -3}, &export.Drift{TotalFirst: 250, TotalLast: 253, Records: 253}},
		"a total that is another": {genesyssim.Fault{Times: -1, Set: map[string]jsontext.Value{"total": jsontext.Value("12")}}, &export.Drift{TotalFirst: 12, TotalLast: 12, Records: 250}},
		"an empty page before the last": {
			genesyssim.Fault{Nth: 2, Action: "empty_page"}, &export.Drift{TotalFirst: 250, TotalLast: 250, Records: 150},
		},
		"a page count that changes": {genesyssim.Fault{Nth: 2, Set: map[string]jsontext.Value{"pageCount": jsontext.Value("7")}}, nil},
		"a page past the end":       {genesyssim.Fault{Nth: 3, Shift: 60}, &export.Drift{TotalFirst: 250, TotalLast: 190, Records: 200}},
	} {
		inBubble(t, name, func(t *testing.T) {
			test.fault.Method, test.fault.Path = http.MethodGet, "/api/v2/routing/queues"
			w := newWorld(t, genesyssim.Config{Sizes: map[string]int{"queues": 250}, Faults: []genesyssim.Fault{test.fault}})

			result, _ := w.finish(w.processOf(genesys.Directory()), `{"listing":"queues"}`)
			if diff := cmp.Diff(test.want, w.manifest(result).Drift); diff != "" {
				t.Errorf("drift (-want +got):\n%s", diff)
			}

			warned := strings.Contains(w.out.String(), `"msg":"the listing changed while it was read`)
			counted := strings.Contains(w.out.String(), `"ListingsDrifted":1`)
			if drifted := test.want != nil; warned != drifted || counted != drifted {
				t.Errorf("a warning was logged: %t, and it was counted: %t, want %t", warned, counted, drifted)
			}
		})
	}
}

func TestA400BeforeTheEndIsAnErrorByNameAndNoEnd(t *testing.T) {
	t.Parallel()

	for listing, want := range map[string]failure.Kind{
		"queues": failure.UpstreamInvalid, "teams": failure.CursorExpired, "external-contacts": failure.CursorExpired,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, genesyssim.Config{Faults: []genesyssim.Fault{{Method: http.MethodGet, Path: "/api/v2/*", Nth: 2, Times: -1, Status: http.StatusBadRequest}}})

			_, err := w.send(w.processOf(genesys.Directory()), time.Minute, fmt.Sprintf(`{"listing":%q,"page_size":10}`, listing))
			if failed := reported(t, err); failed.Type != string(want) {
				t.Errorf("%s: got %s: %s, want %s", listing, failed.Type, failed.Message, want)
			}
		})
	}
}
