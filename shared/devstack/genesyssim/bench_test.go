package genesyssim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

// BenchmarkPageOf500 serves pages from the middle of a million users, without a network.
func BenchmarkPageOf500(b *testing.B) {
	for name, path := range map[string]string{
		"by cursor": "/api/v2/users/query?pageSize=500",
		"by number": "/api/v2/users?pageSize=500&pageNumber=850",
		"expanded":  "/api/v2/users/query?pageSize=500&expand=skills,presence,authorization",
	} {
		for _, encoding := range []string{"identity", "gzip"} {
			b.Run(name+" "+encoding, func(b *testing.B) {
				s := newSimulator(b, genesyssim.Config{Users: 1_000_000})
				request := httptest.NewRequest(http.MethodGet, path, http.NoBody)
				request.Header.Set("Authorization", "Bearer "+mintInProcess(b, s))
				request.Header.Set("Accept-Encoding", encoding)
				b.ReportAllocs()
				for b.Loop() {
					recorder := httptest.NewRecorder()
					s.ServeHTTP(recorder, request)
					if recorder.Code != http.StatusOK {
						b.Fatalf("status %d: %s", recorder.Code, recorder.Body)
					}
					b.SetBytes(int64(recorder.Body.Len()))
				}
			})
		}
	}
}

// BenchmarkWriteUsers writes 25,000 users.
func BenchmarkWriteUsers(b *testing.B) {
	s := newSimulator(b, genesyssim.Config{Users: 25_000})
	for b.Loop() {
		if err := s.WriteUsers(io.Discard, genesyssim.Query{State: "any"}); err != nil {
			b.Fatal(err)
		}
	}
}

// mintInProcess gets a token without a network.
func mintInProcess(t testing.TB, s *genesyssim.Simulator) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}
	request := httptest.NewRequest(http.MethodPost, "/oauth/token", strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(clientID, clientSecret)
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)

	return field[string](t, recorder.Body.Bytes(), "access_token")
}
