// Package driver is what calls the functions from outside: the schedule that keeps the token fresh, and the loop that
// invokes an export again and again until it is complete.
//
// Its only tie to the place where functions run is the SDK's Lambda client, so that the same loop drives the local
// endpoint, "sam local start-lambda" and AWS. A function never invokes itself; in AWS a state machine, or
// whoever invokes it, does what this package does.
//
// All waiting is done with timers and ends with the context. Neither payloads nor replies are logged.
package driver

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

const (
	defaultAttempts  = 5
	defaultBaseDelay = time.Second
	defaultMaxDelay  = time.Minute
)

// Invoker is the one call of [lambda.Client] that is needed.
type Invoker interface {
	Invoke(ctx context.Context, input *lambda.InvokeInput, options ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Config says how failures are met. The zero value is usable.
type Config struct {
	// Attempts is how often one slice is invoked in a row, the first time included, before its failure is the export's.
	// 0 is 5; a slice that succeeds starts the count anew.
	Attempts int

	// BaseDelay and MaxDelay bound the wait before a retry, which is random between nothing and BaseDelay, twice that, four
	// times, up to MaxDelay. 0 is one second and one minute.
	BaseDelay time.Duration
	MaxDelay  time.Duration

	// Logger is told of waits and retries. Nil drops it.
	Logger *slog.Logger
}

// Driver invokes functions. It holds no state between calls and is safe for concurrent use.
type Driver struct {
	client    Invoker
	attempts  int
	baseDelay time.Duration
	maxDelay  time.Duration
	logger    *slog.Logger
}

// New makes a driver that invokes through client. The SDK's own retries are switched off for each call, as a retry of its
// own would run an export twice at once; a timeout of the client's HTTP transport must be longer than the function's.
func New(client Invoker, config Config) *Driver {
	d := &Driver{
		client:    client,
		attempts:  config.Attempts,
		baseDelay: config.BaseDelay,
		maxDelay:  config.MaxDelay,
		logger:    config.Logger,
	}
	if d.attempts <= 0 {
		d.attempts = defaultAttempts
	}
	if d.baseDelay <= 0 {
		d.baseDelay = defaultBaseDelay
	}
	if d.maxDelay <= 0 {
		d.maxDelay = defaultMaxDelay
	}
	if d.logger == nil {
		d.logger = slog.New(slog.DiscardHandler)
	}

	return d
}

// backoff returns the wait after so many failures in a row: exponential, bounded, with full jitter.
func (d *Driver) backoff(failures int) time.Duration {
	ceiling := d.baseDelay
	for range failures - 1 {
		if ceiling >= d.maxDelay/2 {
			ceiling = d.maxDelay

			break
		}
		ceiling *= 2
	}

	return rand.N(min(ceiling, d.maxDelay) + 1) //nolint:gosec // jitter spreads load, it guards nothing
}

// wait waits for delay, or returns why the context ended.
func wait(ctx context.Context, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()

	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
