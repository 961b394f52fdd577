package exporttest

import (
	"bytes"
	"context"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
)

// Documents is a store's documents as one process sees them. It implements [export.Documents].
type Documents struct {
	store   *Store
	process *Process
}

// Documents returns the store's documents for a process; nil is one that meets no faults.
func (s *Store) Documents(process *Process) *Documents { return &Documents{s, process} }

// URI implements [export.Documents].
func (d *Documents) URI(name string) string { return "s3://" + Bucket + "/" + DocumentKey(name) }

// Names implements [export.Documents].
func (d *Documents) Names(ctx context.Context, listing, id string) ([]string, error) {
	folder := listing + "/" + id + "/"

	var found []string
	err := d.process.call(ctx, d.store.request(OpNames, folder, func() (err error) {
		found, err = d.store.names(DocumentKey(folder))
		return err
	}))
	if err != nil {
		return nil, err
	}

	for i, name := range found {
		found[i] = folder + name
	}

	return found, nil
}

// Read implements [export.Documents].
func (d *Documents) Read(ctx context.Context, name string) (body []byte, tag string, err error) {
	var found object
	err = d.process.call(ctx, d.store.request(OpRead, name, func() error {
		stored, there := d.store.objects[DocumentKey(name)]
		if !there {
			return export.ErrAbsent
		}

		found = stored
		if d.store.shaky {
			found.tag = d.store.newTag()
		}

		return nil
	}))
	if err != nil {
		return nil, "", err
	}

	return bytes.Clone(found.body), found.tag, nil
}

// Create implements [export.Documents].
func (d *Documents) Create(ctx context.Context, name string, body []byte) (string, error) {
	return d.write(ctx, OpCreate, name, body, func(_ object, there bool) error {
		if there {
			return export.ErrConflict
		}

		return nil
	})
}

// Replace implements [export.Documents].
func (d *Documents) Replace(ctx context.Context, name, tag string, body []byte) (string, error) {
	return d.write(ctx, OpReplace, name, body, func(stored object, there bool) error {
		switch {
		case !there && d.store.denied:
			return failure.New(failure.StorageUnavailable, "access was denied")
		case !there:
			return export.ErrAbsent
		case stored.tag != tag || d.store.shaky:
			return export.ErrConflict
		default:
			return nil
		}
	})
}

// write writes on a condition. The body is copied at once: what is done later writes what was asked for now.
func (d *Documents) write(
	ctx context.Context, op, name string, body []byte, condition func(stored object, there bool) error,
) (string, error) {
	key, sent := DocumentKey(name), bytes.Clone(body)

	var tag string
	r := d.store.request(op, name, func() error {
		stored, there := d.store.objects[key]
		if err := condition(stored, there); err != nil {
			return err
		}

		tag = d.store.write(key, sent)

		return nil
	})
	r.own = func() bool {
		d.store.mu.Lock()
		defer d.store.mu.Unlock()

		stored := d.store.objects[key]
		tag = stored.tag

		return bytes.Equal(stored.body, sent)
	}

	if err := d.process.call(ctx, r); err != nil {
		return "", err
	}

	return tag, nil
}
