// Package invocation is what every function does around one invocation: it ends before the deadline, and a failure is one
// line at ERROR with error_type and request id, and an error in Lambda's form.
//
// The standard logger is silent: the Lambda runtime prints each error to it without a level, and net/http the first bytes of
// a reply that nobody asked for, which may contain a token.
package invocation

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"genesys-cloud-export/shared/failure"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// LastMoment is how long before the deadline the work's context ends: an invocation that Lambda kills cannot say why.
const LastMoment = 300 * time.Millisecond

// unclassified is the type of an error that no failure stands behind. It is a defect of this project.
const unclassified = "Unclassified"

// RequestID is the invocation's, and "" outside of Lambda. An asynchronous retry has the same one.
func RequestID(ctx context.Context) string {
	if invoked, ok := lambdacontext.FromContext(ctx); ok {
		return invoked.AwsRequestID
	}

	return ""
}

// Work is what a function does with one event. Its result is answered as JSON; its error is a failure.
//
// The context's deadline is Lambda's own. The context itself ends a moment earlier, so that there is time to say why.
type Work func(ctx context.Context, payload []byte) (result any, err error)

// Handler implements lambda.Handler around a function's work.
type Handler struct {
	work   Work
	logger *slog.Logger
}

// New returns the handler of a function that does work.
func New(work Work, logger *slog.Logger) *Handler {
	return &Handler{work: work, logger: logger}
}

// Refuse returns the handler of a function that cannot work, for this reason. It answers every event with it.
func Refuse(reason error, logger *slog.Logger) *Handler {
	return New(func(context.Context, []byte) (any, error) { return nil, reason }, logger)
}

// Invoke implements lambda.Handler. Its errors are in Lambda's form, and are logged. A panic ends the process; its value is
// neither logged nor answered, since it may contain anything.
func (h *Handler) Invoke(ctx context.Context, payload []byte) (answer []byte, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			answer, err = nil, h.failed(ctx, messages.InvokeResponse_Error{
				Type:       unclassified,
				Message:    fmt.Sprintf("the function panicked (%T): this is a defect, please report it with the log", panicked),
				ShouldExit: true,
			}, slog.String("stack", string(debug.Stack())))
		}
	}()

	result, err := h.do(ctx, payload)
	if err == nil {
		answer, err = json.Marshal(result)
	}

	if err != nil {
		return nil, h.failed(ctx, asLambda(err))
	}

	return answer, nil
}

// do gives the work a context that ends before the deadline. It is canceled rather than given an earlier deadline, since
// budgets and leases are reckoned from Lambda's own.
func (h *Handler) do(ctx context.Context, payload []byte) (any, error) {
	if deadline, limited := ctx.Deadline(); limited {
		ending, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer time.AfterFunc(time.Until(deadline)-LastMoment, func() { cancel(context.DeadlineExceeded) }).Stop()

		ctx = ending
	}

	return h.work(ctx, payload)
}

func (h *Handler) failed(ctx context.Context, failed messages.InvokeResponse_Error, more ...slog.Attr) error {
	h.logger.LogAttrs(ctx, slog.LevelError, "the invocation failed",
		append([]slog.Attr{slog.String("error_type", failed.Type), slog.String("error", failed.Message)}, more...)...)

	return failed
}

// asLambda returns err in Lambda's form: its failure's kind as the type, its text as the message. An error that is no failure
// may contain anything, so its text is withheld. Nothing may wrap the result: Lambda reports the outermost Go type.
func asLambda(err error) messages.InvokeResponse_Error {
	kind := failure.KindOf(err)
	if kind == "" {
		return messages.InvokeResponse_Error{
			Type:    unclassified,
			Message: fmt.Sprintf("an error that has no name (%T): this is a defect, please report it", err),
		}
	}

	return messages.InvokeResponse_Error{Type: string(kind), Message: err.Error()}
}
