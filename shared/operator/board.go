package operator

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"genesys-cloud-export/shared/retry"
)

// redraw is how often progress is drawn on a terminal.
const redraw = time.Second

// board is what a person sees of an export: lines, and on a terminal what is going on below them.
type board struct {
	out io.Writer
	bar *progressbar.ProgressBar // nil where there is no terminal
}

func newBoard(out io.Writer, terminal bool) *board {
	b := &board{out: out}
	if terminal {
		b.bar = progressbar.NewOptions64(-1,
			progressbar.OptionSetWriter(out), progressbar.OptionSetDescription("starting"), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetSpinnerChangeInterval(0))
	}

	return b
}

// line prints a line above what is going on.
func (b *board) line(format string, args ...any) {
	if b.bar != nil {
		_ = b.bar.Clear()
	}

	_, _ = fmt.Fprintf(b.out, format+"\n", args...)
}

// wait waits for d, or until ctx ends, and on a terminal shows what is going on.
func (b *board) wait(ctx context.Context, d time.Duration, doing func() (text string, records int64)) error {
	if b.bar == nil {
		return retry.Sleep(ctx, d)
	}

	for ; d > 0; d -= redraw {
		text, records := doing()
		b.bar.Describe(text)
		_ = b.bar.Set64(records)

		if err := retry.Sleep(ctx, min(d, redraw)); err != nil {
			return err
		}
	}

	return nil
}

// close takes away what was going on.
func (b *board) close() {
	if b.bar != nil {
		_ = b.bar.Clear()
		b.bar = nil
	}
}

// table prints names and values below an empty line.
func (b *board) table(rows [][2]string) error {
	b.close()

	table := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', 0)

	_, _ = fmt.Fprintln(table)
	for _, row := range rows {
		_, _ = fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}

	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}

	return nil
}
