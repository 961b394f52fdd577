package export

import (
	"encoding/json"
	"time"

	"genesys-cloud-export/shared/failure"
)

func checkpointName(listing, id string) string { return listing + "/" + id + "/checkpoint.json" }
func manifestName(listing, id string) string   { return listing + "/" + id + "/manifest.json" }
func latestName(listing string) string         { return listing + "/latest.json" }
func watermarkName(listing string) string      { return listing + "/watermark.json" }

// Manifest says what a complete export consists of, and is all that readers go by. It follows from the checkpoint alone.
type Manifest struct {
	SchemaVersion int            `json:"schema_version"`
	ExportID      string         `json:"export_id"`
	Listing       string         `json:"listing"`
	Environment   string         `json:"environment"`
	Query         Query          `json:"query"`
	Records       int64          `json:"records"`
	Pages         int64          `json:"pages"`
	Parts         []ManifestPart `json:"parts"`
	StartedAt     time.Time      `json:"started_at"`
	CompletedAt   time.Time      `json:"completed_at"`
	Generator     string         `json:"generator"`
	Drift         *Drift         `json:"drift,omitempty"`
	// ReplacedSurrogates counts the unpaired surrogate escapes that were written as \ufffd; left out where there are none.
	ReplacedSurrogates int64 `json:"replaced_surrogates,omitzero"`
}

// Drift is in a manifest where the listing's total moved, or is not what was read: entities may be there twice or not at all.
type Drift struct {
	TotalFirst int64 `json:"total_first"`
	TotalLast  int64 `json:"total_last"`
	Records    int64 `json:"records"`
}

// drift is what a finished export tells of its listing's total; nil: nothing.
func (p Position) drift() *Drift {
	if p.Totals == nil || p.Totals.First == p.Totals.Last && p.Totals.Last == p.Records {
		return nil
	}

	return &Drift{p.Totals.First, p.Totals.Last, p.Records}
}

// ManifestPart is one part; Bytes and SHA256 are of the object as stored, compressed.
type ManifestPart struct {
	Key     string `json:"key"` // the full object key
	Records int64  `json:"records"`
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"`
}

// Latest names the newest complete export of a listing.
type Latest struct {
	SchemaVersion int       `json:"schema_version"`
	ExportID      string    `json:"export_id"`
	Manifest      string    `json:"manifest"`
	CompletedAt   time.Time `json:"completed_at"`
}

func (e *Engine) manifest(cp Checkpoint) ([]byte, error) {
	m := Manifest{
		SchemaVersion: SchemaVersion, ExportID: cp.ExportID, Listing: cp.Listing, Environment: cp.Environment, Query: cp.Query,
		Records: cp.Position.Records, Pages: cp.Position.Pages, Parts: make([]ManifestPart, 0, len(cp.Parts)),
		StartedAt: cp.StartedAt, CompletedAt: cp.CompletedAt, Generator: cp.Generator,
		Drift: cp.Position.drift(), ReplacedSurrogates: cp.Position.Replaced,
	}
	for _, part := range cp.Parts {
		key := e.Parts.Key(cp.Listing, cp.ExportID, part.Name)
		m.Parts = append(m.Parts, ManifestPart{Key: key, Records: part.Records, Bytes: part.Bytes, SHA256: part.SHA256})
	}

	return marshalDocument("manifest", m)
}

// marshalDocument renders a document that people read too: indented, with a newline at its end.
func marshalDocument(what string, document any) ([]byte, error) {
	body, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return nil, failure.Because(err, failure.CheckpointInvalid, "the %s has what cannot be written: begin a new export under another export_id", what)
	}

	return append(body, '\n'), nil
}
