package export

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"genesys-cloud-export/shared/failure"
)

const ownerBytes = 8 // of randomness, to tell invocations apart

// state is the stored checkpoint, to the best of one invocation's knowledge, and that invocation's lease of the export.
type state struct {
	documents Documents
	logger    *slog.Logger
	id, name  string

	checkpoint Checkpoint
	tag        string
	sum        [sha256.Size]byte // of the document that the tag was given for

	owner    string // what this invocation is called in a lease, once it has tried to get one
	doubtful bool   // a write failed in a way that leaves open whether it happened
}

// load reads the checkpoint, which has to be there.
func (s *state) load(ctx context.Context) error {
	err := s.read(ctx)
	if errors.Is(err, ErrAbsent) {
		err = s.vanished()
	}

	return err
}

// read reads the checkpoint, or returns [ErrAbsent].
func (s *state) read(ctx context.Context) error {
	body, tag, err := s.documents.Read(ctx, s.name)
	if errors.Is(err, ErrAbsent) {
		return err
	}

	if err != nil {
		return storeFailed(err, "read the checkpoint")
	}

	cp, err := DecodeCheckpoint(body)
	if err != nil {
		return err
	}

	s.checkpoint, s.tag, s.sum, s.doubtful = cp, tag, sha256.Sum256(body), false

	return nil
}

// vanished is what it means that there is no checkpoint where one must be.
func (s *state) vanished() error {
	return failure.New(failure.CheckpointInvalid,
		"the checkpoint %s is gone while other objects of the export are there: restore it, or begin under another export_id",
		s.documents.URI(s.name))
}

// create begins the export with cp, leased. It reports false, with the checkpoint read, where another invocation was faster.
func (s *state) create(ctx context.Context, cp Checkpoint, deadline time.Time) (bool, error) {
	err := s.put(s.leased(cp, deadline), func(body []byte) (string, error) { return s.documents.Create(ctx, s.name, body) })

	if errors.Is(err, ErrConflict) {
		if err = s.read(ctx); errors.Is(err, ErrAbsent) {
			err = failure.New(failure.StorageUnavailable,
				"the store says that %s is there, and that it is not: grant s3:GetObject on it, or invoke again where it was deleted just now", s.documents.URI(s.name))
		}

		return false, err
	}

	if err != nil {
		s.release(ctx, time.Time{}, 0)
		return false, storeFailed(err, "create the checkpoint")
	}

	return true, nil
}

// put has write store next. After an error that is none of the two which say that nothing was written, it may be written.
func (s *state) put(next Checkpoint, write func(body []byte) (tag string, err error)) error {
	body, err := encodeCheckpoint(next)
	if err != nil {
		return err
	}

	tag, err := write(body)
	if err == nil {
		s.checkpoint, s.tag, s.sum = next, tag, sha256.Sum256(body)
	}

	s.doubtful = err != nil && !errors.Is(err, ErrConflict) && !errors.Is(err, ErrAbsent)

	return err
}

// acquire gets the lease of the export. It reports false, with what is stored now in s, where somebody else was faster.
func (s *state) acquire(ctx context.Context, deadline time.Time) (bool, error) {
	next := s.leased(s.checkpoint, deadline)
	next.NotBefore = time.Time{}

	acquired, err := s.replace(ctx, next)
	if err != nil {
		s.release(ctx, time.Time{}, 0)
	}

	return acquired, err
}

// leased is cp with a lease of this invocation, up to its own deadline. A lease is never renewed.
func (s *state) leased(cp Checkpoint, deadline time.Time) Checkpoint {
	owner := make([]byte, ownerBytes)
	_, _ = rand.Read(owner) // never fails, by its contract

	s.owner = hex.EncodeToString(owner)

	if latest := time.Now().Add(maxLease); deadline.After(latest) {
		deadline = latest // a longer one would count as expired
	}

	cp.Owner, cp.LeaseUntil = s.owner, deadline.UTC().Truncate(time.Millisecond)

	return cp
}

// replace commits next. It reports false, with what is stored now in s, where somebody else was faster.
func (s *state) replace(ctx context.Context, next Checkpoint) (bool, error) {
	next.Generation++

	err := s.put(next, func(body []byte) (string, error) { return s.documents.Replace(ctx, s.name, s.tag, body) })

	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, ErrConflict):
		return false, s.lost(ctx)
	case errors.Is(err, ErrAbsent):
		return false, s.vanished()
	default:
		return false, storeFailed(err, "write the checkpoint")
	}
}

// lost reads what another invocation wrote. Where that is what this one read, nobody wrote: busy would be said for ever.
func (s *state) lost(ctx context.Context) error {
	before := s.sum
	if err := s.load(ctx); err != nil {
		return err
	}

	if s.sum == before {
		return failure.New(failure.StorageUnavailable,
			"write the checkpoint %s: the store says that it was changed, and it is the one that was read: its ETag has to stay the same as long as the object does: use a store with stable ETags, or look at what stands between",
			s.documents.URI(s.name))
	}

	return nil
}

// release releases the lease after something failed, and writes a wait and a limit down. Where it cannot, the export is busy
// until the lease ends. A write whose outcome is not known is looked up first.
func (s *state) release(ctx context.Context, notBefore time.Time, limit int) {
	var err error

	if s.doubtful {
		if err = s.read(ctx); errors.Is(err, ErrAbsent) {
			s.checkpoint, err = Checkpoint{}, nil // it was never written
		}
	}

	if err == nil && s.checkpoint.Owner == s.owner && s.owner != "" {
		_, err = s.replace(ctx, s.checkpoint.released(notBefore, limit))
	}

	if err != nil {
		s.logger.WarnContext(ctx, "the lease could not be released: the export is busy until it ends",
			slog.String("export_id", s.id), slog.Any("error", err))
	}
}

// storeFailed says what was being done when a store failed. An answer that makes sense only elsewhere is a failure here.
func storeFailed(err error, doing string, args ...any) error {
	if failure.KindOf(err) == "" {
		err = failure.Because(err, failure.StorageUnavailable, "the store gave an answer that makes no sense here: invoke again")
	}

	return fmt.Errorf("%s: %w", fmt.Sprintf(doing, args...), err)
}
