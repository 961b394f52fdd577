package verify_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"genesys-cloud-export/shared/devstack/verify"
)

const (
	bucketName = "exports-of-acme"
	folder     = "exports/users/export_id=night-1/"
	state      = "exports/_state/users/"
	latest     = state + "latest.json"
	manifest   = state + "night-1/manifest.json"
	checkpoint = state + "night-1/checkpoint.json"

	earlier   = "2026-03-01T01:00:00Z"
	started   = "2026-03-01T02:00:00Z"
	completed = "2026-03-01T02:10:00Z"
	later     = "2026-03-01T03:00:00Z"

	// canary stands in every entity, and must stand in no problem and in no error.
	canary = "Zoë Canary"
)

// bucket is an S3 bucket whose listings come two keys at a time. It is the SDK's HTTP client.
type bucket struct {
	objects  map[string][]byte
	encoding map[string]string
	// fails answers a request in the bucket's place, where it returns something.
	fails func(r *http.Request) *http.Response
}

func (b *bucket) Do(r *http.Request) (*http.Response, error) {
	if b.fails != nil {
		if failed := b.fails(r); failed != nil {
			return failed, nil
		}
	}

	path, _ := strings.CutPrefix(r.URL.Path, "/"+bucketName)
	if r.URL.Query().Has("list-type") {
		return b.list(r), nil
	}

	key := strings.TrimPrefix(path, "/")

	body, there := b.objects[key]
	if !there {
		return reply(http.StatusNotFound, strings.NewReader("<Error><Code>NoSuchKey</Code></Error>")), nil
	}

	found := reply(http.StatusOK, bytes.NewReader(body))
	if encoding := b.encoding[key]; encoding != "" {
		found.Header.Set("Content-Encoding", encoding)
	}

	return found, nil
}

func (b *bucket) list(r *http.Request) *http.Response {
	type entry struct{ Key string }

	var page struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string
		Contents              []entry
	}

	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		if !strings.HasPrefix(key, r.URL.Query().Get("prefix")) || key <= r.URL.Query().Get("continuation-token") {
			continue
		}

		if page.IsTruncated = len(page.Contents) == 2; page.IsTruncated {
			break
		}

		page.Contents, page.NextContinuationToken = append(page.Contents, entry{key}), key
	}

	body, _ := xml.Marshal(page)

	return reply(http.StatusOK, bytes.NewReader(body))
}

func reply(status int, body io.Reader) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(body), ContentLength: -1}
}

// export is a complete export before it is stored: a good one, then spoilt by a test.
type export struct {
	bucket

	names                        []string   // of the parts
	parts                        [][]string // their lines
	manifest, latest, checkpoint map[string]any
	truth                        []string // nil: there is none
	prefix, listing              string
}

type object = map[string]any

func entity(n int) string {
	return fmt.Sprintf(`{"id":"%08d-aaaa-4bbb","name":"%s %d","department":"R&D \u00e9 <ü> 🙂 \ud83d\ude42","version":%d}`, n, canary, n, n%7)
}

func entities(numbers ...int) []string {
	list := make([]string, 0, len(numbers))
	for _, n := range numbers {
		list = append(list, entity(n))
	}

	return list
}

// newExport is a good export of nine users in three parts.
func newExport() *export {
	e := &export{
		bucket: bucket{objects: map[string][]byte{}, encoding: map[string]string{}}, prefix: "exports", listing: "users",
		parts: [][]string{entities(0, 1, 2), entities(3, 4, 5), entities(6, 7, 8)},
		truth: entities(0, 1, 2, 3, 4, 5, 6, 7, 8),
	}
	for n := range e.parts {
		e.names = append(e.names, fmt.Sprintf("%spart-%06d-0123abcd.jsonl.gz", folder, n+1))
	}

	e.latest = pointer("night-1", completed)
	e.seal()

	return e
}

func pointer(id, at string) object {
	return object{"schema_version": 1, "export_id": id, "manifest": "s3://" + bucketName + "/" + state + id + "/manifest.json", "completed_at": at}
}

// seal packs the parts, and makes a manifest and a checkpoint that are true.
func (e *export) seal() {
	total, parts := 0, []any{}

	maps.DeleteFunc(e.objects, func(key string, _ []byte) bool { return strings.HasPrefix(key, folder) })

	for n, lines := range e.parts {
		parts = append(parts, object{"key": e.names[n], "records": len(lines)})
		total += len(lines)
	}

	common := object{
		"schema_version": 1, "export_id": "night-1", "listing": e.listing, "environment": "mypurecloud.de", "generator": "export-users 1.0",
		"query": object{"page_size": 2, "expand": []string{"groups"}, "state": "any"}, "started_at": started, "completed_at": completed,
	}
	e.checkpoint, e.manifest = maps.Clone(common), maps.Clone(common)
	e.manifest["records"], e.manifest["pages"], e.manifest["parts"] = total, 5, parts
	e.checkpoint["position"] = object{"records": total, "pages": 5, "done": true, "next": "", "replaced_surrogates": 0}
	e.checkpoint["generation"], e.checkpoint["parts"] = 12, []any{}

	for n, lines := range e.parts {
		e.store(n, pack(join(lines)))
	}
}

// store makes body a part's, and the manifest say so.
func (e *export) store(n int, body []byte) {
	e.objects[e.names[n]] = body

	part := e.manifest["parts"].([]any)[n].(object)
	part["bytes"], part["sha256"] = len(body), fmt.Sprintf("%x", sha256.Sum256(body))
}

// put stores the documents, unless a test has stored its own.
func (e *export) put() {
	for key, content := range map[string]object{manifest: e.manifest, latest: e.latest, checkpoint: e.checkpoint} {
		if content != nil {
			e.objects[key] = marshal(content)
		}
	}
}

// spoil stores what is made of the document at key; the others stay as they are.
func (e *export) spoil(key string, spoilt func(body []byte) []byte) {
	e.put()
	e.manifest, e.latest, e.checkpoint = nil, nil, nil
	e.objects[key] = spoilt(e.objects[key])
}

// everywhere says something in the manifest and in the checkpoint, which are to agree.
func (e *export) everywhere(field string, value any) {
	e.manifest[field], e.checkpoint[field] = value, value

	if position := e.checkpoint["position"].(object); position[field] != nil {
		position[field] = value
	}
}

// verify checks the export, and that the outcome shows nobody's data.
func (e *export) verify(t testing.TB) (verify.Report, error) {
	t.Helper()
	e.put()

	report, err := verify.Export(t.Context(), e.config())

	var shown strings.Builder

	_ = report.Write(&shown)
	if err != nil {
		shown.WriteString(err.Error())
	}

	if strings.Contains(shown.String(), canary) || strings.Contains(shown.String(), "-aaaa-") {
		t.Errorf("an entity's content is shown:\n%s", &shown)
	}

	return report, err
}

func (e *export) config() verify.Config {
	client := s3.New(s3.Options{
		HTTPClient: &e.bucket, UsePathStyle: true, Region: "eu-central-1", Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("id", "key", ""),
	})

	c := verify.Config{S3: client, Bucket: bucketName, Prefix: e.prefix, Listing: e.listing, ExportID: "night-1"}
	if e.truth != nil {
		c.Truth = func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(join(e.truth))), nil
		}
	}

	return c
}

// change is made to a good export. says is what a problem has to say then; "" where there is to be none.
type change struct {
	make func(e *export)
	says string
}

// try makes each change to an export of its own.
func try(t *testing.T, changes map[string]change) {
	t.Helper()

	for what, c := range changes {
		t.Run(what, func(t *testing.T) {
			t.Parallel()

			e := newExport()
			c.make(e)
			e.want(t, c.says)
		})
	}
}

// want checks the export, which is to have a problem that says so, or none where says is "".
func (e *export) want(t *testing.T, says string) {
	t.Helper()

	report, err := e.verify(t)
	if err != nil || report.OK() != (says == "") || !strings.Contains(strings.Join(report.Problems, "\n"), says) {
		t.Errorf("got the problems %q and the error %v, want one that says %q", report.Problems, err, says)
	}
}

// join ends each line.
func join(lines []string) string { return strings.Join(slices.Concat(lines, []string{""}), "\n") }

func pack(content string) []byte {
	var b bytes.Buffer

	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, content)
	_ = w.Close()

	return b.Bytes()
}

func marshal(v any) []byte {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err)
	}

	return raw
}
