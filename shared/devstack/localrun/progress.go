package localrun

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/schollz/progressbar/v3"

	"genesys-cloud-export/shared/commandline"
)

const (
	// redraw is how often progress is drawn on a terminal.
	redraw = 200 * time.Millisecond
	// unknown is a total that nobody knows: progress is a number that grows.
	unknown int64 = -1
)

// draw shows on a terminal how many of total records there are, and the wait, until the returned function is called.
func (v *view) draw(ctx context.Context, total int64, records func() int64) (stop func()) {
	if !v.terminal {
		return func() {}
	}

	options := []progressbar.Option{
		progressbar.OptionSetWriter(v.out), progressbar.OptionSetDescription("exporting"), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(false), progressbar.OptionSetWidth(40), progressbar.OptionSetSpinnerChangeInterval(0),
	}
	if total != unknown {
		options = append(options, progressbar.OptionShowCount())
	}

	v.mu.Lock()
	v.bar = progressbar.NewOptions64(total, options...)
	v.mu.Unlock()

	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)

		for ticker := time.Tick(redraw); ; {
			select {
			case <-ctx.Done():
				return
			case <-ticker:
				v.update(total, records())
			}
		}
	}()

	return func() {
		cancel()
		<-done

		v.mu.Lock()
		defer v.mu.Unlock()
		_ = v.bar.Clear()
		v.bar = nil
	}
}

func (v *view) update(total, records int64) {
	v.mu.Lock()
	defer v.mu.Unlock()

	doing := "exporting"
	if left := time.Until(v.until); left > 0 {
		doing = fmt.Sprintf("waiting %.0f s", math.Ceil(left.Seconds()))
	}

	if total == unknown {
		doing += ", " + commandline.Grouped(records) + " records so far"
	}

	v.bar.Describe(doing)
	_ = v.bar.Set64(records)
}

// recorded is how many records were last reported.
func (v *view) recorded() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()

	return v.count
}
