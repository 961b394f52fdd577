package exporttest

import (
	"bytes"
	"context"
	"errors"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
)

// Parts is a store's parts as one process sees them. It implements [export.Parts].
type Parts struct {
	store   *Store
	process *Process
}

// Parts returns the store's parts for a process; nil is one that meets no faults.
func (s *Store) Parts(process *Process) *Parts { return &Parts{s, process} }

// Key implements [export.Parts].
func (p *Parts) Key(listing, id, name string) string { return PartsFolder(listing, id) + name }

// Location implements [export.Parts].
func (p *Parts) Location(listing, id string) string {
	return "s3://" + Bucket + "/" + PartsFolder(listing, id)
}

// List implements [export.Parts].
func (p *Parts) List(ctx context.Context, listing, id string) ([]export.StoredPart, error) {
	folder := PartsFolder(listing, id)

	var found []export.StoredPart
	err := p.process.call(ctx, p.store.request(OpList, folder, func() error {
		names, err := p.store.names(folder)
		for _, name := range names {
			found = append(found, export.StoredPart{Name: name, Bytes: int64(len(p.store.objects[folder+name].body))})
		}

		return err
	}))
	if err != nil {
		return nil, err
	}

	return found, nil
}

// Put implements [export.Parts]. A body that does not match its checksum is refused, as S3 refuses it.
func (p *Parts) Put(ctx context.Context, listing, id, name string, body, sha256 []byte) error {
	sent := bytes.Clone(body)

	err := p.process.call(ctx, p.store.request(OpPut, name, func() error {
		if err := checkSum(sent, sha256); err != nil {
			return err
		}

		p.store.write(p.Key(listing, id, name), sent)

		return nil
	}))
	if errors.Is(err, errChecksum) {
		return failure.Because(err, failure.StorageUnavailable, "%s was refused: its checksum is another", name)
	}

	return err
}

// Delete implements [export.Parts].
func (p *Parts) Delete(ctx context.Context, listing, id, name string) error {
	return p.process.call(ctx, p.store.request(OpDelete, name, func() error {
		p.store.remove(p.Key(listing, id, name))

		return nil
	}))
}
