package genesyssim_test

import (
	"genesys-cloud-export/shared/devstack/genesyssim"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestAListingIsTheUsersOfItsStateWhateverThePageSizes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		config := genesyssim.Config{Users: rapid.IntRange(0, 90).Draw(rt, "users"), Seed: rapid.Uint64().Draw(rt, "seed")}
		s := newSimulator(t, config)
		state := rapid.SampledFrom([]string{"active", "inactive", "deleted"}).Draw(rt, "state")
		descending := rapid.Bool().Draw(rt, "descending")
		order := map[bool]string{false: "ASC", true: "DESC"}[descending]

		var want strings.Builder
		for line := range strings.Lines(written(t, s, query{State: "any", SortOrder: order})) {
			if strings.Contains(line, `"state":"`+state+`"`) {
				want.WriteString(line)
			}
		}
		if diff := cmp.Diff(want.String(), written(t, s, query{State: state, SortOrder: order})); diff != "" {
			rt.Fatalf("WriteUsers (-filtered +got):\n%s", diff)
		}

		token := mintInProcess(t, s)
		var got strings.Builder
		cursor := url.Values{"state": {state}, "sortOrder": {order}}
		for {
			cursor.Set("pageSize", rapid.SampledFrom([]string{"1", "7", "20", "33"}).Draw(rt, "page size"))
			recorder := httptest.NewRecorder()
			request := httptest.NewRequest(http.MethodGet, "/api/v2/users/query?"+cursor.Encode(), http.NoBody)
			request.Header.Set("Authorization", "Bearer "+token)
			s.ServeHTTP(recorder, request)
			if recorder.Code != http.StatusOK {
				rt.Fatalf("status %d: %s", recorder.Code, recorder.Body)
			}
			got.WriteString(lines(entities(t, recorder.Body.Bytes())))
			next := field[string](t, recorder.Body.Bytes(), "cursor")
			if next == "" {
				break
			}
			cursor.Set("cursor", next)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			rt.Fatalf("pages (-filtered +got):\n%s", diff)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("AAAA")
	f.Add(strings.Repeat("A", 67))
	s := newSimulator(f, genesyssim.Config{Users: 100})
	token := mintInProcess(f, s)
	ask := func(query string) *httptest.ResponseRecorder {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodGet, "/api/v2/users/query?"+query, http.NoBody)
		request.Header.Set("Authorization", "Bearer "+token)
		s.ServeHTTP(recorder, request)

		return recorder
	}
	issued := field[string](f, ask("").Body.Bytes(), "cursor")
	f.Add(issued[:len(issued)-1])
	f.Add(issued + "A")
	f.Fuzz(func(t *testing.T, cursor string) {
		got := ask(url.Values{"cursor": {cursor}}.Encode())
		if cursor != issued && got.Code != http.StatusBadRequest {
			t.Errorf("the cursor %q, which nobody issued, is answered %d", cursor, got.Code)
		}
	})
}
