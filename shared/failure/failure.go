// Package failure names what can go wrong. The names are the contract's error types, as Step Functions and a caller of
// a function see them; shared/invocation turns them into Lambda's form at the edge.
//
// A failure's text is for a log line that anybody may read: what was being done, to what, and what to do. It never contains a
// secret, an entity, a body, or an ARN, so a cause from outside is kept for [errors.Is] and never printed.
package failure

import (
	"errors"
	"fmt"
)

// Kind is one of the contract's error types. The text of a Kind is its name on the wire.
type Kind string

// The kinds. Whoever adds one adds it to the README's error table too; a test compares them.
const (
	InvalidInput         Kind = "InvalidInput"         // the event is wrong; its text names the field. Nothing was asked of anybody.
	InvalidConfiguration Kind = "InvalidConfiguration" // environment variables are missing or wrong; its text lists every problem.
	InvalidCredentials   Kind = "InvalidCredentials"   // the client credentials are missing, malformed or refused.
	Forbidden            Kind = "Forbidden"            // the API knows the caller and refuses; a permission or an address is missing.
	TokenUnavailable     Kind = "TokenUnavailable"     // there is no usable access token, and none could be had in time.
	RateLimited          Kind = "RateLimited"          // a rate limit outlasted three invocations, or the token endpoint's the time of one.
	UpstreamUnavailable  Kind = "UpstreamUnavailable"  // Genesys Cloud does not answer, or answers with server errors.
	UpstreamInvalid      Kind = "UpstreamInvalid"      // Genesys Cloud answered something that its API does not promise.
	PaginationLoop       Kind = "PaginationLoop"       // the listing's pages repeat, or never end.
	CursorExpired        Kind = "CursorExpired"        // the API no longer takes the next link; the export cannot be resumed.
	CheckpointInvalid    Kind = "CheckpointInvalid"    // what is stored of the export contradicts itself.
	NoProgress           Kind = "NoProgress"           // three invocations in a row committed no page.
	JobFailed            Kind = "JobFailed"            // the jobs that prepare a window of a history fail, vanish, or take more than a day.
	StorageUnavailable   Kind = "StorageUnavailable"   // an AWS store failed or refused: S3, SSM, Secrets Manager.
)

// Kinds returns every kind, in the order of the README's error table.
func Kinds() []Kind {
	return []Kind{
		InvalidInput, InvalidConfiguration, InvalidCredentials, Forbidden, TokenUnavailable, RateLimited,
		UpstreamUnavailable, UpstreamInvalid, PaginationLoop, CursorExpired, CheckpointInvalid, NoProgress,
		JobFailed, StorageUnavailable,
	}
}

// Retryable reports whether the same event may succeed later without a change. The state machine and every other caller go by
// it. NoProgress is not: three invocations have been tried by then.
func (k Kind) Retryable() bool {
	return k == RateLimited || k == UpstreamUnavailable || k == StorageUnavailable || k == TokenUnavailable
}

// Error is a failure of one kind.
type Error struct {
	Kind    Kind
	Message string // printable as it stands, see the package comment
	Cause   error  // for errors.Is and errors.As; never printed
}

// New makes a failure whose text is the formatted message.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Because is [New] with a cause that is kept but not printed.
func Because(cause error, kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Cause: cause}
}

// Error returns the message alone.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// KindOf returns the kind of the outermost failure in err's chain, and "" where there is none.
func KindOf(err error) Kind {
	if failed, ok := errors.AsType[*Error](err); ok {
		return failed.Kind
	}

	return ""
}

// Is reports whether err is a failure of that kind.
func Is(err error, kind Kind) bool { return KindOf(err) == kind }
