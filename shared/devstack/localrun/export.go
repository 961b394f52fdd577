package localrun

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/verify"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
)

// export rotates the first token, whose failure ends it, and runs the rotator's schedule beside the exports, as AWS does. One
// listing that fails does not keep the others from being exported.
func (r *run) export(ctx context.Context) error {
	calls := driver.New(r.stack.Functions(), driver.Config{Logger: r.Logger, Retry: r.Retry})

	rotation, err := calls.Invoke(ctx, stack.Rotator, []byte("{}"))
	if err != nil {
		return fmt.Errorf("rotate the first token: %w", err)
	}

	if err := r.view.rotated(rotation); err != nil {
		return err
	}

	var schedule sync.WaitGroup
	defer schedule.Wait()

	scheduling, stop := context.WithCancel(ctx)
	defer stop()

	schedule.Go(func() { calls.Schedule(scheduling, stack.Rotator, r.stack.RotationEvery) })

	if r.note != nil {
		if err := r.note.write(r.Out); err != nil {
			return err
		}
		r.noted = true
	}

	var (
		failed []string
		first  error
	)

	for _, listing := range r.listings {
		err := r.exportAndCheck(ctx, calls, listing)

		switch {
		case err == nil:
		case len(r.listings) == 1 || ctx.Err() != nil:
			return err
		default:
			r.view.line("FAILED    %s: %v", listing.Name, err)
			failed, first = append(failed, listing.Name), cmp.Or(first, err)
		}
	}

	if first == nil {
		return nil
	}

	return fmt.Errorf("%d of %d listings failed, the others are complete: %s: %w", len(failed), len(r.listings), strings.Join(failed, ", "), first)
}

// exportAndCheck makes the export of a listing and checks it.
func (r *run) exportAndCheck(ctx context.Context, calls *driver.Driver, of listing) error {
	begun := time.Now()

	if len(r.listings) > 1 {
		r.view.line("listing   %s", of.Name)
	}

	result, err := calls.Export(ctx, driver.Request{
		FunctionName: of.function,
		Event:        r.order.event(of),
		OnInvocation: func(i driver.Invocation) {
			r.view.line("%s", Describe(i))

			if r.OnInvocation != nil && i.Result.Status != export.StatusComplete {
				r.OnInvocation(ctx, r.stack, i)
			}
		},
	})
	if err != nil {
		return err
	}

	if r.BeforeCheck != nil {
		r.BeforeCheck(ctx, r.stack, result)
	}

	check := verify.Config{
		Bucket: os.DirFS(bucketFolder(r.Out)), BucketName: stack.Bucket, Prefix: stack.Prefix, Listing: of.Name, ExportID: r.order.ExportID,
	}
	if genesys := r.stack.Genesys; genesys != nil {
		check.Truth = func(w io.Writer) error { return r.order.expected(w, genesys, of) }
	}

	report, err := verify.Export(ctx, check)
	if err != nil {
		err = fmt.Errorf("check the export %s: %w", r.order.ExportID, err)
	}

	r.exported = append(r.exported, Exported{
		Report: report, Listing: of.Name, WallTime: time.Since(begun),
		Folder: filepath.Join(bucketFolder(r.Out), stack.Prefix, of.Name, "export_id="+r.order.ExportID),
	})

	return err
}
