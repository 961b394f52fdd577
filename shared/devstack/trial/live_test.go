package trial_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/authority"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/trial"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/secret"
)

func TestARealOrganisationIsExportedWhole(t *testing.T) {
	t.Parallel()

	c, organisation, out := liveConfig(t, genesyssim.Fault{Path: "/api/v2/users/query", Nth: 4, Status: 429, RetryAfter: "1"})

	announced := ""
	c.Confirm = func(context.Context) error {
		announced = out.String()

		if n := asked(organisation); n != 0 {
			t.Errorf("%d requests were sent before anybody confirmed", n)
		}

		return nil
	}

	secrets := []string{clientSecret}
	c.OnSlice = func(ctx context.Context, s *stack.Stack, slice driver.Invocation) {
		if slice.Number > 1 {
			return
		}

		secrets = append(secrets, storedToken(ctx, t, s))

		left, err := os.ReadFile(filepath.Join(c.Out, "unfinished.json"))
		if err != nil || !bytes.Contains(left, []byte(slice.Result.ExportID)) {
			t.Errorf("the unfinished export %s is not remembered: %s, %v", slice.Result.ExportID, left, err)
		}
	}

	summary, err := trial.RunLive(t.Context(), c)
	if err != nil {
		t.Fatalf("the run failed: %v\n%s", err, out)
	}

	for _, want := range []string{
		"organisation  Genesys Cloud, real: " + strings.TrimPrefix(c.Organisation.APIURL, "https://"),
		"API           " + c.Organisation.APIURL,
		"client a-client (a test)",
		"of every state, inactive and deleted ones included",
		"writes        " + filepath.Join(c.Out, "s3", stack.Bucket, "exports", "users"),
		"nothing is sent to AWS",
	} {
		if !strings.Contains(announced, want) {
			t.Errorf("what was said before the question lacks %q:\n%s", want, announced)
		}
	}

	for _, want := range []string{"verified  the export in itself", "records        1,500", "429s           1 (as the functions counted", "tokens minted  1 (as the functions counted"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, out)
		}
	}

	counts := organisation.Stats()
	if !summary.ByFunctions || summary.Throttled != counts.Throttled || summary.TokensMint != counts.TokensMinted || summary.Throttled == 0 {
		t.Errorf("the functions counted %+v, the organisation %+v", summary, counts)
	}

	if summary.Invocations < 2 {
		t.Errorf("the export was to take several invocations: %+v", summary)
	}

	if len(secrets) != 2 {
		t.Error("there was no token to search for")
	}

	requireEveryUser(t, organisation, genesyssim.Query{State: "any"}, summary.Folder)
	requireAbsent(t, filepath.Join(c.Out, "unfinished.json"))
	search(t, c.Out, out, secrets)
	requirePrivate(t, filepath.Join(c.Out, "s3"))
}

func requireAbsent(t *testing.T, name string) {
	t.Helper()

	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is there: %v", name, err)
	}
}

// requirePrivate wants a folder that nobody but its owner enters.
func requirePrivate(t *testing.T, folder string) {
	t.Helper()

	info, err := os.Stat(folder)
	if err != nil {
		t.Fatal(err)
	}

	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("the folder with the export has mode %o, want 700", got)
	}
}

func TestAnInterruptedRunIsResumedByTheNextAndByNoOther(t *testing.T) {
	t.Parallel()

	c, organisation, out := liveConfig(t)
	c.State = "active"

	ctx, interrupt := context.WithCancelCause(t.Context())
	defer interrupt(nil)

	pulled := errors.New("the plug was pulled")
	id := ""
	c.OnSlice = func(_ context.Context, _ *stack.Stack, slice driver.Invocation) {
		id = slice.Result.ExportID
		interrupt(pulled)
	}

	_, err := trial.RunLive(ctx, c)
	if !errors.Is(err, pulled) || !strings.Contains(err.Error(), "start again in the same way, and export "+id+" goes on") {
		t.Fatalf("got %v, want an error that says how to go on with %s\n%s", err, id, out)
	}

	before := asked(organisation)

	for name, test := range map[string]struct {
		change func(*trial.Live)
		says   string
	}{
		"another environment": {func(l *trial.Live) { l.Organisation.Environment = "mypurecloud.de" }, "now mypurecloud.de"},
		"another client":      {func(l *trial.Live) { l.Organisation.ClientID = "b-client" }, "client a-client, now b-client"},
		"another state":       {func(l *trial.Live) { l.State = "any" }, "state active, now any"},
		"another page size":   {func(l *trial.Live) { l.PageSize = 100 }, "page size 50, now 100"},
	} {
		other := c
		test.change(&other)

		_, err := trial.RunLive(t.Context(), other)
		if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "delete "+filepath.Join(c.Out, "unfinished.json")) {
			t.Errorf("%s: got %v, want an error that says %q and what to do", name, err, test.says)
		}
	}

	if now := asked(organisation); now != before {
		t.Errorf("%d requests were sent for runs that were refused", now-before)
	}

	c.OnSlice, c.Terminal = nil, true
	out.Reset()

	summary, err := trial.RunLive(t.Context(), c)
	if err != nil {
		t.Fatalf("the second run failed: %v\n%s", err, out)
	}

	if !strings.Contains(out.String(), "records so far") {
		t.Errorf("a terminal shows no progress:\n%q", out)
	}

	if summary.ExportID != id || !strings.Contains(out.String(), "resumes       export "+id) {
		t.Errorf("got export %s, want %s resumed\n%s", summary.ExportID, id, out)
	}

	requireEveryUser(t, organisation, genesyssim.Query{State: "active"}, summary.Folder)
	requireAbsent(t, filepath.Join(c.Out, "unfinished.json"))
}

func TestARunThatCannotReachTheOrganisationNamesWhy(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		change func(*trial.Live)
		says   []string
		tokens int64 // requests that reach the token endpoint
	}{
		"the certificate is another authority's": {
			func(l *trial.Live) { l.Organisation.Authorities = authority.New(t).File(t) },
			[]string{"rotate the first token", "UpstreamUnavailable", "certificate is not trusted"},
			0,
		},
		"the secret is wrong": {
			func(l *trial.Live) { l.Organisation.ClientSecret = secret.New(clientSecret + "-not") },
			[]string{"rotate the first token", "InvalidCredentials"},
			1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c, organisation, out := liveConfig(t)
			test.change(&c)

			_, err := trial.RunLive(t.Context(), c)
			for _, says := range test.says {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("got %v, want an error that says %q", err, says)
				}
			}

			if got := organisation.Stats().TokenRequests; got != test.tokens {
				t.Errorf("token requests: got %d, want %d", got, test.tokens)
			}

			if text := out.String() + err.Error(); strings.Contains(text, clientSecret) {
				t.Error("the secret was shown")
			}

			requireAbsent(t, filepath.Join(c.Out, "unfinished.json"))
		})
	}
}

func TestNothingIsAskedOfTheOrganisationWhereSomethingIsWrongBefore(t *testing.T) {
	t.Parallel()

	declined := errors.New("declined")

	for name, test := range map[string]struct {
		change func(*testing.T, *trial.Live)
		says   string
	}{
		"nobody confirms":       {func(_ *testing.T, l *trial.Live) { l.Confirm = func(context.Context) error { return declined } }, "declined"},
		"nobody could confirm":  {func(_ *testing.T, l *trial.Live) { l.Confirm = nil }, "nobody is there to confirm"},
		"the state is none":     {func(_ *testing.T, l *trial.Live) { l.State = "all" }, `"all" is none of active`},
		"the page is too large": {func(_ *testing.T, l *trial.Live) { l.PageSize = 501 }, "from 1 to 500"},
		"the organisation is unknown": {
			func(_ *testing.T, l *trial.Live) { l.Organisation.Environment = "mypurecloud.example" }, "mypurecloud.example",
		},
		"the organisation is not named": {func(_ *testing.T, l *trial.Live) { l.Organisation.APIURL = "" }, "it is not said which"},
		"an address is not safe": {
			func(_ *testing.T, l *trial.Live) { l.Organisation.TokenURL = "http://login.mypurecloud.de/" }, "token endpoint is not usable",
		},
		"there is no secret": {func(_ *testing.T, l *trial.Live) { l.Organisation.ClientSecret = secret.Text{} }, "not complete"},
		"there is no authority": {
			func(_ *testing.T, l *trial.Live) { l.Organisation.Authorities = filepath.Join(l.Out, "none") }, "certificate authorities",
		},
		"the authority is none": {
			func(t *testing.T, l *trial.Live) {
				t.Helper()
				l.Organisation.Authorities = filepath.Join(l.Out, "text")
				write(t, l.Organisation.Authorities, "text")
			}, "holds no certificate",
		},
		"what is unfinished cannot be read": {
			func(t *testing.T, l *trial.Live) { t.Helper(); write(t, filepath.Join(l.Out, "unfinished.json"), "{") }, "delete it to begin another",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c, organisation, _ := liveConfig(t)
			test.change(t, &c)

			_, err := trial.RunLive(t.Context(), c)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error that says %q", err, test.says)
			}

			if n := asked(organisation); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()

	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The export function looks at a part's size only; a bit that has flipped since is for the check to find.
func TestADamagedLiveExportFailsTheCheck(t *testing.T) {
	t.Parallel()

	c, _, out := liveConfig(t)
	c.OnSlice = func(_ context.Context, _ *stack.Stack, slice driver.Invocation) {
		parts, err := filepath.Glob(filepath.Join(c.Out, "s3", stack.Bucket, "exports", "users", "export_id="+slice.Result.ExportID, "part-*"))
		if err != nil || len(parts) == 0 || slice.Number > 1 {
			return
		}

		text, err := os.ReadFile(parts[0])
		if err != nil {
			t.Error(err)
			return
		}

		text[len(text)/2] ^= 1
		write(t, parts[0], string(text))
	}

	_, err := trial.RunLive(t.Context(), c)
	if !errors.Is(err, trial.ErrIncomplete) || !strings.Contains(out.String(), "FAILED") {
		t.Errorf("got %v, want %v\n%s", err, trial.ErrIncomplete, out)
	}
}
