package driver

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	smithyrand "github.com/aws/smithy-go/rand"
)

// Schedule is a function that is invoked at a rate, as EventBridge Scheduler does it.
type Schedule struct {
	// Name is the schedule's name, of letters, digits, hyphens, underscores and dots. It is in the event.
	Name string
	// FunctionName is the function's name or ARN.
	FunctionName string
	// Every is the rate, more than zero.
	Every time.Duration
	// OnRun is called after each invocation. Where it is nil failures are logged.
	OnRun func(Run)
}

// Run is one invocation of a schedule.
type Run struct {
	// Reply is what the function returned, nil where it failed.
	Reply json.RawMessage
	// Err is that of [Driver.Invoke].
	Err error
}

// Schedule invokes the function at once, as a new schedule in AWS does, and then at the rate, until ctx ends, which is no
// error. A failed invocation is not repeated before the next is due. One that takes longer than the rate delays the next, and
// those missed meanwhile are left out: unlike in AWS no two overlap. The function is called synchronously, so that its
// reply can be seen.
func (d *Driver) Schedule(ctx context.Context, schedule Schedule) error {
	ticker := time.NewTicker(schedule.Every)
	defer ticker.Stop()

	for at := time.Now(); ctx.Err() == nil; {
		reply, err := d.Invoke(ctx, schedule.FunctionName, scheduledEvent(schedule.Name, at))

		switch {
		case ctx.Err() != nil:
			return nil
		case schedule.OnRun != nil:
			schedule.OnRun(Run{Reply: reply, Err: err})
		case err != nil:
			d.logger.WarnContext(ctx, "a scheduled invocation failed", "schedule", schedule.Name, "error", err)
		}

		select {
		case at = <-ticker.C:
		case <-ctx.Done():
		}
	}

	return nil
}

// scheduledEvent is what EventBridge Scheduler sends to a Lambda target that has no input of its own. Its detail is the
// *string* "{}", where the rules of EventBridge send an object.
func scheduledEvent(name string, at time.Time) []byte {
	id, _ := smithyrand.NewUUID(rand.Reader).GetUUID() // this reader never fails

	return fmt.Appendf(nil, `{"version":"0","id":%q,"detail-type":"Scheduled Event","source":"aws.scheduler",`+
		`"account":"000000000000","time":%q,"region":"local","resources":["arn:aws:scheduler:local:000000000000:schedule/default/%s"],"detail":"{}"}`,
		id, at.UTC().Format(time.RFC3339), name)
}
