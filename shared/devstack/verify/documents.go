package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"time"
)

// manifest is the contract's; drift and replaced_surrogates may be left out.
type manifest struct {
	SchemaVersion int                        `json:"schema_version"`
	ExportID      string                     `json:"export_id"`
	Listing       string                     `json:"listing"`
	Environment   string                     `json:"environment"`
	Query         map[string]json.RawMessage `json:"query"`
	Records       int64                      `json:"records"`
	Pages         int64                      `json:"pages"`
	Parts         []part                     `json:"parts"`
	StartedAt     time.Time                  `json:"started_at"`
	CompletedAt   time.Time                  `json:"completed_at"`
	Generator     string                     `json:"generator"`
	Drift         *drift                     `json:"drift,omitzero"`
	Replaced      int64                      `json:"replaced_surrogates,omitzero"`
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

// read decodes the document at key to the letter; false, with a problem, where that is not possible.
func (c *check) read(ctx context.Context, key string, document any) (bool, error) {
	raw, err := c.load(ctx, key)
	if err != nil || raw == nil {
		return false, err
	}

	if err = json.Unmarshal(raw, document); err == nil && !same(raw, document) {
		err = errors.New("it has a field that is unknown, missing, not of its type, or there twice")
	}

	if err != nil {
		c.problem("%q cannot be read: %v", key, err)
	}

	return err == nil, nil
}

// same reports whether a JSON text says what document says, whatever the order of names. encoding/json alone lets names pass
// that are unknown, missing, or in other capitals. A name that is there twice makes the text longer.
func same(text []byte, document any) bool {
	var (
		left, right any
		l, r        bytes.Buffer
	)

	said, _ := json.Marshal(document) // a failure says nothing, and nothing is the same as that

	return json.Unmarshal(text, &left) == nil && json.Unmarshal(said, &right) == nil && reflect.DeepEqual(left, right) &&
		json.Compact(&l, text) == nil && json.Compact(&r, said) == nil && l.Len() == r.Len()
}

// judgeManifest checks what the manifest says of itself.
func (c *check) judgeManifest() {
	m := c.manifest
	c.report.Pages, c.report.Parts = m.Pages, len(m.Parts)

	var records int64
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
			c.problem("%q: %s", c.manifestKey(c.ExportID), rule.what)
		}
	}
}

// checkLatest wants latest to name this export, or one that was completed no earlier and is there.
func (c *check) checkLatest(ctx context.Context) error {
	var (
		key    = c.stateFolder() + "latest.json"
		stored latest
		newest = c.manifest
	)

	readable, err := c.read(ctx, key, &stored)
	if err == nil && readable && stored.ExportID != c.ExportID {
		newest = manifest{}
		readable, err = c.read(ctx, c.manifestKey(stored.ExportID), &newest)
	}

	if err != nil || !readable {
		return err
	}

	said, _ := json.Marshal(stored) // which was read, so that it can be written
	if !same(said, latest{1, stored.ExportID, "s3://" + c.Bucket + "/" + c.manifestKey(stored.ExportID), newest.CompletedAt}) {
		c.problem("%q contradicts the manifest of the export that it names", key)
	}

	if newest.CompletedAt.Before(c.manifest.CompletedAt) {
		c.problem("%q names an export that was completed before this one", key)
	}

	return nil
}

// checkCheckpoint wants the checkpoint to say what the manifest says, and that the last page is behind.
func (c *check) checkCheckpoint(ctx context.Context) error {
	key := c.stateFolder() + c.ExportID + "/checkpoint.json"

	raw, err := c.load(ctx, key)
	if err != nil || raw == nil {
		return err
	}

	var stored checkpoint
	if err := json.Unmarshal(raw, &stored); err != nil {
		c.problem("%q cannot be read: %v", key, err)
		return nil
	}

	// What it has in another form, or not at all.
	got := stored.manifest
	got.SchemaVersion, got.Parts, got.Drift = c.manifest.SchemaVersion, c.manifest.Parts, c.manifest.Drift
	got.Pages, got.Records, got.Replaced = stored.Position.Pages, stored.Position.Records, stored.Position.Replaced

	said, _ := json.Marshal(c.manifest) // which was read, so that it can be written
	if !stored.Position.Done || !same(said, got) {
		c.problem("%q contradicts the manifest, or is not that of a complete export", key)
	}

	return nil
}
