package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"genesys-cloud-export/shared/charset"
	"genesys-cloud-export/shared/failure"
)

// SchemaVersion is the version of the checkpoint, manifest and latest documents that this code writes and reads.
const SchemaVersion = 1

// Checkpoint is the state of one export. Whoever replaces it by compare-and-swap has committed what it says. A field that is
// added later is left out where it is zero, so that the checksums of older checkpoints still match.
type Checkpoint struct {
	SchemaVersion int    `json:"schema_version"`
	ExportID      string `json:"export_id"`
	Listing       string `json:"listing"`
	Environment   string `json:"environment"`
	Generator     string `json:"generator"`
	Query         Query  `json:"query"`

	Generation int64     `json:"generation"` // counts the writes of this document
	Owner      string    `json:"owner"`      // who works on the export; "" is nobody
	LeaseUntil time.Time `json:"lease_until,omitzero"`

	StartedAt   time.Time `json:"started_at"`
	CompletedAt time.Time `json:"completed_at,omitzero"`

	Position Position `json:"position"`
	Parts    []Part   `json:"parts"`

	NotBefore time.Time `json:"not_before,omitzero"`       // no request is to be sent until then
	Stalled   int       `json:"stalled"`                   // continues in a row without a committed page
	Pending   bool      `json:"pending,omitzero"`          // they wait for a job, and not for a rate limit
	Job       Job       `json:"job,omitzero"`              // of the window that is being read, where jobs prepare it
	Limit     int       `json:"limit_per_minute,omitzero"` // the lowest rate limit that the API gave; 0: none yet

	Checksum string `json:"checksum"` // SHA-256 of this document with an empty checksum
}

// Part is one object of the export's data.
type Part struct {
	Name    string `json:"name"` // without the folder
	Records int64  `json:"records"`
	Bytes   int64  `json:"bytes"` // of the object as stored, compressed
	SHA256  string `json:"sha256"`
}

func encodeCheckpoint(cp Checkpoint) (body []byte, err error) {
	if cp.Checksum, err = cp.sum(); err != nil {
		return nil, err
	}

	return cp.marshal()
}

// sum is the checksum of cp.
func (cp Checkpoint) sum() (string, error) {
	cp.Checksum = ""

	unsealed, err := cp.marshal()
	if err != nil {
		return "", err
	}

	sum := sha256.Sum256(unsealed)

	return hex.EncodeToString(sum[:]), nil
}

func (cp Checkpoint) marshal() ([]byte, error) {
	body, err := json.Marshal(cp)
	if err != nil {
		return nil, failure.Because(err, failure.CheckpointInvalid,
			"the checkpoint has what cannot be written: begin a new export under another export_id")
	}

	return body, nil
}

// DecodeCheckpoint reads a checkpoint. The failure is CheckpointInvalid and says what is wrong with it. A newer schema and an
// unknown field were written by newer code: the document is to be left as it is.
func DecodeCheckpoint(body []byte) (Checkpoint, error) {
	var cp Checkpoint

	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()

	err := strict.Decode(&cp)
	if _, more := strict.Token(); err != nil || !errors.Is(more, io.EOF) || cp.SchemaVersion != SchemaVersion {
		return Checkpoint{}, illegible(body)
	}

	if sum, err := cp.sum(); err != nil || sum != cp.Checksum {
		return Checkpoint{}, damaged("was edited: its checksum does not match")
	}

	return cp, nil
}

// illegible says why body is no checkpoint that this code reads.
func illegible(body []byte) error {
	newer := func(what string) error {
		return failure.New(failure.CheckpointInvalid,
			"the checkpoint %s, so it was written by newer code: deploy the newer version; the checkpoint was left as it is", what)
	}

	var schema struct {
		SchemaVersion int `json:"schema_version"`
	}

	switch err := json.Unmarshal(body, &schema); {
	case err == nil && schema.SchemaVersion > SchemaVersion:
		return newer(fmt.Sprintf("has schema version %d, and this code knows %d", schema.SchemaVersion, SchemaVersion))
	case err == nil && schema.SchemaVersion == SchemaVersion && json.Unmarshal(body, new(Checkpoint)) == nil:
		return newer("has a field that this code does not know") // which is all that is wrong with it
	default:
		return damaged("is no checkpoint document")
	}
}

func damaged(what string) error {
	return failure.New(failure.CheckpointInvalid,
		"the checkpoint %s: restore the object's last good version, or begin a new export under another export_id", what)
}

// released is cp without a lease, with the wait and the rate limit that bind the next invocation; a limit of 0 changes none.
func (cp Checkpoint) released(notBefore time.Time, limit int) Checkpoint {
	cp.Owner, cp.LeaseUntil, cp.NotBefore, cp.Pending = "", time.Time{}, notEarlier(notBefore), false
	if limit > 0 {
		cp.Limit = limit
	}

	return cp
}

// partName carries the part's number, so that names sort in order, and its writer, so that nobody overwrites another's.
func partName(number int, owner string) string {
	return fmt.Sprintf("part-%06d-%s.jsonl.gz", number, owner)
}

// partNumber is the number in a part's name, and 0 for any other name.
func partNumber(name string) int {
	digits, rest, _ := strings.Cut(strings.TrimPrefix(name, "part-"), "-")
	owner := strings.TrimSuffix(rest, ".jsonl.gz")

	number, err := strconv.Atoi(digits)
	if err != nil || len(digits) < 6 || !charset.Only(digits, charset.Digits) || !charset.Only(owner, charset.Lower+charset.Digits) ||
		name != "part-"+digits+"-"+owner+".jsonl.gz" {
		return 0
	}

	return number
}

// names reports whether the part is one of cp's.
func (cp Checkpoint) names(part string) bool {
	return slices.ContainsFunc(cp.Parts, func(named Part) bool { return named.Name == part })
}

// missing is the failure that stored lacks a part of cp, or has it in another size; nil: all are there.
func (cp Checkpoint) missing(stored []StoredPart) error {
	there := make(map[StoredPart]bool, len(stored))
	for _, part := range stored {
		there[part] = true
	}

	for _, part := range cp.Parts {
		if !there[StoredPart{Name: part.Name, Bytes: part.Bytes}] {
			return failure.New(failure.CheckpointInvalid,
				"%s, which the checkpoint names, is gone from the store or has another size: restore it, or begin a new export under another export_id", part.Name)
		}
	}

	return nil
}
