package s3sim

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"syscall"
)

// Fill makes the store behave as if its disk had no room left, or some again; tests use it.
func (e *Endpoint) Fill(full bool) { e.full.Store(full) }

func (e *Endpoint) write(name string, content []byte) error {
	if e.full.Load() {
		return &fs.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
	}

	return e.files.write(name, content)
}

// isFull reports whether the disk, or its user, has no room.
func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// diskFull reports a full disk. S3 has no such error: with this status no client tries it again, as nothing changes until
// somebody makes room.
func (e *Endpoint) diskFull() *refusal {
	told := fmt.Errorf("the disk is full below %s", e.config.Folder)
	if e.config.OnFull != nil {
		e.config.OnFull(told)
	}

	return &refusal{http.StatusInsufficientStorage, "DiskFull", told.Error()}
}
