package localrun

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
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

	if slices.Equal(asked.Listings, []string{allListings}) {
		return "all listings; " + users
	}

	return strings.Replace(strings.Join(asked.Listings, ", "), "users", users, 1)
}

// started says where the simulated organisation and AWS are.
func (r *run) started() {
	organisation, limit := r.organisation, "no rate limit"
	if organisation.RateLimit > 0 {
		limit = fmt.Sprintf("%d requests in %s", organisation.RateLimit, cmp.Or(organisation.RateWindow, genesyssim.DefaultRateWindow))
	}

	r.view.line("started   Genesys Cloud, simulated  %s  %s users, %s", r.stack.GenesysURL, commandline.Grouped(organisation.Users), limit)
	r.view.line("          AWS, simulated            %s  S3, SSM, Secrets Manager, Lambda", r.stack.AWSURL)
	r.view.line("reads     %s", reads(r.order))
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

// report prints what the check found and what was counted, and ends with how to read the export where there is anything.
func (r *run) report(s Summary, verdict error, logs string) {
	v, bucket := r.view, bucketFolder(r.Out)
	manifest := path.Join(stack.Prefix, "_state", r.listings[0].Name, r.order.ExportID, "manifest.json")

	switch {
	case verdict != nil:
		v.line("FAILED    %v", verdict)
	case r.stack.Genesys == nil:
		v.line("verified  the export in itself: every part is as the manifest says, and no record is there twice; of histories and of listings that drifted it may be")
	case slices.ContainsFunc(r.listings, listing.history):
		v.line("verified  every record of the organisation, in order; of histories what each day's job gives, %s", interval(r.order.From, r.order.Until))
	default:
		v.line("verified  every record of the organisation, once and in order")
	}

	v.table(s, filepath.Join(bucket, manifest), logs)

	if s.Parts > 0 {
		v.line("\nread it by its manifest, which names the parts that count:")
		// A command line that any POSIX shell takes, with nothing but what every system has.
		v.line(`(cd %s && gzip -dc $(grep -o '[^"]*\.jsonl\.gz' %s)) | head -n 3`, commandline.Quoted(bucket), commandline.Quoted(manifest))
	}
}

func (v *view) table(s Summary, manifest, logs string) {
	width := len("tokens minted")
	for _, one := range s.Exported {
		width = max(width, len(one.Listing))
	}

	row := func(name, text string) { v.line("%-*s  %s", width, name, text) }

	v.line("")
	for _, one := range s.Exported {
		row(one.Listing, fmt.Sprintf("%s records, %s pages, parts %s in %s, below %s", commandline.Grouped(one.Records),
			commandline.Grouped(one.Pages), commandline.Grouped(one.Parts), one.WallTime.Round(100*time.Millisecond), one.Folder))
	}

	for _, figure := range [][2]string{
		{"invocations", strconv.Itoa(s.Invocations)},
		{"pages", commandline.Grouped(s.Pages)},
		{"records", commandline.Grouped(s.Records)},
		{"parts", commandline.Grouped(s.Parts)},
		{"bytes", commandline.Grouped(s.Bytes)},
		{"429s", commandline.Grouped(s.Throttled)},
		{"tokens minted", commandline.Grouped(s.Minted)},
		{"wall time", s.WallTime.Round(100 * time.Millisecond).String()},
		{"manifest", manifest},
		{"log", logs},
	} {
		row(figure[0], figure[1])
	}
}
