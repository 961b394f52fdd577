package verify_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/verify"
)

func TestAManifestIsReadToTheLetter(t *testing.T) {
	t.Parallel()

	field := []verify.Kind{verify.ManifestField}

	for name, c := range map[string]struct {
		spoil func(d *draft)
		want  []verify.Kind
	}{
		"an unknown field":             {func(d *draft) { d.manifest["compression"] = "gzip" }, field},
		"an unknown field of a part":   {func(d *draft) { d.entry(1)["etag"] = "x" }, field},
		"a field in capitals":          {func(d *draft) { d.manifest["Generator"] = "x" }, field},
		"a field missing":              {func(d *draft) { delete(d.manifest, "generator") }, field},
		"a field null":                 {func(d *draft) { d.manifest["environment"] = nil; delete(d.checkpoint, "environment") }, field},
		"a field empty":                {func(d *draft) { d.manifest["environment"] = "" }, field},
		"a newer schema":               {func(d *draft) { d.manifest["schema_version"] = 2 }, field},
		"a schema that is text":        {func(d *draft) { d.manifest["schema_version"] = "1" }, field},
		"a query that is text":         {func(d *draft) { d.manifest["query"] = "state=active" }, field},
		"a query without a state":      {func(d *draft) { d.manifest["query"] = map[string]any{"sort_order": "ASC"} }, field},
		"a time that is none":          {func(d *draft) { d.manifest["started_at"] = "yesterday" }, field},
		"an end before the beginning":  {func(d *draft) { d.manifest["started_at"] = later }, field},
		"another export's id":          {func(d *draft) { d.manifest["export_id"] = "night-2" }, []verify.Kind{verify.ManifestIdentity}},
		"another listing":              {func(d *draft) { d.manifest["listing"] = "queues" }, []verify.Kind{verify.ManifestIdentity}},
		"no pages":                     {func(d *draft) { d.manifest["pages"] = 0; delete(d.checkpoint, "pages") }, []verify.Kind{verify.Pages}},
		"fewer pages than parts":       {func(d *draft) { d.manifest["pages"] = 2; delete(d.checkpoint, "pages") }, []verify.Kind{verify.Pages}},
		"a total that is off":          {func(d *draft) { d.manifest["records"] = 10; d.checkpoint["records"] = 10 }, []verify.Kind{verify.RecordsSum, verify.RecordsTotal}},
		"a part's count that is off":   {func(d *draft) { d.entry(0)["records"] = 4 }, []verify.Kind{verify.RecordsSum, verify.PartRecords}},
		"a part's size that is off":    {func(d *draft) { d.entry(0)["bytes"] = 1 }, []verify.Kind{verify.PartBytes}},
		"a part's hash that is off":    {func(d *draft) { d.entry(0)["sha256"] = sum(nil) }, []verify.Kind{verify.PartSHA256}},
		"a part's hash in capitals":    {func(d *draft) { d.entry(0)["sha256"] = strings.ToUpper(sum(d.parts[0].body)) }, []verify.Kind{verify.PartSHA256}},
		"a fraction of a record":       {func(d *draft) { d.entry(0)["records"] = 3.5 }, []verify.Kind{verify.ManifestField, verify.RecordsSum, verify.PartRecords}},
		"parts that are null":          {func(d *draft) { d.manifest["parts"] = nil }, field},
		"no parts":                     {func(d *draft) { delete(d.manifest, "parts") }, field},
		"a part that is a key":         {func(d *draft) { d.manifest["parts"] = []string{d.parts[0].key} }, []verify.Kind{verify.ManifestUnreadable}},
		"no manifest":                  {func(d *draft) { d.manifest = nil }, []verify.Kind{verify.ManifestMissing}},
		"a manifest that is an array":  {func(d *draft) { d.manifest = nil; d.others[manifest] = "[]" }, []verify.Kind{verify.ManifestUnreadable}},
		"a manifest that is cut":       {func(d *draft) { spell(d, func(s string) string { return s[:len(s)-1] }) }, []verify.Kind{verify.ManifestUnreadable}},
		"something after the manifest": {func(d *draft) { spell(d, func(s string) string { return s + "{}" }) }, []verify.Kind{verify.ManifestUnreadable}},
		"a field that stands there twice": {
			func(d *draft) { spell(d, func(s string) string { return `{"pages":5,` + s[1:] }) }, field,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			d := newDraft()
			c.spoil(d)

			got := check(t, d)
			if diff := cmp.Diff(c.want, kinds(got)); diff != "" {
				t.Errorf("kinds (-want +got):\n%s\n%s", diff, text(t, got))
			}
		})
	}
}

// spell stores the manifest as text of the test's own.
func spell(d *draft, change func(string) string) {
	d.others[manifest] = change(string(marshal(d.manifest)))
	d.manifest = nil
}

func TestAPartsKeyIsAsTheContractSays(t *testing.T) {
	t.Parallel()

	for _, key := range []string{
		folder + "part-2-a.jsonl.gz",
		folder + "part-0000002-a.jsonl.gz",
		folder + "part-+00002-a.jsonl.gz",
		folder + "part-000002.jsonl.gz",
		folder + "part-000002-.jsonl.gz",
		folder + "part-000002-a.json.gz",
		folder + "part-000002-a.jsonl",
		folder + "part-000002-a/b.jsonl.gz",
		folder + "Part-000002-a.jsonl.gz",
		"exports/users/export_id=night-2/part-000002-a.jsonl.gz",
		"users/export_id=night-1/part-000002-a.jsonl.gz",
	} {
		d := newDraft()
		d.parts[1].key = key
		d.seal()

		got := check(t, d)
		if diff := cmp.Diff([]verify.Kind{verify.PartName}, kinds(got)); diff != "" {
			t.Errorf("%s: kinds (-want +got):\n%s", key, diff)
		}
	}
}

func TestAKeyThatNoObjectCanHaveIsAProblemAndNoError(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		key  string
		want []verify.Kind
	}{
		"empty":    {"", []verify.Kind{verify.ManifestField, verify.PartName}},
		"too long": {folder + "part-000002-" + strings.Repeat("a", 1024) + ".jsonl.gz", nil},
	} {
		d := newDraft()
		d.entry(1)["key"] = c.key

		want := slices.Concat(c.want, []verify.Kind{verify.RecordsTotal, verify.SourceMissing, verify.Stray})
		if diff := cmp.Diff(want, kinds(check(t, d))); diff != "" {
			t.Errorf("%s: kinds (-want +got):\n%s", name, diff)
		}
	}
}
