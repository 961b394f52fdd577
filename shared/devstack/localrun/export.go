package localrun

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/sync/errgroup"

	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
)

// order is the export function's event: which export, of what.
type order struct {
	ExportID string `json:"export_id"`
	State    string `json:"state"`
	PageSize int    `json:"page_size,omitempty"`
}

// export runs the rotator's schedule beside the export, as AWS does. A first rotation that fails ends it; later failures are
// logged.
func (r *run) export(ctx context.Context) (result export.Result, err error) {
	calls := driver.New(r.stack.Functions(), driver.Config{Logger: r.Logger, Retry: r.Retry})
	first := make(chan driver.Run, 1)

	scheduling, stopSchedule := context.WithCancel(ctx)
	defer stopSchedule()

	var group errgroup.Group
	group.Go(func() error {
		return calls.Schedule(scheduling, driver.Schedule{
			Name: "rotator", FunctionName: stack.Rotator, Every: r.stack.RotationEvery,
			OnRun: func(rotation driver.Run) {
				select {
				case first <- rotation: // a second one has no reader
				default:
					if rotation.Err != nil {
						r.Logger.WarnContext(ctx, "the rotator failed", "error", rotation.Err)
					}
				}
			},
		})
	})
	group.Go(func() error {
		defer stopSchedule()

		if err := r.awaitToken(ctx, first); err != nil {
			return err
		}

		result, err = r.invoke(ctx, calls)

		return err
	})

	return result, group.Wait()
}

func (r *run) awaitToken(ctx context.Context, first <-chan driver.Run) error {
	select {
	case rotation := <-first:
		if rotation.Err != nil {
			return fmt.Errorf("rotate the first token: %w", rotation.Err)
		}

		return r.view.rotated(rotation)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// invoke invokes the export function until the export is complete.
func (r *run) invoke(ctx context.Context, calls *driver.Driver) (export.Result, error) {
	event, err := json.Marshal(r.order)
	if err != nil {
		return export.Result{}, fmt.Errorf("encode the event: %w", err)
	}

	if r.note != nil {
		if err := r.note.write(r.Out); err != nil {
			return export.Result{}, err
		}
		r.noted = true
	}

	total, records := unknown, r.view.recorded
	if genesys := r.stack.Genesys; genesys != nil {
		total = int64(r.organisation.Users)
		// Pages that are fetched again after a stop are served twice.
		records = func() int64 { return min(genesys.Stats().EntitiesServed, total) }
	}

	stopDrawing := r.view.draw(ctx, total, records)
	defer stopDrawing()

	return calls.Export(ctx, driver.Request{
		FunctionName: stack.ExportUsers,
		Event:        event,
		OnInvocation: func(i driver.Invocation) {
			r.view.invocation(i)

			if r.OnInvocation != nil && i.Result.Status != export.StatusComplete {
				r.OnInvocation(ctx, r.stack, i)
			}
		},
	})
}
