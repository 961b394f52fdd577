package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/lambdaerr"
	"genesys-cloud-export/shared/metrics"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// handler is one invocation: event, one invocation of an export, metrics, result. It implements lambda.Handler.
type handler struct {
	engine  *export.Engine
	metrics *metrics.Emitter
	logger  *slog.Logger
	// broken is why the function cannot work; every event is answered with it.
	broken error
}

// Invoke implements lambda.Handler. Its errors are in Lambda's form.
func (h *handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if h.broken != nil {
		return nil, lambdaerr.From(h.broken)
	}

	asked, err := export.ParseEvent(payload)
	if err != nil {
		return nil, lambdaerr.From(err)
	}

	result, stats, err := h.run(ctx, asked)
	h.emit(ctx, stats)

	if err != nil {
		return nil, lambdaerr.From(err)
	}

	h.log(ctx, result)
	encoded, err := json.Marshal(result)

	return encoded, lambdaerr.From(err)
}

// namedEnd before the deadline everything is given up: an invocation that Lambda kills tells nobody why.
const namedEnd = 300 * time.Millisecond

func (h *handler) run(ctx context.Context, asked export.Event) (export.Result, export.Stats, error) {
	if deadline, limited := ctx.Deadline(); limited {
		// Canceled, and not given an earlier deadline: budget and lease are reckoned from Lambda's own.
		ending, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer time.AfterFunc(time.Until(deadline)-namedEnd, func() { cancel(context.DeadlineExceeded) }).Stop()

		ctx = ending
	}

	return h.engine.Run(ctx, asked, requestID(ctx))
}

// requestID names an export that the event does not name: an asynchronous retry has the same one, and resumes.
func requestID(ctx context.Context) string {
	if invocation, ok := lambdacontext.FromContext(ctx); ok {
		return invocation.AwsRequestID
	}

	return ""
}

func (h *handler) log(ctx context.Context, r export.Result) {
	attributes := []slog.Attr{
		slog.String("export_id", r.ExportID), slog.String("reason", r.Reason), slog.Int64("wait_seconds", r.WaitSeconds),
		slog.Int64("pages", r.Pages), slog.Int64("records", r.Records), slog.Int("parts", r.Parts),
	}

	if r.Status == export.StatusContinue {
		h.logger.LogAttrs(ctx, slog.LevelWarn,
			"not complete yet: invoke the function again with the same export_id after wait_seconds", attributes...)

		return
	}

	h.logger.LogAttrs(ctx, slog.LevelInfo, "export complete", attributes...)
}

func (h *handler) emit(ctx context.Context, s export.Stats) {
	err := h.metrics.Emit(
		metrics.Value{Name: "PagesFetched", Unit: metrics.Count, Value: float64(s.PagesFetched)},
		metrics.Value{Name: "RecordsExported", Unit: metrics.Count, Value: float64(s.RecordsExported)},
		metrics.Value{Name: "PartsWritten", Unit: metrics.Count, Value: float64(s.PartsWritten)},
		metrics.Value{Name: "RequestsThrottled", Unit: metrics.Count, Value: float64(s.RequestsThrottled)},
		metrics.Value{Name: "RequestsRetried", Unit: metrics.Count, Value: float64(s.RequestsRetried)},
		metrics.Value{Name: "WaitHandedOver", Unit: metrics.Seconds, Value: s.WaitHandedOver.Seconds()},
		metrics.Value{Name: "SlicesStopped", Unit: metrics.Count, Value: float64(s.InvocationsContinued)},
		metrics.Value{Name: "SlicesBusy", Unit: metrics.Count, Value: float64(s.InvocationsBusy)},
		metrics.Value{Name: "ExportsCompleted", Unit: metrics.Count, Value: float64(s.ExportsCompleted)},
	)
	if err != nil {
		h.logger.ErrorContext(ctx, "metrics were not written", slog.Any("error", err))
	}
}
