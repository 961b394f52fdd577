package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"genesys-cloud-export/shared/metrics"
	"genesys-cloud-export/shared/token"
)

// rotator is the function's work in one invocation: event, rotation, metrics, result.
type rotator struct {
	token   *token.Rotator
	metrics *metrics.Emitter
	logger  *slog.Logger
}

// result is the contract's. It never contains the token.
type result struct {
	Rotated          bool      `json:"rotated"`
	Reason           string    `json:"reason"`
	Version          int64     `json:"version"`
	IssuedAt         time.Time `json:"issued_at"`
	ExpiresAt        time.Time `json:"expires_at"`
	RemainingSeconds int64     `json:"remaining_seconds"`
}

// work implements [invocation.Work].
func (r *rotator) work(ctx context.Context, payload []byte) (any, error) {
	asked, err := parseEvent(payload)
	if err != nil {
		return nil, err
	}

	outcome, err := r.token.Rotate(ctx, asked)
	r.emit(ctx, outcome)

	if outcome.ProbeFailed != nil {
		r.logger.WarnContext(ctx, "the stored token could not be tried on the API, so it was left as it is", slog.Any("error", outcome.ProbeFailed))
	}

	if err != nil {
		return nil, fmt.Errorf("rotate the access token: %w", err)
	}

	stored := outcome.Stored
	answer := result{
		Rotated:          outcome.Rotated,
		Reason:           outcome.Reason,
		Version:          stored.Version,
		IssuedAt:         stored.IssuedAt.UTC().Truncate(time.Second),
		ExpiresAt:        stored.ExpiresAt.UTC().Truncate(time.Second),
		RemainingSeconds: remaining(stored),
	}

	r.logger.InfoContext(ctx, "token checked", slog.Bool("rotated", answer.Rotated), slog.String("reason", answer.Reason),
		slog.Int64("version", answer.Version), slog.Time("expires_at", answer.ExpiresAt), slog.Int64("remaining_seconds", answer.RemainingSeconds))

	return answer, nil
}

// emit reports what happened, after failures too: as long as the old token is good, its remaining time is known.
func (r *rotator) emit(ctx context.Context, outcome token.Outcome) {
	values := []metrics.Value{
		{Name: "TokenRotated", Unit: metrics.Count, Value: count(outcome.Rotated)},
		{Name: "TokenMintFailed", Unit: metrics.Count, Value: count(outcome.MintFailed)},
		{Name: "TokenProbeRejected", Unit: metrics.Count, Value: count(outcome.ProbeRejected)},
	}
	if outcome.Stored.Version != 0 {
		// The buffer in force, and not the configured one, which an alarm could not compare with a short-lived token's end.
		left, buffer := float64(remaining(outcome.Stored)), outcome.Stored.Buffer(r.token.Buffer).Seconds()
		values = append(values,
			metrics.Value{Name: "TokenRemaining", Unit: metrics.Seconds, Value: left},
			metrics.Value{Name: "TokenBuffer", Unit: metrics.Seconds, Value: buffer},
			metrics.Value{Name: "TokenMargin", Unit: metrics.Seconds, Value: left - buffer/2})
	}

	if outcome.Skew != nil {
		values = append(values, metrics.Value{Name: "ClockSkew", Unit: metrics.Seconds, Value: outcome.Skew.Seconds()})
	}

	if err := r.metrics.Emit(values...); err != nil {
		r.logger.ErrorContext(ctx, "metrics were not written", slog.Any("error", err))
	}
}

func remaining(stored token.Stored) int64 {
	return max(int64(stored.Remaining(time.Now())/time.Second), 0)
}

func count(happened bool) float64 {
	if happened {
		return 1
	}

	return 0
}
