package genesys_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/secret"
)

// compressedPage is a page of 500 users as the API sends it.
func compressedPage(b *testing.B) []byte {
	b.Helper()

	organisation, err := genesyssim.New(genesyssim.Config{Users: 500, Seed: 1, ClientID: "a", ClientSecret: secret.New("b")})
	if err != nil {
		b.Fatal(err)
	}

	var lines bytes.Buffer
	if err := organisation.WriteListing(&lines, "users?state=any"); err != nil {
		b.Fatal(err)
	}

	var page bytes.Buffer

	zip := gzip.NewWriter(&page)
	entities := bytes.Join(bytes.Split(bytes.TrimSpace(lines.Bytes()), []byte("\n")), []byte(","))
	_, _ = zip.Write(append(append([]byte(`{"entities":[`), entities...), []byte(`],"nextUri":"/api/v2/users/query?cursor=abc"}`)...))
	_ = zip.Close()

	return page.Bytes()
}

// times runs floor and work as often as the benchmark asks for, in turn, and reports how many times the floor's time work takes.
func times(b *testing.B, floor, work func()) {
	b.Helper()

	var least, most time.Duration

	for b.Loop() {
		begun := time.Now()
		floor()
		between := time.Now()
		work()

		least += between.Sub(begun)
		most += time.Since(between)
	}

	b.ReportMetric(float64(most)/float64(least), "×floor")
}

// The floor inflates the page and throws it away.
func BenchmarkAPageOfUsersAgainstInflatingIt(b *testing.B) {
	compressed := compressedPage(b)
	inflate := func() io.Reader {
		unzip, err := gzip.NewReader(bytes.NewReader(compressed))
		if err != nil {
			b.Fatal(err)
		}

		return unzip
	}

	var page export.Page

	times(b, func() { _, _ = io.Copy(io.Discard, inflate()) }, func() {
		page.Reset()

		if _, err := genesys.ReadPage(inflate(), &page); err != nil || page.Records != 500 {
			b.Fatal(page.Records, err)
		}
	})
}
