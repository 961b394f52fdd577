package trial_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/trial"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
)

// The trials of these tests are small and short of time, so that each export needs several invocations.
const (
	users    = 1_500
	pageSize = 50
)

// templateFile is the project's template.
const templateFile = "../../../template.yaml"

// binaries is where TestMain built the functions, once for all tests.
var binaries string //nolint:gochecknoglobals // set by TestMain alone

func TestMain(m *testing.M) {
	os.Exit(functiontest.Main(m, &binaries, stack.Rotator, stack.ExportUsers))
}

// config is a trial of 30 pages that meets a rate limit and runs out of time.
func config(t *testing.T) (trial.Config, *bytes.Buffer) {
	t.Helper()

	var out bytes.Buffer

	return trial.Config{
		Users: users, PageSize: pageSize, Out: t.TempDir(), Binaries: binaries, Template: templateFile, Stdout: &out,
		Timeout:     3 * time.Second,
		Environment: map[string]string{"EXPORT_TIME_RESERVE_SECONDS": "1", "MAX_REQUESTS_PER_MINUTE": "60000"},
		Organisation: genesyssim.Config{
			Seed: 7, RateLimit: 11, RateWindow: 2 * time.Second, Latency: 10 * time.Millisecond, TokenLifetime: time.Hour,
		},
	}, &out
}

// mustRun runs a trial that has to end with every user exported; the trial itself has checked that.
func mustRun(t *testing.T, c trial.Config, out *bytes.Buffer) trial.Summary {
	t.Helper()

	summary, err := trial.Run(t.Context(), c)
	if err != nil {
		t.Fatalf("the trial failed: %v\n%s", err, out)
	}

	if summary.Records != users {
		t.Errorf("records: got %d, want %d", summary.Records, users)
	}

	return summary
}

func TestEveryUserIsExportedOverSeveralInvocationsAndRateLimits(t *testing.T) {
	t.Parallel()

	c, out := config(t)

	var secrets []string
	c.BeforeCheck = func(ctx context.Context, s *stack.Stack, _ export.Result) {
		secrets = append(secrets, s.ClientSecret().Reveal(), storedToken(ctx, t, s))
	}

	summary := mustRun(t, c, out)
	if summary.Invocations < 3 || summary.Throttled < 1 || summary.TokensMint != 1 || summary.Pages != users/pageSize {
		t.Errorf("the trial was to take several invocations, meet rate limits and mint once: %+v", summary)
	}

	if summary.PeakMemory <= 0 || summary.Bytes <= 0 || summary.Parts < 3 {
		t.Errorf("the summary lacks figures: %+v", summary)
	}

	for _, want := range []string{"records        1,500", "tokens minted  1", "verified ", "of every state, inactive and deleted ones included (the function's default is active)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, out)
		}
	}

	search(t, c.Out, out, secrets)
}

// search looks for secrets in everything that a trial left, and for entities in what it printed.
func search(t *testing.T, folder string, out *bytes.Buffer, secrets []string) {
	t.Helper()

	texts := map[string][]byte{"standard output": out.Bytes()}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}

		texts[path], err = os.ReadFile(path)

		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	logged := false
	for name, text := range texts {
		for _, canary := range secrets {
			if len(canary) < 16 {
				t.Fatalf("a canary of %d characters is too short to be searched for", len(canary))
			}

			if bytes.Contains(text, []byte(canary)) {
				t.Errorf("%s holds a secret", name)
			}
		}

		if strings.HasSuffix(name, ".log") || name == "standard output" {
			logged = logged || bytes.Contains(text, []byte("GenesysCloudExport"))
			for _, key := range []string{`"jabberId"`, `"primaryContactInfo"`, "@"} {
				if bytes.Contains(text, []byte(key)) {
					t.Errorf("%s holds an entity's content (%s)", name, key)
				}
			}
		}
	}

	if !logged {
		t.Error("no log with metrics was searched")
	}
}

func storedToken(ctx context.Context, t *testing.T, s *stack.Stack) string {
	t.Helper()

	reply, err := s.SSM().GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(s.TokenParameter), WithDecryption: aws.Bool(true)})
	if err != nil {
		t.Errorf("read the stored token: %v", err)
		return ""
	}

	var stored struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(aws.ToString(reply.Parameter.Value)), &stored); err != nil {
		t.Errorf("read the stored token: %v", err)
	}

	return stored.AccessToken
}

func TestADamagedExportFailsTheCheck(t *testing.T) {
	t.Parallel()

	for name, damage := range map[string]func(*testing.T, string){
		"one record removed": func(t *testing.T, part string) {
			t.Helper()
			rewrite(t, part, func(lines []string) []string { return append(lines[:3:3], lines[4:]...) })
		},
		"one record doubled": func(t *testing.T, part string) {
			t.Helper()
			rewrite(t, part, func(lines []string) []string { return append(lines[:4:4], lines[3:]...) })
		},
		"a part cut": func(t *testing.T, part string) {
			t.Helper()

			info, err := os.Stat(part)
			if err != nil {
				t.Fatal(err)
			}

			if err := os.Truncate(part, info.Size()/2); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c, out := config(t)
			c.Users, c.Organisation.RateLimit = 300, 0
			c.BeforeCheck = func(_ context.Context, _ *stack.Stack, r export.Result) {
				parts, err := filepath.Glob(filepath.Join(c.Out, "s3", "*", "*", "users", "export_id="+r.ExportID, "part-*"))
				if err != nil || len(parts) == 0 {
					t.Fatalf("find the parts: %v, %v", parts, err)
				}

				damage(t, parts[0])
			}

			_, err := trial.Run(t.Context(), c)
			if !errors.Is(err, trial.ErrIncomplete) {
				t.Errorf("got %v, want %v\n%s", err, trial.ErrIncomplete, out)
			}

			if !strings.Contains(out.String(), "FAILED") {
				t.Errorf("the report does not say that the check failed:\n%s", out)
			}
		})
	}
}

// rewrite changes the lines of a part.
func rewrite(t *testing.T, part string, change func([]string) []string) {
	t.Helper()

	compressed, err := os.ReadFile(part)
	if err != nil {
		t.Fatal(err)
	}

	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}

	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}

	var again bytes.Buffer
	writer := gzip.NewWriter(&again)
	_, _ = io.WriteString(writer, strings.Join(change(strings.SplitAfter(string(text), "\n")), ""))

	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(part, again.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAnExporterKilledAtAnyMomentLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()

	c, out := config(t)
	c.Organisation.RateLimit = 0
	c.Organisation.Latency = 40 * time.Millisecond

	var killed atomic.Int64
	done := make(chan struct{})
	c.OnStart = func(ctx context.Context, s *stack.Stack) {
		go func() {
			defer close(done)

			for killed.Load() < 5 {
				select {
				case <-ctx.Done():
					return
				case <-time.After(time.Duration(50+rand.IntN(900)) * time.Millisecond):
					killed.Add(int64(s.Lambda.Kill(stack.ExportUsers)))
				}
			}
		}()
	}
	c.BeforeCheck = func(ctx context.Context, _ *stack.Stack, _ export.Result) {
		select {
		case <-done:
		case <-ctx.Done():
		}
	}

	mustRun(t, c, out)

	if killed := killed.Load(); killed < 5 {
		t.Errorf("the exporter was killed %d times only", killed)
	}
}

func TestThreeCallersOfOneExportMakeOneExport(t *testing.T) {
	t.Parallel()

	c, out := config(t)
	c.ExportID = "one-of-three"

	var others sync.WaitGroup
	c.OnSlice = func(ctx context.Context, s *stack.Stack, slice driver.Invocation) {
		if slice.Number > 1 {
			return
		}

		for range 2 {
			others.Go(func() {
				result, err := driver.New(s.Functions(), driver.Config{}).Export(ctx, driver.Request{
					FunctionName: stack.ExportUsers, Event: json.RawMessage(`{"export_id":"one-of-three"}`),
				})
				if err != nil || result.Records != users {
					t.Errorf("another caller got %+v, %v", result, err)
				}
			})
		}
	}
	c.BeforeCheck = func(context.Context, *stack.Stack, export.Result) { others.Wait() }

	mustRun(t, c, out)
}

func TestALostTokenCostsOneMintAndNoRecord(t *testing.T) {
	t.Parallel()

	for name, lose := range map[string]func(context.Context, *stack.Stack) error{
		"the stored token is deleted, and the exporter's process gone": func(ctx context.Context, s *stack.Stack) error {
			s.Lambda.Kill(stack.ExportUsers)
			_, err := s.SSM().DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: aws.String(s.TokenParameter)})

			return err
		},
		"the token is revoked": func(_ context.Context, s *stack.Stack) error {
			s.Genesys.RevokeTokens()
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c, out := config(t)
			c.OnSlice = func(ctx context.Context, s *stack.Stack, slice driver.Invocation) {
				if slice.Number > 1 {
					return
				}

				if err := lose(ctx, s); err != nil {
					t.Error(err)
				}
			}

			if summary := mustRun(t, c, out); summary.TokensMint != 2 {
				t.Errorf("tokens minted: got %d, want the first and one more", summary.TokensMint)
			}
		})
	}

	t.Run("the token expires", func(t *testing.T) {
		t.Parallel()

		c, out := config(t)
		c.Organisation.TokenLifetime = 3 * time.Second
		c.OnSlice = func(_ context.Context, s *stack.Stack, _ driver.Invocation) {
			if err := s.Genesys.SetTokenLifetime(time.Hour); err != nil {
				t.Error(err)
			}
		}

		if summary := mustRun(t, c, out); summary.TokensMint != 2 {
			t.Errorf("tokens minted: got %d, want the first and one more", summary.TokensMint)
		}
	})
}
