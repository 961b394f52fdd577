package main

import (
	"context"
	"log/slog"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/metrics"
)

// exporter is the function's work in one invocation: event, part of an export, metrics, result.
type exporter struct {
	engine  *export.Engine
	metrics *metrics.Emitter
	logger  *slog.Logger
}

// work implements [invocation.Work].
func (e *exporter) work(ctx context.Context, payload []byte) (any, error) {
	asked, err := export.ParseEvent(payload)
	if err != nil {
		return nil, err
	}

	result, stats, err := e.engine.Run(ctx, asked, invocation.RequestID(ctx))

	if stats != (export.Stats{}) { // else the event was refused, and nothing was done
		e.emit(ctx, stats)
	}

	if err != nil {
		return nil, err
	}

	e.log(ctx, result)

	return result, nil
}

func (e *exporter) log(ctx context.Context, r export.Result) {
	attributes := []slog.Attr{
		slog.String("export_id", r.ExportID), slog.String("reason", r.Reason), slog.Int64("wait_seconds", r.WaitSeconds),
		slog.Int64("pages", r.Pages), slog.Int64("records", r.Records), slog.Int("parts", r.Parts),
	}

	if r.Status == export.StatusContinue {
		e.logger.LogAttrs(ctx, slog.LevelInfo,
			"not complete yet: invoke the function again with the same export_id after wait_seconds", attributes...)

		return
	}

	e.logger.LogAttrs(ctx, slog.LevelInfo, "export complete", attributes...)
}

func (e *exporter) emit(ctx context.Context, s export.Stats) {
	err := e.metrics.Emit(
		counted("PagesFetched", s.PagesFetched),
		perListing("RecordsExported", s.RecordsExported),
		counted("PartsWritten", s.PartsWritten),
		perListing("RequestsThrottled", s.RequestsThrottled),
		counted("RequestsRetried", s.RequestsRetried),
		perListing("ExportsCompleted", s.ExportsCompleted),
		counted("InvocationsContinued", s.InvocationsContinued),
		counted("InvocationsBusy", s.InvocationsBusy),
		perListing("InvocationsWithoutProgress", s.InvocationsWithoutProgress),
		metrics.Value{Name: "WaitHandedOver", Unit: metrics.Seconds, Value: s.WaitHandedOver.Seconds()},
	)
	if err != nil {
		e.logger.ErrorContext(ctx, "metrics were not written", slog.Any("error", err))
	}
}

func counted(name string, count int64) metrics.Value {
	return metrics.Value{Name: name, Unit: metrics.Count, Value: float64(count)}
}

func perListing(name string, count int64) metrics.Value {
	value := counted(name, count)
	value.PerListing = true

	return value
}
