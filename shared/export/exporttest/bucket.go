package exporttest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"strings"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
)

// bucket is a store as one process sees it. It implements [export.Documents] and [export.Parts].
type bucket struct {
	*Store

	process *Process
}

// call does something under the store's lock, as the process' faults let it.
func (b bucket) call(ctx context.Context, op, name string, do func() error) error {
	now := func() error { return locked(&b.mu, do) }
	later := func() {
		b.mu.Lock()
		defer b.mu.Unlock()

		b.late = append(b.late, now)
	}

	return b.process.call(ctx, Call{op, name}, now, later)
}

func (b bucket) Names(ctx context.Context, listing, id string) (names []string, err error) {
	found, err := b.list(ctx, OpNames, listing+"/"+id, DocumentKey(listing+"/"+id+"/"), root)
	for _, document := range found {
		names = append(names, document.Name)
	}

	return names, err
}

func (b bucket) List(ctx context.Context, listing, id string) ([]export.StoredPart, error) {
	folder := PartsFolder(listing, id)
	return b.list(ctx, OpList, folder, folder, folder)
}

// list returns what lies in folder, named without above.
func (b bucket) list(ctx context.Context, op, name, folder, above string) (found []export.StoredPart, err error) {
	err = b.call(ctx, op, name, func() error {
		if b.ListDenied {
			return export.ErrListDenied
		}

		found = nil
		for _, key := range b.keys(folder) {
			found = append(found, export.StoredPart{Name: strings.TrimPrefix(key, above), Bytes: int64(b.objects[key].size)})
		}

		return nil
	})

	return found, err
}

func (b bucket) Read(ctx context.Context, name string) (body []byte, tag string, err error) {
	err = b.call(ctx, OpRead, name, func() error {
		found, there := b.objects[DocumentKey(name)]
		if !there {
			return export.ErrAbsent
		}

		body, tag = bytes.Clone(found.body), found.tag

		return nil
	})

	return body, tag, err
}

func (b bucket) Create(ctx context.Context, name string, body []byte) (string, error) {
	return b.write(ctx, OpCreate, name, "", body)
}

func (b bucket) Replace(ctx context.Context, name, tag string, body []byte) (string, error) {
	return b.write(ctx, OpReplace, name, tag, body)
}

// write replaces the document that has this tag; "": there must be none. What is done later writes what was asked for now. A
// write that is sent again is a success where what is stored is what it sent.
func (b bucket) write(ctx context.Context, op, name, tag string, body []byte) (written string, err error) {
	key, sent, tries := DocumentKey(name), bytes.Clone(body), 0

	err = b.call(ctx, op, name, func() error {
		stored := b.objects[key]
		tries++

		err := b.refusal(stored, tag)
		if tries > 1 && errors.Is(err, export.ErrConflict) && bytes.Equal(stored.body, sent) {
			written = stored.tag
			return nil
		}

		if err == nil {
			written = b.put(key, sent)
		}

		return err
	})

	return written, err
}

// refusal is why a document that has this tag is not written over what is stored.
func (b bucket) refusal(stored object, tag string) error {
	switch {
	case stored.tag == tag:
		return nil
	case stored.tag != "":
		return export.ErrConflict
	case b.ListDenied:
		return failure.New(failure.StorageUnavailable, "access was denied")
	default:
		return export.ErrAbsent
	}
}

func (b bucket) URI(name string) string { return "s3://" + Bucket + "/" + DocumentKey(name) }

// Put refuses a body that does not match its checksum, as S3 does.
func (b bucket) Put(ctx context.Context, listing, id, name string, body, sum []byte) error {
	sent := bytes.Clone(body)

	return b.call(ctx, OpPut, name, func() error {
		if computed := sha256.Sum256(sent); !bytes.Equal(computed[:], sum) {
			return failure.New(failure.StorageUnavailable, "%s was refused: its checksum is another", name)
		}

		b.put(b.Key(listing, id, name), sent)

		return nil
	})
}

func (b bucket) Delete(ctx context.Context, listing, id, name string) error {
	return b.call(ctx, OpDelete, name, func() error {
		b.remove(b.Key(listing, id, name))
		return nil
	})
}

func (b bucket) Key(listing, id, name string) string { return PartsFolder(listing, id) + name }

func (b bucket) Location(listing, id string) string {
	return "s3://" + Bucket + "/" + PartsFolder(listing, id)
}
