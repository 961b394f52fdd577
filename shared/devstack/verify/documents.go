package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"time"
)

// manifest is the contract's; drift and replaced_surrogates may be left out.
type manifest struct {
	SchemaVersion int            `json:"schema_version"`
	ExportID      string         `json:"export_id"`
	Listing       string         `json:"listing"`
	Environment   string         `json:"environment"`
	Query         map[string]any `json:"query"`
	Records       int64          `json:"records"`
	Pages         int64          `json:"pages"`
	Parts         []part         `json:"parts"`
	StartedAt     time.Time      `json:"started_at"`
	CompletedAt   time.Time      `json:"completed_at"`
	Generator     string         `json:"generator"`
	Drift         *drift         `json:"drift,omitzero"`
	Replaced      int64          `json:"replaced_surrogates,omitzero"`
}

type part struct {
	Key     string `json:"key"`
	Records int64  `json:"records"`
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"`
}

// drift says that the listing's own total moved, or is not what was read.
type drift struct {
	TotalFirst int64 `json:"total_first"`
	TotalLast  int64 `json:"total_last"`
	Records    int64 `json:"records"`
}

// latest is the contract's.
type latest struct {
	SchemaVersion int       `json:"schema_version"`
	ExportID      string    `json:"export_id"`
	Manifest      string    `json:"manifest"`
	CompletedAt   time.Time `json:"completed_at"`
}

// checkpoint is what a checkpoint says as well as the manifest, which is made of it. The rest is its writer's own affair.
type checkpoint struct {
	manifest

	Position struct {
		Pages    int64 `json:"pages"`
		Records  int64 `json:"records"`
		Replaced int64 `json:"replaced_surrogates"`
		Done     bool  `json:"done"`
	} `json:"position"`
}

// read decodes the document at key to the letter: encoding/json alone lets names pass that are unknown, missing, or in other
// capitals. A name that is there twice makes the text longer.
func (c *check) read(key string, document any) error {
	text, err := c.load(key)
	if err != nil {
		return err
	}

	var (
		stored, read any
		compact      bytes.Buffer
	)

	err = errors.Join(json.Unmarshal(text, document), json.Unmarshal(text, &stored), json.Compact(&compact, text))
	if err == nil {
		again, _ := json.Marshal(document) // which was read, so that it can be written
		_ = json.Unmarshal(again, &read)

		if !reflect.DeepEqual(stored, read) || compact.Len() != len(again) {
			err = errors.New("it has a field that is unknown, missing, not of its type, or there twice")
		}
	}

	if err != nil {
		return failed("%q cannot be read: %v", key, err)
	}

	return nil
}

// readManifest reads the manifest, and checks what it says of itself.
func (c *check) readManifest() error {
	key := c.manifestKey(c.ExportID)
	if err := c.read(key, &c.manifest); err != nil {
		return err
	}

	m, records := c.manifest, int64(0)
	c.report.Pages, c.report.Parts = m.Pages, len(m.Parts)

	for _, p := range m.Parts {
		records += p.Records
	}

	for _, rule := range []struct {
		broken bool
		what   string
	}{
		{m.SchemaVersion != 1, "schema_version is not 1"},
		{m.ExportID != c.ExportID || m.Listing != c.Listing, "export_id or listing is another one"},
		{m.Environment == "" || m.Generator == "", "environment or generator is empty"},
		{m.Query == nil || m.Parts == nil, "query or parts is null"},
		{m.Records != records, "records are not those of the parts"},
		{m.Pages < int64(len(m.Parts)), "there are fewer pages than parts"},
		{m.CompletedAt.Before(m.StartedAt), "completed_at lies before started_at"},
		{m.Drift != nil && *m.Drift == drift{records, records, records}, "drift says that there is none"},
		{m.Drift != nil && m.Drift.Records != records, "drift has not the records that there are"},
	} {
		if rule.broken {
			return failed("%q: %s", key, rule.what)
		}
	}

	return nil
}

// checkLatest wants latest to name this export, or one that was completed no earlier and is there.
func (c *check) checkLatest() error {
	var (
		key    = c.stateFolder() + "latest.json"
		stored latest
		newest manifest
	)
	if err := c.read(key, &stored); err != nil {
		return err
	}

	named := c.manifestKey(stored.ExportID)
	if err := c.read(named, &newest); err != nil {
		return err
	}

	switch want := (latest{1, stored.ExportID, "s3://" + c.BucketName + "/" + named, newest.CompletedAt}); {
	case stored != want:
		return failed("%q contradicts the manifest of the export that it names", key)
	case newest.CompletedAt.Before(c.manifest.CompletedAt):
		return failed("%q names an export that was completed before this one", key)
	default:
		return nil
	}
}

// checkCheckpoint wants the checkpoint to say what the manifest says, and that the last page is behind.
func (c *check) checkCheckpoint() error {
	key := c.stateFolder() + c.ExportID + "/checkpoint.json"

	raw, err := c.load(key)
	if err != nil {
		return err
	}

	var stored checkpoint
	if err := json.Unmarshal(raw, &stored); err != nil {
		return failed("%q cannot be read: %v", key, err)
	}

	// What it has in another form, or not at all.
	got, want := stored.manifest, c.manifest
	got.SchemaVersion, got.Parts, got.Drift = want.SchemaVersion, want.Parts, want.Drift
	got.Pages, got.Records, got.Replaced = stored.Position.Pages, stored.Position.Records, stored.Position.Replaced

	if !stored.Position.Done || !reflect.DeepEqual(got, want) {
		return failed("%q contradicts the manifest, or is not that of a complete export", key)
	}

	return nil
}
