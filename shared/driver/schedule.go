package driver

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"
)

// Schedule is a function that is invoked at a rate, as EventBridge Scheduler does it.
type Schedule struct {
	// Name is the schedule's name, of letters, digits, hyphens, underscores and dots. It stands in the event's resource.
	Name string

	// FunctionName is the function's name or ARN.
	FunctionName string

	// Every is the rate, more than zero.
	Every time.Duration

	// Payload is what the function gets each time; empty is what the Scheduler sends of itself, see [ScheduledEvent].
	Payload json.RawMessage

	// OnRun, if not nil, is called after each invocation. Without it failures are logged.
	OnRun func(Run)
}

// Run is one invocation of a schedule.
type Run struct {
	// At is the time that it was scheduled for.
	At time.Time
	// Duration is how long the invocation took.
	Duration time.Duration
	// Reply is what the function returned, nil where it failed.
	Reply json.RawMessage
	// Err is a [*FunctionError] or the SDK's error, wrapped; nil on success.
	Err error
}

// Schedule invokes the function at once, as a new schedule in AWS does, and then at the rate, until ctx ends, which is no
// error. A failed invocation is not repeated before the next is due. An invocation that takes longer than
// the rate delays the next, and those missed meanwhile are left out: unlike in AWS no two of them overlap. The
// function is called synchronously, where the Scheduler calls it asynchronously, so that its reply can be told.
func (d *Driver) Schedule(ctx context.Context, schedule Schedule) error {
	if schedule.Every <= 0 {
		return fmt.Errorf("schedule %s: the rate %s is not more than zero", schedule.Name, schedule.Every)
	}

	ticker := time.NewTicker(schedule.Every)
	defer ticker.Stop()

	for at := time.Now(); ; {
		d.run(ctx, schedule, at)

		select {
		case at = <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

func (d *Driver) run(ctx context.Context, schedule Schedule, at time.Time) {
	payload := schedule.Payload
	if len(payload) == 0 {
		payload = ScheduledEvent(schedule.Name, at)
	}

	started := time.Now()
	reply, err := d.Invoke(ctx, schedule.FunctionName, payload)
	if ctx.Err() != nil {
		return
	}

	switch {
	case schedule.OnRun != nil:
		schedule.OnRun(Run{At: at, Duration: time.Since(started), Reply: reply, Err: err})
	case err != nil:
		d.logger.WarnContext(ctx, "a scheduled invocation failed", "schedule", schedule.Name, "error", err)
	}
}

// ScheduledEvent returns the event that EventBridge Scheduler sends to a Lambda target that has no input of its own, for
// the schedule of that name in the default group of a local account. Its detail is the *string* "{}", where the rules of
// EventBridge send an object.
func ScheduledEvent(name string, at time.Time) json.RawMessage {
	event, err := json.Marshal(struct {
		Version    string    `json:"version"`
		ID         string    `json:"id"`
		DetailType string    `json:"detail-type"`
		Source     string    `json:"source"`
		Account    string    `json:"account"`
		Time       string    `json:"time"`
		Region     string    `json:"region"`
		Resources  [1]string `json:"resources"`
		Detail     string    `json:"detail"`
	}{
		Version:    "0",
		ID:         newEventID(),
		DetailType: "Scheduled Event",
		Source:     "aws.scheduler",
		Account:    "000000000000",
		Time:       at.UTC().Truncate(time.Second).Format(time.RFC3339),
		Region:     "local",
		Resources:  [1]string{"arn:aws:scheduler:local:000000000000:schedule/default/" + name},
		Detail:     "{}",
	})
	if err != nil {
		panic("encode an event of strings: " + err.Error())
	}

	return event
}

// newEventID returns a random UUID, version 4.
func newEventID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80

	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
