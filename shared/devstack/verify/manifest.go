package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// readManifest reads the manifest to the letter; false where nothing can be checked by it.
func (i *inspection) readManifest(ctx context.Context) (manifest, bool, error) {
	key := i.layout.manifest()

	raw, found, err := i.store.document(ctx, key)
	if err != nil {
		return manifest{}, false, err
	}

	if !found {
		i.report.add(Problem{Kind: ManifestMissing, Where: key, What: "there is no manifest: the export is not complete, or of another id"})

		return manifest{}, false, nil
	}

	d, ok := strict(i.report, ManifestField, key, "", raw,
		"schema_version", "export_id", "listing", "environment", "query", "records", "pages", "parts",
		"started_at", "completed_at", "generator")
	if !ok {
		i.report.add(Problem{Kind: ManifestUnreadable, Where: key, What: "is not one JSON object"})

		return manifest{}, false, nil
	}

	takeSchema(d)
	i.checkIdentity(d, "export_id", i.layout.exportID)
	i.checkIdentity(d, "listing", i.layout.listing)
	i.checkQuery(d)
	takeText(d, "generator")

	m := manifest{environment: takeText(d, "environment")}
	m.startedAt, m.completedAt = takeTimes(d)

	usable := i.takeParts(d, &m)
	if usable {
		i.checkSums(d, &m)
	}

	return m, usable, nil
}

func (i *inspection) checkIdentity(d document, name, want string) {
	if got, ok := take[string](d, name); ok && got != want {
		i.report.add(Problem{Kind: ManifestIdentity, Where: d.where, What: fmt.Sprintf("field %s is %.100q, not %q", name, got, want)})
	}
}

// checkQuery wants to know which users were asked for: the API's default leaves out inactive and deleted ones. Other
// listings have no state.
func (i *inspection) checkQuery(d document) {
	query, ok := take[map[string]json.RawMessage](d, "query")
	if !ok || i.layout.listing != "users" {
		return
	}

	var state string
	if json.Unmarshal(query["state"], &state) != nil || state == "" {
		d.complain("query", "does not say which state was asked for")
	}
}

func takeTimes(d document) (started, completed time.Time) {
	started, begun := take[time.Time](d, "started_at")
	completed, ended := take[time.Time](d, "completed_at")

	if begun && ended && completed.Before(started) {
		d.complain("completed_at", "lies before started_at")
	}

	return started, completed
}

// takeParts reads the list of parts; false where it is none.
func (i *inspection) takeParts(d document, m *manifest) bool {
	if _, there := d.fields["parts"]; !there {
		return false
	}

	list, ok := take[[]json.RawMessage](d, "parts")
	if !ok {
		return false
	}

	for n, raw := range list {
		entry, ok := strict(i.report, ManifestField, d.where, fmt.Sprintf("parts[%d].", n), raw, "key", "records", "bytes", "sha256")
		if !ok {
			i.report.add(Problem{Kind: ManifestUnreadable, Where: d.where, What: fmt.Sprintf("parts[%d] is no JSON object", n)})

			return false
		}

		p := part{key: takeText(entry, "key"), sha256: takeText(entry, "sha256")}
		p.records, _ = takeCount(entry, "records", 1)
		p.bytes, _ = takeCount(entry, "bytes", 1)
		m.parts = append(m.parts, p)

		i.checkPartName(p.key, n+1)
	}

	return true
}

func (i *inspection) checkPartName(key string, place int) {
	number, ok := i.layout.partNumber(key)

	switch {
	case !ok:
		i.report.add(Problem{Kind: PartName, Where: key, What: "the name is not " + i.layout.parts() + "part-NNNNNN-….jsonl.gz"})
	case number != place:
		i.report.add(Problem{
			Kind: PartOrder, Where: key, What: "the number in the name is not the part's place in the manifest",
			Want: int64(place), Got: int64(number),
		})
	}
}

func (i *inspection) checkSums(d document, m *manifest) {
	var sum int64
	for _, p := range m.parts {
		sum += p.records
	}

	records, ok := takeCount(d, "records", 0)
	if ok && records != sum {
		i.report.add(Problem{
			Kind: RecordsSum, Where: d.where, What: "the records of the parts do not add up to the total",
			Want: records, Got: sum,
		})
	}

	pages, ok := take[int64](d, "pages")
	if least := max(1, int64(len(m.parts))); ok && pages < least {
		i.report.add(Problem{
			Kind: Pages, Where: d.where, What: "there are fewer pages than one, or than one a part",
			Want: least, Got: pages,
		})
	}

	m.records, m.pages = records, pages
	i.report.Pages = pages
}
