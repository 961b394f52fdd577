package token

import (
	"context"
	"errors"
	"fmt"
	"time"

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

// Reader hands out the stored token, from memory while it is good. Where many call at once they take turns: the first
// fetches a token, and the others find it in memory.
type Reader struct {
	store   StoreReader
	rotator Asker

	turn     chan struct{} // full while a call is at work, which alone uses the fields below
	current  dated         // what is handed out from memory; zero where that may not be
	rejected rejection
	settling time.Duration // how old a token has to be for its rejection to count
}

// NewReader returns the reader of a store. Without a rotator to ask (nil) a missing or stale token is an error.
func NewReader(store StoreReader, rotator Asker) *Reader {
	return &Reader{store: store, rotator: rotator, turn: make(chan struct{}, 1), settling: firstSettlingAge}
}

// Token returns a token that may be used now. It is never one that is known to have expired. One that the API rejected is
// not handed out again, unless it was too young for that to count: then it is after a wait.
//
// Errors: StorageUnavailable as the store has it; TokenUnavailable where nothing usable is stored and the rotator could
// not help, naming its failure, or where ctx ended meanwhile. The latter does not wrap the cause of that end.
func (r *Reader) Token(ctx context.Context) (Stored, error) {
	select {
	case r.turn <- struct{}{}: // also where ctx has ended: memory has what it has
	default:
		select {
		case r.turn <- struct{}{}:
		case <-ctx.Done():
			return Stored{}, unavailable(nil, "the time ended before it was this call's turn")
		}
	}
	defer r.endTurn()

	if r.current.token.Usable(time.Now()) {
		return r.current.token, nil
	}

	return r.renew(ctx)
}

func (r *Reader) endTurn() { <-r.turn }

// renew reads what is stored until it can be handed out, and has it replaced where it cannot be.
func (r *Reader) renew(ctx context.Context) (Stored, error) {
	backoff := retry.Policy{Base: busyBase, Cap: busyCap}

	for busy := 1; ; {
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

		switch err = r.ask(ctx, stored, unusable); {
		case err == nil:
			return r.afterRotation(ctx, stored)
		case !errors.Is(err, ErrRotatorBusy):
			return Stored{}, err
		case busy == busyAttempts:
			return Stored{}, unavailable(err, "%s, and the rotator was busy each of the %d times it was asked: look at the rotator's log", unusable, busy)
		case retry.Sleep(ctx, backoff.Backoff(busy)) != nil:
			return Stored{}, unavailable(err, "%s, and the rotator was busy until the time ended: look at the rotator's log", unusable)
		}

		busy++
	}
}

// read returns what is stored, and in words why it may not be used ("" where it may).
func (r *Reader) read(ctx context.Context) (stored Stored, unusable string, err error) {
	stored, err = r.store.Read(ctx)

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
	if r.rotator == nil {
		return unavailable(nil, "%s, and there is no rotator to ask: set ROTATOR_FUNCTION_NAME, or run the rotator and try again", unusable)
	}

	var rejected int64
	if r.refuses(stored) {
		rejected = stored.Version
	}

	err := r.rotator.Ask(ctx, rejected)
	if err == nil || errors.Is(err, ErrRotatorBusy) {
		return err
	}

	// The rotator's failure may be the end of the caller's time, whose cause is the caller's: it must not be found in here.
	return unavailable(nil, "%s, and the rotator failed: %v", unusable, err)
}

// afterRotation takes what is stored now unless it has expired or is the rejected one: nearer to its end than a reader
// likes, a token that the rotator just left in place is still good for a request.
func (r *Reader) afterRotation(ctx context.Context, before Stored) (Stored, error) {
	stored, err := r.store.Read(ctx)
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
