package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/verify"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
)

// view is what a person sees of a run.
type view struct {
	out      io.Writer
	terminal bool

	mu    sync.Mutex
	bar   *progressbar.ProgressBar
	until time.Time // the next slice begins then
	count int64     // records so far, those that are not committed yet included
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

	v.line("started   Genesys Cloud, simulated  %s  %s users, %s", local.GenesysURL, commandline.Grouped(int64(config.Users)), limit)
	v.line("          AWS, simulated            %s  S3, SSM, Secrets Manager, Lambda", local.AWSURL)
	v.line("reads     its users, %s", states(state))
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

func (v *view) slice(s driver.Invocation) {
	r := s.Result

	v.mu.Lock()
	v.count, v.until = r.Records, time.Now().Add(time.Duration(r.WaitSeconds)*time.Second)
	v.mu.Unlock()

	if r.Reason == export.ReasonBusy {
		v.line("waiting   %d s: another invocation, or one that was cut off, has the lease until then; %s records so far",
			r.WaitSeconds, commandline.Grouped(r.Records))

		return
	}

	next := ""
	if r.Status != export.StatusComplete {
		next = fmt.Sprintf(", wait %d s", r.WaitSeconds)
	}

	v.line("slice %-3d %s (%s%s): %s records, %s pages, parts %s",
		s.Number, r.Status, r.Reason, next, commandline.Grouped(r.Records), commandline.Grouped(r.Pages), commandline.Grouped(r.Parts))
}

// reading tells how far the running invocation is. On a terminal the progress shows it.
func (v *view) reading(records, pages int64) {
	v.mu.Lock()
	v.count = records
	v.mu.Unlock()

	if !v.terminal {
		v.line("reading   %s records, %s pages so far", commandline.Grouped(records), commandline.Grouped(pages))
	}
}

// stopping says what is waited for where ctx was interrupted.
func (v *view) stopping(ctx context.Context) {
	if ctx.Err() != nil {
		v.line("stopping  what has been read is committed; this takes some seconds at most")
	}
}

// report prints what the check found and what was counted, and ends with how to read the export where there is anything.
func (v *view) report(s Summary, report verify.Report) error {
	if err := errors.Join(v.verdict(s, report), v.table(s)); err != nil {
		return err
	}

	if s.Parts > 0 {
		v.line("\nread it by its manifest, which names the parts that count:")
		v.line("%s", s.readCommand())
	}

	return nil
}

// readCommand is a command line that any POSIX shell takes, with nothing but what every system has.
func (s Summary) readCommand() string {
	return fmt.Sprintf(`(cd %s && gzip -dc $(grep -o '[^"]*\.jsonl\.gz' %s)) | head -n 3`, commandline.Quoted(s.Bucket), commandline.Quoted(s.Manifest))
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
		{"pages", commandline.Grouped(s.Pages)},
		{"records", commandline.Grouped(s.Records)},
		{"parts", commandline.Grouped(s.Parts)},
		{"bytes", commandline.Grouped(s.Bytes)},
		{"429s", commandline.Grouped(s.Throttled) + counted},
		{"tokens minted", commandline.Grouped(s.TokensMint) + counted},
		{"peak memory", fmt.Sprintf("%.1f MiB", float64(s.PeakMemory)/(1<<20))},
		{"wall time", s.WallTime.Round(100 * time.Millisecond).String()},
		{"export", s.Folder},
		{"manifest", filepath.Join(s.Bucket, s.Manifest)},
		{"log", s.Logs},
	} {
		_, _ = fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}

	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}

	return nil
}
