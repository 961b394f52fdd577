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

// Store keeps the token. Its errors are [failure.Error] of kind StorageUnavailable, unless said otherwise.
type Store interface {
	// Read returns what is stored. [ErrNotStored], and with the version filled in [ErrUnreadable] and [ErrNewerSchema].
	Read(ctx context.Context) (Stored, error)
	// Write stores t over whatever is there and returns the new version. A failed Write may have written all the same.
	Write(ctx context.Context, t Token) (int64, error)
}

// Prober tries a token on the API.
type Prober interface {
	// Probe reports whether the API rejects the token. An API that does not answer, or fails, has rejected nothing: that is
	// an error, and says nothing about the token.
	Probe(ctx context.Context, t Token) (rejected bool, err error)
}

// The reasons of an [Outcome].
const (
	ReasonMissing    = "missing"    // nothing was stored
	ReasonUnreadable = "unreadable" // what was stored is no token
	ReasonExpiring   = "expiring"   // the stored token was inside the buffer, or past its life
	ReasonForced     = "forced"     // the caller forced it
	ReasonRejected   = "rejected"   // the caller reports that the API rejected the stored version
	ReasonRevoked    = "revoked"    // the API rejected the stored token when it was probed
	ReasonFresh      = "fresh"      // not rotated: the stored token is good
	ReasonSuperseded = "superseded" // not rotated: while one was being minted, another that lasts longer was stored
)

// Rotation asks for a fresh token.
type Rotation struct {
	Force           bool
	RejectedVersion int64 // 0: none
}

// Outcome is what is stored after a rotation, and why. Where the rotation failed, it is the old token if that can still
// be used, and empty otherwise.
type Outcome struct {
	Rotated bool
	Reason  string
	Stored  Stored
	// Skew is the token endpoint's clock less ours; nil where nothing was minted, or the endpoint sent no time.
	Skew *time.Duration
	// MintFailed: a token was due, and none that can be stored was granted.
	MintFailed bool
	// ProbeRejected: the API rejected the stored token when it was probed.
	ProbeRejected bool
	// ProbeFailed is why a probe has no result; nil where it has one, or none was due.
	ProbeFailed error
}

// Rotator keeps the stored token fresh. It may be called by many at once and does one rotation at a time.
type Rotator struct {
	Store       Store
	Credentials CredentialsReader
	Issuer      Issuer
	Buffer      time.Duration

	// Prober tries the stored token at most every ProbeEvery, so that one which was revoked, or left idle for too long, is
	// replaced before a consumer meets it. Nil, or 0: never.
	Prober     Prober
	ProbeEvery time.Duration

	mu      sync.Mutex
	probeAt time.Time // when the next probe may be sent; a new process sends one at once
	// rejected is a stored token that is known to be no good and could not be replaced yet, and rejectedReason why.
	rejected       Stored
	rejectedReason string
	// unwritten is a minted token that the store did not take. The next rotation writes it instead of minting another, so
	// that a store which refuses for hours does not cost a token a minute.
	unwritten *Token
}

// Rotate mints and stores a token where one is due, and keeps the old one on any failure.
//
// Before it writes, it reads again: a stored token that does not expire earlier is kept, unless it is the one to be replaced.
// A value that cannot be decrypted is replaced at most once a buffer, unless it is forced: where this rotator cannot read
// what it writes, another token would not help.
//
// Errors are the failures of the store, the credentials and the issuer, StorageUnavailable where a value that was just written
// cannot be decrypted, and TokenUnavailable where a newer schema is stored.
func (r *Rotator) Rotate(ctx context.Context, asked Rotation) (Outcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()

	stored, err := r.read(ctx, asked.Force)
	if err != nil {
		return Outcome{}, err
	}

	if r.unwritten != nil && stored.Same(*r.unwritten) {
		r.unwritten = nil // the write that failed had happened after all; were it rejected now, it must not be written again
	}

	outcome := Outcome{Reason: r.reason(stored, asked), Stored: stored}
	if outcome.Reason == ReasonFresh && r.probeDue(asked, stored) {
		r.probe(ctx, &outcome)
	}

	if outcome.Reason == ReasonFresh {
		return outcome, nil
	}

	err = r.replace(ctx, stored, &outcome)

	switch {
	case err == nil:
	case outcome.Reason == ReasonRejected, outcome.Reason == ReasonRevoked:
		r.rejected, r.rejectedReason = stored, outcome.Reason // or the next rotation would take the dead token for a fresh one
		outcome.Stored = Stored{}
	case !stored.Usable(time.Now()):
		outcome.Stored = Stored{}
	}

	return outcome, err
}

// probeDue reports whether the stored token is to be tried. It is not where a consumer waits for an answer about a version, nor
// where it was just issued; an issue time that lies ahead does not count.
func (r *Rotator) probeDue(asked Rotation, stored Stored) bool {
	now := time.Now()
	age := now.Sub(stored.IssuedAt)

	return r.Prober != nil && r.ProbeEvery > 0 && asked.RejectedVersion == 0 && !now.Before(r.probeAt) &&
		(age < 0 || age >= r.ProbeEvery)
}

func (r *Rotator) probe(ctx context.Context, outcome *Outcome) {
	r.probeAt = time.Now().Add(r.ProbeEvery)

	outcome.ProbeRejected, outcome.ProbeFailed = r.Prober.Probe(ctx, outcome.Stored.Token)
	if outcome.ProbeRejected {
		outcome.Reason = ReasonRevoked
	}

	if failed, ok := errors.AsType[*retry.TransientError](outcome.ProbeFailed); ok {
		r.probeAt = time.Now().Add(max(r.ProbeEvery, failed.After))
	}
}

// read returns what is stored, with an empty token where there is none or an unreadable one.
func (r *Rotator) read(ctx context.Context, force bool) (Stored, error) {
	stored, err := r.Store.Read(ctx)

	switch {
	case err == nil:
		return stored, nil
	case errors.Is(err, ErrNotStored):
		return Stored{}, nil
	case errors.Is(err, ErrUnreadable):
		return Stored{Version: stored.Version}, r.tooSoon(err, force)
	case errors.Is(err, ErrNewerSchema):
		return Stored{}, failure.Because(err, failure.TokenUnavailable,
			"read the stored token: %v; it was left as it is: deploy the newer version of the rotator, or delete the parameter", err)
	default:
		return Stored{}, fmt.Errorf("read the stored token: %w", err)
	}
}

// tooSoon is why a value that cannot be decrypted is left as it is: it was written less than a buffer ago, probably by this
// rotator. It is nil for whatever else is unreadable, and for a write time that far ahead.
func (r *Rotator) tooSoon(unreadable error, force bool) error {
	sealed, ok := errors.AsType[*SealedError](unreadable)
	if !ok || force {
		return nil
	}

	age := time.Since(sealed.Written)
	if age.Abs() >= r.Buffer {
		return nil
	}

	return failure.Because(unreadable, failure.StorageUnavailable,
		"read the stored token: %v; it was written %s ago, so no other is minted yet: let the rotator decrypt with the key %s, with which it writes, or force a rotation",
		unreadable, max(age, 0).Truncate(time.Second), sealed.Key)
}

func (r *Rotator) reason(stored Stored, asked Rotation) string {
	now := time.Now()

	switch {
	case stored.Version == 0:
		return ReasonMissing
	case asked.Force:
		return ReasonForced
	case stored.Access.Empty():
		return ReasonUnreadable
	case asked.RejectedVersion == stored.Version:
		return ReasonRejected
	case stored.Is(r.rejected):
		return r.rejectedReason
	case asked.RejectedVersion != 0 && stored.Usable(now):
		return ReasonFresh
	case asked.RejectedVersion != 0, stored.Due(now, r.Buffer):
		return ReasonExpiring
	default:
		return ReasonFresh
	}
}

func (r *Rotator) replace(ctx context.Context, old Stored, outcome *Outcome) error {
	fresh, err := r.fresh(ctx, outcome)
	if err != nil {
		return err
	}

	r.unwritten = &fresh

	stored, err := r.read(ctx, outcome.Reason == ReasonForced)
	if err != nil {
		return err
	}

	set := stored.Is(old) && replaces(outcome.Reason)
	if !set && !stored.Access.Empty() && !stored.ExpiresAt.Before(fresh.ExpiresAt.Truncate(time.Second)) {
		if !stored.Is(old) {
			r.unwritten = nil // else it is of use when the longer-lasting one, which was due, has run down
		}

		outcome.Reason, outcome.Stored = ReasonSuperseded, stored

		return nil
	}

	version, err := r.write(ctx, fresh)
	if failure.Is(err, failure.UpstreamInvalid) {
		r.unwritten, outcome.MintFailed = nil, true // it can never be stored: the next rotation asks for another
	}

	if err != nil {
		return err
	}

	r.unwritten = nil
	outcome.Rotated, outcome.Stored = true, Stored{Token: fresh, Version: version}

	return nil
}

// replaces reports whether a rotation for this reason may replace its token by one that expires earlier.
func replaces(reason string) bool {
	return reason == ReasonForced || reason == ReasonRejected || reason == ReasonRevoked
}

// write stores fresh. A failed write may have happened all the same, its reply lost: what is stored decides.
func (r *Rotator) write(ctx context.Context, fresh Token) (int64, error) {
	version, err := r.Store.Write(ctx, fresh)
	if err == nil {
		return version, nil
	}

	if stored, readErr := r.Store.Read(ctx); readErr == nil && stored.Same(fresh) {
		return stored.Version, nil
	}

	return 0, fmt.Errorf("store the new token: %w", err)
}
