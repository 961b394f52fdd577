package s3sim

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"syscall"
)

// Fill makes the store behave as if its disk had no room left, or some again; tests use it.
func (e *Endpoint) Fill(full bool) { e.store.filled.Store(full) }

// stage begins a draft.
func (s *store) stage() (draft, error) {
	d, err := s.shelf.stage()
	if err == nil && s.filled.Load() {
		d = fullDraft{d}
	}

	return d, err
}

// fullDraft takes nothing.
type fullDraft struct{ draft }

// Write fails as a write to a full disk does.
func (fullDraft) Write([]byte) (int, error) { return 0, noSpace() }

func noSpace() error { return &fs.PathError{Op: "write", Path: draftFolder, Err: syscall.ENOSPC} }

// diskFull is the refusal for an error that says that there is no room, of the disk or of its user; nil for any other. S3 has no
// such error: with this status no client tries it again, as nothing changes until somebody makes room.
func (e *Endpoint) diskFull(err error) error {
	if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EDQUOT) {
		return nil
	}

	told := fmt.Errorf("the disk is full below %s", e.folder)
	if e.onFull != nil {
		e.onFull(told)
	}

	return &refusal{http.StatusInsufficientStorage, "DiskFull", told.Error()}
}
