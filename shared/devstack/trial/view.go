package trial

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/verify"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/figure"
)

// reasonBusy is an exporter's reason where another invocation holds the export.
const reasonBusy = "busy"

// view is what a person sees of a run.
type view struct {
	out      io.Writer
	terminal bool

	mu    sync.Mutex
	bar   *progressbar.ProgressBar
	until time.Time // the next slice begins then
	count int64     // records after the last slice
}

// line prints a line above the progress, if there is any.
func (v *view) line(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()

	if v.bar != nil {
		_ = v.bar.Clear()
	}

	_, _ = fmt.Fprintf(v.out, format+"\n", args...)

	if v.bar != nil {
		_ = v.bar.RenderBlank()
	}
}

func (v *view) started(local *stack.Stack, config Config) {
	limit := "no rate limit"
	if l := config.Organisation.RateLimit; l > 0 {
		window := config.Organisation.RateWindow
		if window == 0 {
			window = genesyssim.DefaultRateWindow
		}

		limit = fmt.Sprintf("%d requests in %s", l, window)
	}

	v.line("started   Genesys Cloud, simulated  %s  %s users, %s", local.GenesysURL, figure.Grouped(int64(config.Users)), limit)
	v.line("          AWS, simulated            %s  S3, SSM, Secrets Manager, Lambda", local.AWSURL)
}

func (v *view) rotated(run driver.Run) error {
	var reply struct {
		Reason    string    `json:"reason"`
		Version   int64     `json:"version"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal(run.Reply, &reply); err != nil {
		return fmt.Errorf("read the rotator's reply: %w", err)
	}

	v.line("rotated   token version %d (%s), good until %s", reply.Version, reply.Reason, reply.ExpiresAt.Format(time.RFC3339))

	return nil
}

func (v *view) slice(s driver.Slice) {
	r := s.Result

	v.mu.Lock()
	v.count, v.until = r.Records, time.Now().Add(r.Wait())
	v.mu.Unlock()

	if r.Reason == reasonBusy {
		v.line("waiting   %d s: an invocation that was cut off, or another caller's, holds the export until then; %s records so far",
			r.WaitSeconds, figure.Grouped(r.Records))

		return
	}

	next := ""
	if !r.Complete() {
		next = fmt.Sprintf(", wait %d s", r.WaitSeconds)
	}

	v.line("slice %-3d %s (%s%s): %s records, %s pages, parts %s",
		s.Number, r.Status, r.Reason, next, figure.Grouped(r.Records), figure.Grouped(r.Pages), figure.Grouped(r.Parts))
}

// verdict says what the check found, and is [ErrIncomplete] where it found something.
func (v *view) verdict(s Summary, report verify.Report) error {
	if !report.OK() {
		v.line("FAILED    the check of the export found:")

		if err := report.Write(v.out); err != nil {
			return fmt.Errorf("report the check: %w", err)
		}

		return fmt.Errorf("export %s: %w: %d problems, listed above", s.ExportID, ErrIncomplete, len(report.Problems))
	}

	if report.Compared {
		v.line("verified  every record of the organisation, once and in order")
	} else {
		v.line("verified  the export in itself: every part is as the manifest says, and no record is there twice")
	}

	return nil
}

func (v *view) table(s Summary) error {
	counted := ""
	if s.ByFunctions {
		counted = " (as the functions counted in this run)"
	}

	table := tabwriter.NewWriter(v.out, 0, 0, 2, ' ', 0)

	_, _ = fmt.Fprintln(table)
	for _, row := range [][2]string{
		{"invocations", strconv.Itoa(s.Invocations)},
		{"pages", figure.Grouped(s.Pages)},
		{"records", figure.Grouped(s.Records)},
		{"parts", figure.Grouped(s.Parts)},
		{"bytes", figure.Grouped(s.Bytes)},
		{"429s", figure.Grouped(s.Throttled) + counted},
		{"tokens minted", figure.Grouped(s.TokensMint) + counted},
		{"peak memory", fmt.Sprintf("%.1f MiB", float64(s.PeakMemory)/(1<<20))},
		{"wall time", s.WallTime.Round(100 * time.Millisecond).String()},
		{"export", s.Folder},
		{"log", s.Logs},
	} {
		_, _ = fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}

	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}

	return nil
}
