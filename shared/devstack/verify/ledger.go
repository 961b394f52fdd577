package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
)

// ledger sees every line of an export once, in order: it counts them, finds doubles, and hands them on to the
// comparison with the source.
type ledger struct {
	records int64
	seen    map[entityKey]digest
	same    tally // repeated byte for byte
	sameID  tally // another entity's id
	compact bytes.Buffer
	against *comparison // nil: there is nothing to compare with
}

// entityKey is what makes an entity that entity: a hash of its id, or of its bytes where it has none.
type entityKey [16]byte

// digest is a hash of an entity's bytes. Eight bytes are enough, as it is only compared under one key.
type digest [8]byte

// fingerprint is what is remembered of an entity.
type fingerprint struct {
	key    entityKey
	digest digest
}

func newLedger() *ledger { return &ledger{seen: make(map[entityKey]digest)} }

// skip counts a line that was not looked into.
func (l *ledger) skip() { l.records++ }

// enter takes a line; false where it is not one JSON object. The error is that of the source's own list.
func (l *ledger) enter(text []byte) (bool, error) {
	l.records++

	if !compactObject(&l.compact, text) {
		return false, nil
	}

	entity := l.compact.Bytes()
	mark := fingerprintOf(entity)

	switch before, known := l.seen[mark.key]; {
	case !known:
		l.seen[mark.key] = mark.digest
	case before == mark.digest:
		l.same.add(l.records)
	default:
		l.sameID.add(l.records)
	}

	return true, l.against.enter(l.records, entity, mark)
}

// settle reports the doubles.
func (l *ledger) settle(report *Report) {
	report.addTally(EntityTwice, "export", "records that stand there a second time", l.same)
	report.addTally(IDTwice, "export", "records with the id of an earlier, different one", l.sameID)
}

// compactObject writes text without white space outside strings into to; false where text is not one JSON object.
func compactObject(to *bytes.Buffer, text []byte) bool {
	to.Reset()

	return json.Compact(to, text) == nil && to.Bytes()[0] == '{'
}

// fingerprintOf takes an entity that compactObject has passed.
func fingerprintOf(entity []byte) fingerprint {
	sum := sha256.Sum256(entity)

	// A key made of an id begins differently from any entity, so that neither poses as the other.
	if id := idOf(entity); id != nil {
		named := sha256.Sum256(append([]byte("id "), id...))

		return fingerprint{key: entityKey(named[:16]), digest: digest(sum[:8])}
	}

	return fingerprint{key: entityKey(sum[:16]), digest: digest(sum[:8])}
}

// idOf finds the entity's own id and reads no further; nil where there is none. A string's escapes are resolved, as
// two spellings are one id.
func idOf(entity []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(entity))

	for name := range members(decoder) {
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return nil
		}

		if name == "id" {
			return plainID(value)
		}
	}

	return nil
}

func plainID(value json.RawMessage) []byte {
	if string(value) == "null" {
		return nil
	}

	var text string
	if json.Unmarshal(value, &text) == nil {
		return []byte(text)
	}

	return value
}
