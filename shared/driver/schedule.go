package driver

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	smithyrand "github.com/aws/smithy-go/rand"
)

// Schedule invokes the function at once, as a new schedule in AWS does, and then at the rate, which is more than zero, until ctx
// ends. A failed invocation is logged, and not repeated before the next is due. One that takes longer than the rate delays
// the next, and those missed meanwhile are left out: unlike in AWS no two overlap.
func (d *Driver) Schedule(ctx context.Context, function string, rate time.Duration) {
	ticker := time.NewTicker(rate)
	defer ticker.Stop()

	for at := time.Now(); ctx.Err() == nil; {
		if _, err := d.Invoke(ctx, function, scheduledEvent(function, at)); err != nil && ctx.Err() == nil {
			d.logger.WarnContext(ctx, "a scheduled invocation failed", "function", function, "error", err)
		}

		select {
		case at = <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// scheduledEvent is what EventBridge Scheduler sends to a Lambda target that has no input of its own; the schedule is called as
// the function. Its detail is the *string* "{}", where the rules of EventBridge send an object.
func scheduledEvent(name string, at time.Time) []byte {
	id, _ := smithyrand.NewUUID(rand.Reader).GetUUID() // this reader never fails

	return fmt.Appendf(nil, `{"version":"0","id":%q,"detail-type":"Scheduled Event","source":"aws.scheduler",`+
		`"account":"000000000000","time":%q,"region":"local","resources":["arn:aws:scheduler:local:000000000000:schedule/default/%s"],"detail":"{}"}`,
		id, at.UTC().Format(time.RFC3339), name)
}
