package verify_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/devstack/verify"
)

const (
	bucket     = "exports-of-acme"
	folder     = "exports/users/export_id=night-1/"
	state      = "exports/_state/users/"
	latest     = state + "latest.json"
	manifest   = state + "night-1/manifest.json"
	checkpoint = state + "night-1/checkpoint.json"

	earlier   = "2026-03-01T01:00:00Z"
	started   = "2026-03-01T02:00:00Z"
	completed = "2026-03-01T02:10:00Z"
	later     = "2026-03-01T03:00:00Z"

	// canary stands in every entity, and must stand in no report.
	canary = "Zoë Canary"
)

// server starts an S3 with the bucket in it; wrap may be nil.
func server(t *testing.T, wrap func(http.Handler) http.Handler) *s3.Client {
	t.Helper()

	var handler http.Handler

	handler, err := s3sim.New(s3sim.Config{Memory: true, Buckets: []string{bucket}})
	if err != nil {
		t.Fatal(err)
	}

	if wrap != nil {
		handler = wrap(handler)
	}

	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)

	return s3.New(s3.Options{
		BaseEndpoint: &s.URL,
		UsePathStyle: true,
		Region:       "eu-central-1",
		Credentials:  credentials.NewStaticCredentialsProvider("id", "key", ""),
		Retryer:      aws.NopRetryer{},
	})
}

// draftPart is one part before it is stored.
type draftPart struct {
	key      string
	lines    []string
	body     []byte
	encoding string
	absent   bool
}

// draft is an export before it is stored: good when made, then spoilt by a test.
type draft struct {
	parts                        []*draftPart
	manifest, latest, checkpoint map[string]any
	truth                        []string
	others                       map[string]string // further objects by key
}

func entity(n int) string {
	return fmt.Sprintf(`{"id":"%08d-aaaa-4bbb-8ccc-0123456789ab","name":"%s %d","department":"R&D \u00e9 <ü> 🙂","version":%d,"images":[{"id":"same"}]}`,
		n, canary, n, n%7)
}

// newDraft is a good export of nine users in three parts.
func newDraft() *draft {
	d := &draft{others: map[string]string{}}

	for n := range 9 {
		if n%3 == 0 {
			d.parts = append(d.parts, &draftPart{key: fmt.Sprintf("%spart-%06d-0123abcd.jsonl.gz", folder, n/3+1)})
		}

		p := d.parts[n/3]
		p.lines = append(p.lines, entity(n))
		d.truth = append(d.truth, entity(n))
	}

	d.latest = pointer("night-1", completed)
	d.checkpoint = map[string]any{
		"schema_version": 1, "export_id": "night-1", "listing": "users", "status": "complete", "generation": 12,
		"records": 9, "pages": 5, "owner": "", "checksum": "0f0f", "completed_at": completed,
	}
	d.seal()

	return d
}

// pointer is a latest.json.
func pointer(id, at string) map[string]any {
	return map[string]any{"schema_version": 1, "export_id": id, "manifest": state + id + "/manifest.json", "completed_at": at}
}

// seal packs the parts and writes a manifest and a checkpoint that agree with them.
func (d *draft) seal() {
	total, parts := 0, []map[string]any{}

	for _, p := range d.parts {
		if p.lines != nil {
			p.body = pack(lines(p.lines...))
		}

		total += len(p.lines)
		parts = append(parts, map[string]any{"key": p.key, "records": len(p.lines), "bytes": len(p.body), "sha256": sum(p.body)})
	}

	d.manifest = map[string]any{
		"schema_version": 1, "export_id": "night-1", "listing": "users", "environment": "mypurecloud.de",
		"query": map[string]any{"state": "active"}, "records": total, "pages": 5, "parts": parts,
		"started_at": started, "completed_at": completed, "generator": "export-users 1.0",
	}
	d.checkpoint["records"] = total
}

// entry is the manifest's entry of a part.
func (d *draft) entry(n int) map[string]any { return d.manifest["parts"].([]map[string]any)[n] }

// restore puts another object under a part's key and describes it truly, but for its records.
func (d *draft) restore(n int, body []byte) {
	d.parts[n].body = body
	d.entry(n)["bytes"], d.entry(n)["sha256"] = len(body), sum(body)
}

func (d *draft) put(t *testing.T, client *s3.Client) {
	t.Helper()

	for _, p := range d.parts {
		if !p.absent {
			put(t, client, p.key, p.body, p.encoding)
		}
	}

	for key, content := range map[string]map[string]any{manifest: d.manifest, latest: d.latest, checkpoint: d.checkpoint} {
		if content != nil {
			put(t, client, key, marshal(content), "")
		}
	}

	for key, content := range d.others {
		put(t, client, key, []byte(content), "")
	}
}

func (d *draft) source(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(lines(d.truth...))), nil
}

func config(client *s3.Client) verify.Config {
	return verify.Config{S3: client, Bucket: bucket, Prefix: "exports", Listing: "users", ExportID: "night-1"}
}

// check stores the draft and checks it against its source, and that nobody's data are in the report.
func check(t *testing.T, d *draft) verify.Report {
	t.Helper()

	client := server(t, nil)
	d.put(t, client)

	c := config(client)
	c.Truth = d.source

	report, err := verify.Export(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}

	if shown := text(t, report); strings.Contains(shown, canary) || strings.Contains(shown, "-aaaa-4bbb-") {
		t.Errorf("the report shows an entity's content:\n%s", shown)
	}

	return report
}

func text(t *testing.T, report verify.Report) string {
	t.Helper()

	var b strings.Builder
	if err := report.Write(&b); err != nil {
		t.Fatal(err)
	}

	return b.String()
}

// kinds are the problems' names in order of appearance.
func kinds(r verify.Report) []verify.Kind {
	var list []verify.Kind
	for _, p := range r.Problems {
		list = append(list, p.Kind)
	}

	return list
}

func put(t *testing.T, client *s3.Client, key string, body []byte, encoding string) {
	t.Helper()

	input := &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: bytes.NewReader(body)}
	if encoding != "" {
		input.ContentEncoding = &encoding
	}

	if _, err := client.PutObject(t.Context(), input); err != nil {
		t.Fatal(err)
	}
}

func lines(list ...string) string {
	var b strings.Builder
	for _, l := range list {
		b.WriteString(l + "\n")
	}

	return b.String()
}

func pack(content string) []byte {
	var b bytes.Buffer

	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, content)
	_ = w.Close()

	return b.Bytes()
}

func sum(body []byte) string {
	s := sha256.Sum256(body)

	return hex.EncodeToString(s[:])
}

func marshal(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}

	return raw
}
