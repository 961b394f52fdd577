package token

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// ErrRotatorBusy says: somebody else has the rotator at work; what it stores will serve this caller too.
var ErrRotatorBusy = errors.New("the rotator is busy")

// Asker asks the rotator for a fresh token and waits until it has answered.
type Asker interface {
	// Ask rotates; rejectedVersion is 0 or the stored version that the API rejected. [ErrRotatorBusy] where the rotator's
	// concurrency is taken; any other error says how the rotator failed. Ask ends by itself, and with ctx at the latest.
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
	// rotation that the token endpoint makes wait. With full jitter, eight of them may be over within 3 s.
	busyAttempts = 12
)

// Reader hands out the stored token, from memory while it is good. It may be called by many at once; those who come while
// a token is being fetched share its outcome.
type Reader struct {
	Store StoreReader
	// Rotator is whom to ask for a fresh token; nil: nobody, then a missing or stale token is an error.
	Rotator Asker

	renewals singleflight.Group

	mu       sync.Mutex
	current  dated // what is handed out from memory; of version 0 where that may not be
	rejected rejection
	settling time.Duration // see [Reader.settlingAge]
}

// renewal is what one call fetched for all that were waiting.
type renewal struct {
	stored Stored
	err    error
	late   bool // that call's time had ended
}

// Token returns a token that may be used now. It is never one that is known to have expired. One that the API rejected is
// not handed out again, unless it was too young for that to count: then it is after a wait.
//
// Errors: StorageUnavailable as the store has it; TokenUnavailable where nothing usable is stored and the rotator could
// not help, naming its failure, or where ctx ended meanwhile. The latter does not wrap the cause of that end.
func (r *Reader) Token(ctx context.Context) (Stored, error) {
	for {
		if current := r.usable(); current.Version != 0 {
			return current, nil
		}

		var leads atomic.Bool

		fetched := r.renewals.DoChan("", func() (any, error) {
			leads.Store(true)
			stored, err := r.renew(ctx)

			return renewal{stored: stored, err: err, late: ctx.Err() != nil}, nil
		})

		var result singleflight.Result

		select {
		case result = <-fetched:
		case <-ctx.Done():
			if !leads.Load() {
				return Stored{}, unavailable(nil, "the time ended while another call of this process was waiting for it")
			}

			result = <-fetched // which says what the time was spent on, and comes at once
		}

		done, _ := result.Val.(renewal)
		if done.err == nil || !done.late || ctx.Err() != nil {
			return done.stored, done.err
		}
	}
}

func (r *Reader) usable() Stored {
	r.mu.Lock()
	defer r.mu.Unlock()

	if !r.current.token.Usable(time.Now()) {
		return Stored{}
	}

	return r.current.token
}

// renew reads what is stored until it can be handed out, and has it replaced where it cannot be.
func (r *Reader) renew(ctx context.Context) (Stored, error) {
	backoff := retry.Policy{Base: busyBase, Cap: busyCap}

	for busy := 0; ; {
		stored, unusable, err := r.read(ctx)
		if err != nil {
			return Stored{}, err
		}

		if unusable == "" {
			wait := r.settlesIn(stored)
			if wait <= 0 {
				return r.take(stored, stored.IssuedAt), nil
			}

			if retry.Sleep(ctx, wait) != nil {
				return Stored{}, unavailable(nil,
					"the API rejected the stored token, which is a fresh one, and the time ended before it could be tried again")
			}

			continue // somebody may have replaced it meanwhile
		}

		err = r.ask(ctx, stored, unusable)
		if err == nil {
			return r.afterRotation(ctx, stored)
		}

		if !errors.Is(err, ErrRotatorBusy) {
			return Stored{}, err
		}

		if busy++; busy == busyAttempts {
			return Stored{}, unavailable(ErrRotatorBusy,
				"%s, and the rotator was busy each of the %d times it was asked: look at the rotator's log", unusable, busy)
		}

		if retry.Sleep(ctx, backoff.Backoff(busy)) != nil {
			return Stored{}, unavailable(ErrRotatorBusy, "%s, and the rotator was busy until the time ended: look at the rotator's log", unusable)
		}
	}
}

// read returns what is stored, and in words why it may not be used ("" where it may).
func (r *Reader) read(ctx context.Context) (stored Stored, unusable string, err error) {
	stored, err = r.Store.Read(ctx)

	switch {
	case errors.Is(err, ErrNotStored), errors.Is(err, ErrUnreadable):
		return stored, err.Error(), nil
	case errors.Is(err, ErrNewerSchema):
		return stored, "", unavailable(err, "%v: deploy the newer version of this function", err)
	case err != nil:
		return stored, "", fmt.Errorf("read the access token: %w", err)
	case r.refuses(stored):
		return stored, "the API rejected the stored token", nil
	case !stored.Usable(time.Now()):
		return stored, "the stored token has expired or is about to", nil
	default:
		return stored, "", nil
	}
}

func (r *Reader) ask(ctx context.Context, stored Stored, unusable string) error {
	if r.Rotator == nil {
		return unavailable(nil, "%s, and there is no rotator to ask: set ROTATOR_FUNCTION_NAME, or run the rotator and try again", unusable)
	}

	var rejected int64
	if r.refuses(stored) {
		rejected = stored.Version
	}

	err := r.Rotator.Ask(ctx, rejected)
	if err == nil || errors.Is(err, ErrRotatorBusy) {
		return err
	}

	// The rotator's failure may be the end of the caller's time, whose cause is the caller's: it must not be found in here.
	return unavailable(nil, "%s, and the rotator failed: %v", unusable, err)
}

// afterRotation takes what is stored now unless it has expired or is the rejected one: nearer to its end than a reader
// likes, a token that the rotator just left in place is still good for a request.
func (r *Reader) afterRotation(ctx context.Context, before Stored) (Stored, error) {
	stored, err := r.Store.Read(ctx)
	if err != nil && failure.KindOf(err) == "" { // there is no token; failures of the store keep their own kind
		err = failure.Because(err, failure.TokenUnavailable, "%v", err)
	}

	if err != nil {
		return Stored{}, fmt.Errorf("read the access token after the rotation: %w", err)
	}

	if r.refuses(stored) || stored.Remaining(time.Now()) <= 0 {
		return Stored{}, unavailable(nil, "the rotator ran, and what it left is rejected or has expired: look at the rotator's log")
	}

	since := time.Now()
	if stored.Is(before) {
		since = stored.IssuedAt
	}

	return r.take(stored, since), nil
}

// unavailable is a TokenUnavailable of a reader; cause may be nil.
func unavailable(cause error, format string, args ...any) error {
	return failure.Because(cause, failure.TokenUnavailable, "read the access token: "+format, args...)
}
