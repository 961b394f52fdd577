package verify_test

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/verify"
)

func TestAGoodExportHasNoProblems(t *testing.T) {
	t.Parallel()

	d := newDraft()
	got := check(t, d)

	want := verify.Report{
		ExportID: "night-1", Listing: "users", Pages: 5, Parts: 3, Records: 9,
		UncompressedBytes: int64(len(lines(d.truth...))), Compared: true, SourceRecords: 9,
	}
	for _, p := range d.parts {
		want.Bytes += int64(len(p.body))
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}

	if !got.OK() {
		t.Error("the report of a good export is not OK")
	}
}

func TestWhatTheContractLeavesFreeIsNoProblem(t *testing.T) {
	t.Parallel()

	for name, change := range map[string]func(d *draft){
		"an empty listing has a manifest without parts": func(d *draft) {
			d.parts, d.truth = nil, nil
			d.seal()
			d.manifest["pages"], d.checkpoint["pages"] = 1, 1
		},
		"a part of several gzip members": func(d *draft) {
			l := d.parts[1].lines
			body := append(pack(lines(l[0])), pack("")...)
			d.restore(1, append(body, pack(lines(l[1:]...))...))
		},
		"white space outside strings": func(d *draft) {
			d.parts[0].lines[1] = "\t" + strings.ReplaceAll(entity(1), `,"`, ` , "`) + " \r"
			d.truth[4] = strings.Replace(entity(4), `":`, `":  `, 1)
			d.seal()
		},
		"entities without an id, or with null": func(d *draft) {
			for _, e := range []string{`{"name":"a"}`, `{"id":null,"name":"b"}`, `{"id":null,"name":"c"}`, `{}`} {
				d.parts[2].lines = append(d.parts[2].lines, e)
				d.truth = append(d.truth, e)
			}

			d.seal()
		},
		"an entity larger than any buffer": func(d *draft) {
			e := `{"name":"` + strings.Repeat("x", 10<<20) + `","id":"big"}`
			d.parts[1].lines = append(d.parts[1].lines, e)
			d.truth = append(d.truth[:6], append([]string{e}, d.truth[6:]...)...)
			d.seal()
		},
		"latest names a newer export": func(d *draft) {
			d.latest = pointer("night-2", later)
			d.others[state+"night-2/manifest.json"] = `{"completed_at":"` + later + `"}`
		},
		"latest names its manifest by URI": func(d *draft) { d.latest["manifest"] = "s3://" + bucket + "/" + manifest },
		"a checkpoint with nothing but its schema": func(d *draft) {
			d.checkpoint = map[string]any{"schema_version": 4, "records": map[string]any{"of": "its own"}}
		},
		"another export whose id begins like this one's": func(d *draft) {
			d.others["exports/users/export_id=night-10/part-000001-x.jsonl.gz"] = "other"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			d := newDraft()
			change(d)

			if got := check(t, d); !got.OK() {
				t.Errorf("problems: %+v", got.Problems)
			}
		})
	}
}

func TestAnEmptyPrefixMeansNoFolderInFront(t *testing.T) {
	t.Parallel()

	client := server(t, nil)
	stateless := func(key string) string { return strings.TrimPrefix(key, "exports/") }

	d := newDraft()
	for _, p := range d.parts {
		p.key = stateless(p.key)
	}

	d.seal()
	d.latest["manifest"] = stateless(manifest)

	for _, p := range d.parts {
		put(t, client, p.key, p.body, "")
	}

	put(t, client, stateless(manifest), marshal(d.manifest), "")
	put(t, client, stateless(latest), marshal(d.latest), "")
	put(t, client, stateless(checkpoint), marshal(d.checkpoint), "")

	c := config(client)
	c.Prefix = ""

	got, err := verify.Export(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}

	if !got.OK() || got.Compared || got.Records != 9 {
		t.Errorf("got %+v", got)
	}
}

func TestBadSettingsAreToldAllAtOnce(t *testing.T) {
	t.Parallel()

	_, err := verify.Export(t.Context(), verify.Config{Prefix: "/exports/", Listing: "a/b", ExportID: "-x"})
	if err == nil {
		t.Fatal("no error")
	}

	for _, word := range []string{"S3", "bucket", "prefix", "listing", "export id"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not tell about the %s: %v", word, err)
		}
	}
}

func TestAnExportIDIsAsTheContractSays(t *testing.T) {
	t.Parallel()

	for id, want := range map[string]bool{
		"a": true, "0": true, "A_b-C9": true, strings.Repeat("a", 80): true,
		"": false, "_a": false, "-a": false, "a/b": false, "a.b": false, "ä": false, strings.Repeat("a", 81): false,
	} {
		c := config(server(t, nil))
		c.ExportID = id

		if _, err := verify.Export(t.Context(), c); (err == nil) != want {
			t.Errorf("export id %q: got error %v, want accepted %t", id, err, want)
		}
	}
}

func TestFailingToLookIsAnErrorAndNoProblem(t *testing.T) {
	t.Parallel()

	for name, fails := range map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"a part that breaks off on the wire": func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "part-000002") {
				return false
			}

			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write(pack(lines(entity(3))))

			panic(http.ErrAbortHandler)
		},
		"a manifest that breaks off on the wire": func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "manifest.json") {
				return false
			}

			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "{}")

			panic(http.ErrAbortHandler)
		},
		"no permission to list": func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Query().Has("list-type") && deny(w)
		},
		"no permission to read parts": func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "part-000001") && deny(w)
		},
		"no permission to read latest": func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "latest.json") && deny(w)
		},
		"no permission to read the checkpoint": func(w http.ResponseWriter, r *http.Request) bool {
			return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "checkpoint.json") && deny(w)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			client := server(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if !fails(w, r) {
						next.ServeHTTP(w, r)
					}
				})
			})
			newDraft().put(t, client)

			got, err := verify.Export(t.Context(), config(client))
			if err == nil {
				t.Fatalf("no error, but %+v", got)
			}

			if len(got.Problems) > 0 {
				t.Errorf("problems beside the error %v: %+v", err, got.Problems)
			}
		})
	}
}

func deny(w http.ResponseWriter) bool {
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`)

	return true
}

func TestABucketThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()

	c := config(server(t, nil))
	c.Bucket = "nobody"

	if got, err := verify.Export(t.Context(), c); err == nil {
		t.Errorf("no error, but %+v", got)
	}
}

func TestAnEndedContextEndsTheCheck(t *testing.T) {
	t.Parallel()

	client := server(t, nil)
	newDraft().put(t, client)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	if _, err := verify.Export(ctx, config(client)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it canceled", err)
	}
}

func TestStraysAreCountedAndTheFirstFiveNamed(t *testing.T) {
	t.Parallel()

	d := newDraft()
	for n := range 1003 { // more than a page of S3's listing
		d.others[fmt.Sprintf("%spart-%06d-late.jsonl.gz", folder, n+1)] = ""
	}

	got := check(t, d)

	want := []verify.Kind{verify.Stray, verify.Stray, verify.Stray, verify.Stray, verify.Stray}
	if diff := cmp.Diff(want, kinds(got)); diff != "" || got.Strays != 1003 {
		t.Errorf("%d strays, kinds (-want +got):\n%s", got.Strays, diff)
	}

	if where := got.Problems[0].Where; where != folder+"part-000001-late.jsonl.gz" {
		t.Errorf("the first stray is said to be %s", where)
	}
}

func TestTheCheckSharesNoCodeWithTheWriter(t *testing.T) {
	t.Parallel()

	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}

	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}

		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}

		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}

		for _, i := range file.Imports {
			for _, taboo := range []string{"genesys-cloud-export", "klauspost", "go-json-experiment"} {
				if strings.Contains(i.Path.Value, taboo) {
					t.Errorf("%s imports %s", name, i.Path.Value)
				}
			}
		}
	}
}
