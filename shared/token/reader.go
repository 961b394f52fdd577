package token

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// ErrRotatorBusy says: somebody else has the rotator at work; what it stores will serve this caller too.
var ErrRotatorBusy = errors.New("the rotator is busy")

// Asker asks the rotator for a fresh token and waits until it has answered.
type Asker interface {
	// Ask rotates; rejectedVersion is 0 or the stored version that the API rejected. [ErrRotatorBusy] where the rotator's
	// concurrency is taken; any other error says how the rotator failed.
	Ask(ctx context.Context, rejectedVersion int64) error
}

// StoreReader is the read side of [Store].
type StoreReader interface {
	Read(ctx context.Context) (Stored, error)
}

const (
	// busyBase and busyCap bound the waits for a rotator that is at work. A rotation takes about a second.
	busyBase = 500 * time.Millisecond
	busyCap  = 4 * time.Second
	// busyAttempts is how often a busy rotator is asked before the reader gives up: after some 18 s, which outlasts a
	// rotation that the token endpoint has told to wait. With full jitter, eight of them may be over within 3 s.
	busyAttempts = 12
)

// Reader hands out the stored token, from memory while it is good. It may be called by many at once.
type Reader struct {
	Store StoreReader
	// Rotator is whom to ask for a fresh token; nil: nobody, then a missing or stale token is an error.
	Rotator Asker

	mu       sync.Mutex
	held     Stored
	rejected Stored // what the API rejected last
}

// Token returns a token that may be used now. It is never one that is known to be rejected or expired.
//
// Errors: StorageUnavailable as the store has it; TokenUnavailable where nothing usable is stored and the rotator could
// not help, naming its failure. Waiting for a busy rotator ends with ctx.
func (r *Reader) Token(ctx context.Context) (Stored, error) {
	r.mu.Lock()
	defer r.mu.Unlock()

	if r.accepts(r.held) {
		return r.held, nil
	}

	backoff := retry.Policy{Base: busyBase, Cap: busyCap}
	for attempt := 1; ; attempt++ {
		stored, unusable, err := r.read(ctx)
		if err != nil {
			return Stored{}, err
		}

		if unusable == "" {
			r.held = stored
			return stored, nil
		}

		err = r.ask(ctx, stored, unusable)
		if err == nil {
			return r.afterRotation(ctx)
		}

		if !errors.Is(err, ErrRotatorBusy) {
			return Stored{}, err
		}

		if attempt == busyAttempts {
			return Stored{}, failure.Because(err, failure.TokenUnavailable,
				"read the access token: %s, and the rotator was busy each of the %d times it was asked: look at the rotator's log", unusable, attempt)
		}

		if err := retry.Sleep(ctx, backoff.Backoff(attempt)); err != nil {
			return Stored{}, failure.Because(err, failure.TokenUnavailable,
				"read the access token: %s, and the time ended while the rotator was busy", unusable)
		}
	}
}

// Reject reports that the API refused t, so that it is not handed out again.
func (r *Reader) Reject(t Stored) {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.rejected = t
}

func (r *Reader) accepts(s Stored) bool {
	return s.Version != 0 && !s.Is(r.rejected) && s.Usable(time.Now())
}

// read returns what is stored, and in words why it may not be used ("" where it may).
func (r *Reader) read(ctx context.Context) (stored Stored, unusable string, err error) {
	stored, err = r.Store.Read(ctx)

	switch {
	case errors.Is(err, ErrNotStored), errors.Is(err, ErrUnreadable):
		return stored, err.Error(), nil
	case errors.Is(err, ErrNewerSchema):
		return stored, "", failure.Because(err, failure.TokenUnavailable,
			"read the access token: %v: deploy the newer version of this function", err)
	case err != nil:
		return stored, "", fmt.Errorf("read the access token: %w", err)
	case stored.Is(r.rejected):
		return stored, "the API rejected the stored token", nil
	case !stored.Usable(time.Now()):
		return stored, "the stored token has expired or is about to", nil
	default:
		return stored, "", nil
	}
}

func (r *Reader) ask(ctx context.Context, stored Stored, unusable string) error {
	if r.Rotator == nil {
		return failure.New(failure.TokenUnavailable,
			"read the access token: %s, and there is no rotator to ask: set ROTATOR_FUNCTION_NAME, or run the rotator and try again", unusable)
	}

	var rejected int64
	if stored.Is(r.rejected) {
		rejected = stored.Version
	}

	err := r.Rotator.Ask(ctx, rejected)
	if err == nil || errors.Is(err, ErrRotatorBusy) {
		return err
	}

	return failure.Because(err, failure.TokenUnavailable, "read the access token: %s, and the rotator failed: %v", unusable, err)
}

// afterRotation takes what is stored now unless it has expired or is the rejected one: nearer to its end than a reader
// likes, a token that the rotator just left in place is still good for a request.
func (r *Reader) afterRotation(ctx context.Context) (Stored, error) {
	stored, err := r.Store.Read(ctx)
	if err != nil {
		return Stored{}, fmt.Errorf("read the access token after the rotation: %w", asUnavailable(err))
	}

	if stored.Is(r.rejected) || stored.Remaining(time.Now()) <= 0 {
		return Stored{}, failure.New(failure.TokenUnavailable,
			"read the access token: the rotator ran, and what it left is rejected or has expired: look at the rotator's log")
	}

	r.held = stored

	return stored, nil
}

// asUnavailable names what is no token at all; failures of the store keep their own kind.
func asUnavailable(err error) error {
	if failure.KindOf(err) != "" {
		return err
	}

	return failure.Because(err, failure.TokenUnavailable, "%v", err)
}
