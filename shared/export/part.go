package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"

	"genesys-cloud-export/shared/failure"

	"github.com/klauspost/compress/gzip"
)

// pendingPart is the part that is being filled. Its memory is bounded: by the size at which a part is closed, and one
// page more.
type pendingPart struct {
	compressed bytes.Buffer // what the compressor gave until now; it keeps at most 64 KB to itself
	gzip       *gzip.Writer
	records    int64
}

// newPendingPart returns a part that is to be closed at closedAt compressed bytes.
func newPendingPart(closedAt int) *pendingPart {
	p := &pendingPart{}
	// At once, and not by doubling, which would keep three times as much for a while. The last page usually fits into a sixteenth
	// more; a larger one makes room for itself.
	p.compressed.Grow(closedAt + closedAt/16)
	// The fastest level: entities repeat their keys, so it already takes most of what there is to take. Only a level that
	// does not exist is an error.
	p.gzip, _ = gzip.NewWriterLevel(&p.compressed, gzip.BestSpeed)

	return p
}

func (p *pendingPart) add(page *Page) error {
	if page.Records == 0 {
		return nil
	}

	if _, err := p.gzip.Write(page.Lines); err != nil {
		return failure.Because(err, failure.StorageUnavailable, "compress a page: invoke again")
	}

	p.records += int64(page.Records)

	return nil
}

// seal ends the part. Its body is valid until reset.
func (p *pendingPart) seal(name string) (part Part, body, sum []byte, err error) {
	if err := p.gzip.Close(); err != nil {
		return Part{}, nil, nil, failure.Because(err, failure.StorageUnavailable, "close part %s: invoke again", name)
	}

	body = p.compressed.Bytes()
	digest := sha256.Sum256(body)

	part = Part{Name: name, Records: p.records, Bytes: int64(len(body)), SHA256: hex.EncodeToString(digest[:])}

	return part, body, digest[:], nil
}

func (p *pendingPart) reset() {
	p.compressed.Reset()
	p.gzip.Reset(&p.compressed)
	p.records = 0
}
