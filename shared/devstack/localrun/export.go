package localrun

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

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

// export rotates the first token, whose failure ends it, and runs the rotator's schedule beside the export, as AWS does.
func (r *run) export(ctx context.Context) (export.Result, error) {
	calls := driver.New(r.stack.Functions(), driver.Config{Logger: r.Logger, Retry: r.Retry})

	rotation, err := calls.Invoke(ctx, stack.Rotator, []byte("{}"))
	if err != nil {
		return export.Result{}, fmt.Errorf("rotate the first token: %w", err)
	}

	if err := r.view.rotated(rotation); err != nil {
		return export.Result{}, err
	}

	var schedule sync.WaitGroup
	defer schedule.Wait()

	scheduling, stop := context.WithCancel(ctx)
	defer stop()

	schedule.Go(func() {
		calls.Schedule(scheduling, stack.Rotator, r.stack.RotationEvery)
	})

	return r.invoke(ctx, calls)
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

	return calls.Export(ctx, driver.Request{
		FunctionName: stack.ExportUsers,
		Event:        event,
		OnInvocation: func(i driver.Invocation) {
			r.view.line("%s", Describe(i))

			if r.OnInvocation != nil && i.Result.Status != export.StatusComplete {
				r.OnInvocation(ctx, r.stack, i)
			}
		},
	})
}
