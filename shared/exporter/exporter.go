// Package exporter is what every export function is made of: its settings, its wiring, and what one invocation does: event,
// a part of an export, metrics, result. A function brings its listing, and the settings that are its own.
package exporter

import (
	"cmp"
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/exportstore"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/metrics"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/rotatorclient"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// pageAttempt ends a page request that hangs; a page of 500 users takes the API a few seconds.
const pageAttempt = 30 * time.Second

// Load is New with the settings of every exporter: for a function that has none of its own. Where they are bad, the handler
// answers every event with all that is wrong.
func Load(p *invocation.Process, listings ...genesys.Definition) *invocation.Handler {
	var s Settings
	if err := p.Load(&s); err != nil {
		return invocation.Refuse(err, p.Logger)
	}

	return New(p, &s, listings...)
}

// New returns the handler of the function that exports these listings. The settings are those that the process has loaded.
func New(p *invocation.Process, s *Settings, listings ...genesys.Definition) *invocation.Handler {
	base := s.API()
	client := genesys.Client{Base: base, HTTP: p.HTTP, Tokens: newReader(p, s), Attempt: pageAttempt, Logger: p.Logger}
	store := exportstore.New(s3.NewFromConfig(p.Cloud), s.Bucket, s.Prefix)

	config := export.Config{
		Documents: store, Parts: store,
		Logger: p.Logger, Environment: cmp.Or(s.Domain(), base.Host), Generator: "genesys-cloud-export " + invocation.Version(), Stopping: p.Stopping,
		PageSize: s.PageSize, PartBytes: export.DefaultPartBytes, Reserve: s.Reserve(),
		MaxPerMinute: s.MaxRequestsPerMinute, SharePercent: s.RateSharePercent,
		// It outlasts a passing fault. Longer ones are left to the next invocation, whose wait costs nothing.
		Retry: retry.Policy{Base: time.Second, Cap: 30 * time.Second, Attempts: 5},
	}
	for _, listing := range listings {
		config.Listings = append(config.Listings, genesys.NewListing(listing, client))
	}

	e := &exporter{engine: export.NewEngine(config), metrics: metrics.Emitter{Out: p.Out, Stack: s.StackName}, logger: p.Logger}

	return invocation.New(e.work, p.Logger)
}

// newReader reads the stored token, and asks the rotator where one is named. The call is bounded by rotatorclient,
// so its HTTP client has no timeout of its own.
func newReader(p *invocation.Process, s *Settings) *token.Reader {
	var rotator token.Asker
	if s.RotatorFunctionName != "" {
		rotator = rotatorclient.New(lambda.NewFromConfig(awsapi.Patient(p.Cloud)), s.RotatorFunctionName)
	}

	return token.NewReader(tokenstore.New(ssm.NewFromConfig(p.Cloud), s.TokenParameterName, ""), rotator)
}

// exporter is the work of one function.
type exporter struct {
	engine  *export.Engine
	metrics metrics.Emitter // of every listing
	logger  *slog.Logger
}

// gcPercent is how much of what lives may be thrown away before it is collected. What lives is a part and three pages, and little
// is thrown away: collecting twice as often costs nothing that can be measured, and keeps the process small.
const gcPercent = 50

// work implements [invocation.Work].
func (e *exporter) work(ctx context.Context, payload []byte) (any, error) {
	debug.SetGCPercent(gcPercent) // not as the process starts, which would have a collection in it

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

	if r.Status == export.StatusComplete {
		e.logger.LogAttrs(ctx, slog.LevelInfo, "export complete", attributes...)
		return
	}

	e.logger.LogAttrs(ctx, slog.LevelInfo,
		"not complete yet: invoke the function again with the same export_id after wait_seconds", attributes...)
}

func (e *exporter) emit(ctx context.Context, s export.Stats) {
	emitter := e.metrics
	emitter.Listing = s.Listing

	err := emitter.Emit(
		counted("PagesFetched", s.PagesFetched),
		perListing("RecordsExported", s.RecordsExported),
		counted("PartsWritten", s.PartsWritten),
		perListing("RequestsThrottled", s.RequestsThrottled),
		counted("RequestsRetried", s.RequestsRetried),
		perListing("ExportsCompleted", s.ExportsCompleted),
		counted("InvocationsContinued", s.InvocationsContinued),
		counted("InvocationsBusy", s.InvocationsBusy),
		perListing("InvocationsWithoutProgress", s.InvocationsWithoutProgress),
		counted("ListingsDrifted", s.ListingsDrifted),
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
