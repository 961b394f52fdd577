package verify_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

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

	// canary stands in every entity, and must stand in no error.
	canary = "Zoë Canary"
)

// export is a complete export before it is stored: a good one, then spoilt by a test.
type export struct {
	objects                      map[string][]byte
	names                        []string   // of the parts
	parts                        [][]string // their lines
	manifest, latest, checkpoint object     // nil: it is among the objects already
	truth                        []string   // nil: there is none
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
		objects: map[string][]byte{}, latest: pointer("night-1", completed),
		parts: [][]string{entities(0, 1, 2), entities(3, 4, 5), entities(6, 7, 8)},
		truth: entities(0, 1, 2, 3, 4, 5, 6, 7, 8),
	}
	for n := range e.parts {
		e.names = append(e.names, fmt.Sprintf("%spart-%06d-0123abcd.jsonl.gz", folder, n+1))
	}

	e.seal()

	return e
}

func pointer(id, at string) object {
	return object{"schema_version": 1, "export_id": id, "manifest": "s3://" + bucketName + "/" + state + id + "/manifest.json", "completed_at": at}
}

// seal packs the parts, and makes a manifest and a checkpoint that are true.
func (e *export) seal() {
	maps.DeleteFunc(e.objects, func(key string, _ []byte) bool { return strings.HasPrefix(key, folder) })

	total, parts := 0, []any{}
	for n, lines := range e.parts {
		parts = append(parts, object{"key": e.names[n], "records": len(lines)})
		total += len(lines)
	}

	common := object{
		"schema_version": 1, "export_id": "night-1", "listing": "users", "environment": "mypurecloud.de", "generator": "export-users 1.0",
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

// spell makes line the first of the second part, and of the source's list as well.
func (e *export) spell(line string) {
	e.truth[3], e.parts[1][0] = line, line
	e.seal()
}

// put stores the documents, unless a test has stored its own.
func (e *export) put() {
	for key, content := range map[string]object{manifest: e.manifest, latest: e.latest, checkpoint: e.checkpoint} {
		if content != nil {
			e.objects[key] = marshal(content)
		}
	}

	e.manifest, e.latest, e.checkpoint = nil, nil, nil
}

// everywhere says something in the manifest and in the checkpoint, which are to agree.
func (e *export) everywhere(field string, value any) {
	e.manifest[field], e.checkpoint[field] = value, value

	if position := e.checkpoint["position"].(object); position[field] != nil {
		position[field] = value
	}
}

// config checks the export as it is stored.
func (e *export) config() verify.Config {
	e.put()

	files := fstest.MapFS{}
	for key, body := range e.objects {
		files[key] = &fstest.MapFile{Data: body}
	}

	c := verify.Config{Bucket: files, BucketName: bucketName, Prefix: "exports", Listing: "users", ExportID: "night-1"}
	if e.truth != nil {
		c.Truth = func(w io.Writer) error {
			_, err := io.WriteString(w, join(e.truth))
			return err
		}
	}

	return c
}

// verify checks the export, and that the outcome shows nobody's data.
func (e *export) verify(t testing.TB) (verify.Report, error) {
	t.Helper()
	report, err := verify.Export(t.Context(), e.config())
	if err != nil && (strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "-aaaa-")) {
		t.Errorf("an entity's content is shown: %v", err)
	}

	return report, err
}

// want checks the export, with which something has to be wrong that says so, or nothing where says is "".
func (e *export) want(t testing.TB, says string) {
	t.Helper()
	_, err := e.verify(t)
	if errors.Is(err, verify.ErrFailed) != (says != "") || err != nil && !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want %q", err, says)
	}
}

// change is made to a good export. says is what is wrong then; "" where nothing is to be.
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
