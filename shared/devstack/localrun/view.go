package localrun

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
)

// view is what a person sees of a run.
type view struct {
	out io.Writer
	mu  sync.Mutex // lines come from the run and from the functions' log
}

func (v *view) line(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()

	_, _ = fmt.Fprintf(v.out, format+"\n", args...)
}

// announce prints which real organisation will be read, of what, and where to.
func (v *view) announce(l Live, found stack.Addresses, note unfinished) {
	v.line("organisation  Genesys Cloud, real: %s", found.Name)
	v.line("API           %s", found.APIURL)
	v.line("credentials   client %s (%s), tokens from %s", l.Organisation.ClientID, l.Source, found.TokenURL)
	v.line("reads         %s", reads(note.order))
	v.line("writes        %s", filepath.Join(bucketFolder(l.Out), stack.Prefix))
	v.line("AWS           simulated on this machine; nothing is sent to AWS")

	if note.ExportID != "" {
		v.line("resumes       export %s", note.ExportID)
	}

	if l.Warning != "" {
		v.line("careful       %s", l.Warning)
	}
}

// reads says what is exported.
func reads(asked order) string {
	users := "users in state " + asked.State
	if asked.State == allStates {
		users = "users of every state, inactive and deleted ones included (the function's default is active)"
	}

	if slices.Equal(asked.Listings, []string{AllListings}) {
		return "all listings; " + users
	}

	return strings.Replace(strings.Join(asked.Listings, ", "), "users", users, 1)
}

func (v *view) started(r *run) {
	local, organisation := r.stack, r.organisation

	limit := "no rate limit"
	if organisation.RateLimit > 0 {
		limit = fmt.Sprintf("%d requests in %s", organisation.RateLimit, cmp.Or(organisation.RateWindow, genesyssim.DefaultRateWindow))
	}

	v.line("started   Genesys Cloud, simulated  %s  %s users, %s", local.GenesysURL, commandline.Grouped(organisation.Users), limit)
	v.line("          AWS, simulated            %s  S3, SSM, Secrets Manager, Lambda", local.AWSURL)
	v.line("reads     %s", reads(r.order))
}

func (v *view) rotated(rotation json.RawMessage) error {
	var reply struct {
		Reason    string    `json:"reason"`
		Version   int64     `json:"version"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal(rotation, &reply); err != nil {
		return fmt.Errorf("read the rotator's reply: %w", err)
	}

	v.line("rotated   token version %d (%s), good until %s", reply.Version, reply.Reason, reply.ExpiresAt.Format(time.RFC3339))

	return nil
}

// Describe returns what an invocation came to, as a line.
func Describe(i driver.Invocation) string {
	r := i.Result
	if r.Reason == export.ReasonBusy {
		return fmt.Sprintf("waiting   %d s: another invocation, or one that was cut off, has the lease until then; %s records so far",
			r.WaitSeconds, commandline.Grouped(r.Records))
	}

	return fmt.Sprintf("invocation %d  %s", i.Number, driver.Describe(r))
}

// reading reports how far the running invocation is.
func (v *view) reading(records, pages int64) {
	v.line("reading   %s records, %s pages so far", commandline.Grouped(records), commandline.Grouped(pages))
}

// stopping says what is waited for where ctx was interrupted.
func (v *view) stopping(ctx context.Context) {
	if ctx.Err() != nil {
		v.line("stopping  what has been read is committed; this takes some seconds at most")
	}
}

// report prints what the check found and what was counted, and ends with how to read the export where there is anything.
func (v *view) report(s Summary, verdict error, compared bool) error {
	switch {
	case verdict != nil:
		v.line("FAILED    %v", verdict)
	case compared && s.Interval != "":
		v.line("verified  every record of the organisation, in order; of histories what each day's job gives, %s", s.Interval)
	case compared:
		v.line("verified  every record of the organisation, once and in order")
	default:
		v.line("verified  the export in itself: every part is as the manifest says, and no record is there twice; of histories and of listings that drifted it may be")
	}

	if err := v.table(s); err != nil {
		return err
	}

	if s.Parts > 0 {
		v.line("\nread it by its manifest, which names the parts that count:")
		// A command line that any POSIX shell takes, with nothing but what every system has.
		v.line(`(cd %s && gzip -dc $(grep -o '[^"]*\.jsonl\.gz' %s)) | head -n 3`, commandline.Quoted(s.Bucket), commandline.Quoted(s.Manifest))
	}

	return nil
}

func (v *view) table(s Summary) error {
	table := tabwriter.NewWriter(v.out, 0, 0, 2, ' ', 0)

	_, _ = fmt.Fprintln(table)
	for _, one := range s.Exported {
		_, _ = fmt.Fprintf(table, "%s\t%s records, %s pages, parts %s in %s, below %s\n", one.Listing, commandline.Grouped(one.Records),
			commandline.Grouped(one.Pages), commandline.Grouped(one.Parts), one.WallTime.Round(100*time.Millisecond), one.Folder)
	}

	for _, row := range [][2]string{
		{"invocations", strconv.Itoa(s.Invocations)},
		{"pages", commandline.Grouped(s.Pages)},
		{"records", commandline.Grouped(s.Records)},
		{"parts", commandline.Grouped(s.Parts)},
		{"bytes", commandline.Grouped(s.Bytes)},
		{"429s", commandline.Grouped(s.Throttled)},
		{"tokens minted", commandline.Grouped(s.Minted)},
		{"peak memory", fmt.Sprintf("%.1f MiB", float64(s.PeakMemory)/(1<<20))},
		{"wall time", s.WallTime.Round(100 * time.Millisecond).String()},
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
