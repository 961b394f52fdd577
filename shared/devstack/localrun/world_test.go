package localrun_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/localrun"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/secret"
)

// The runs of these tests are small and short of time, so that each export needs several invocations.
const (
	users    = 1_500
	pageSize = 50
	// templateFile is the project's template.
	templateFile = "../../../template.yaml"
	// clientSecret is long enough to be searched for.
	clientSecret = "canary-of-a-client-secret-81f0"
)

// These tests wait most of the time: for a rate limit, for a function that has to end in time.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}

	os.Exit(m.Run())
}

// world is a run, the organisation that it exports, and what it printed.
type world struct {
	localrun.Config

	organisation genesyssim.Config
	out          bytes.Buffer
}

// newWorld is a run of 30 pages that meets a rate limit and runs out of time.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{organisation: genesyssim.Config{
		Users: users, Seed: 7, RateLimit: 11, RateWindow: 2 * time.Second, Latency: 10 * time.Millisecond, TokenLifetime: time.Hour,
	}}
	w.Config = localrun.Config{
		Listings: []string{"users"}, PageSize: pageSize, Out: t.TempDir(), Stdout: &w.out,
		Stack: stack.Config{
			Binaries: functiontest.Binaries(t), Template: templateFile, Timeout: 3 * time.Second,
			Environment: map[string]string{"EXPORT_TIME_RESERVE_SECONDS": "1", "MAX_REQUESTS_PER_MINUTE": "60000"},
		},
		Retry: retry.Policy{Base: 50 * time.Millisecond, Cap: time.Second, Attempts: 5},
	}

	return w
}

// liveWorld is a run on a simulated organisation that is served over https, as if it were a real one.
type liveWorld struct {
	localrun.Live

	organisation *genesyssim.Simulator
	out          *bytes.Buffer
}

func newLiveWorld(t *testing.T) *liveWorld {
	t.Helper()
	organisation, err := genesyssim.New(genesyssim.Config{
		Users: users, Seed: 7, ClientID: "a-client", ClientSecret: secret.New(clientSecret),
	})
	if err != nil {
		t.Fatal(err)
	}

	url, ca := functiontest.ServeTLS(t, organisation)
	simulated := newWorld(t)
	simulated.Stack.Environment["MAX_REQUESTS_PER_MINUTE"] = "600"

	return &liveWorld{localrun.Live{
		Config: simulated.Config, Source: "a test", State: "any", Confirm: func(context.Context) error { return nil },
		Organisation: stack.Outside{
			TokenURL: url + "/oauth/token", APIURL: url, Authorities: ca, ClientID: "a-client", ClientSecret: secret.New(clientSecret),
		},
	}, organisation, &simulated.out}
}

// asked is how many requests of any kind have reached the organisation.
func (w *liveWorld) asked() int64 {
	var sum int64
	for _, count := range w.organisation.Stats().Requests {
		sum += count
	}

	return sum
}

// unfinished is the file that remembers an export that is not complete.
func (w *liveWorld) unfinished() string { return filepath.Join(w.Out, "unfinished.json") }

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// left returns every file below a folder.
func left(t *testing.T, folder string) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}

		text, err := os.ReadFile(path)
		texts[path] = string(text)

		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	return texts
}

// search looks for secrets in everything that a run left and printed, and for entities in what it logged and printed.
func search(t *testing.T, folder, printed string, secrets ...string) {
	t.Helper()
	texts := left(t, folder)
	texts["printed.log"] = printed

	metrics := false
	for name, text := range texts {
		canaries := secrets
		if strings.HasSuffix(name, ".log") {
			canaries = append([]string{`"jabberId"`, `"primaryContactInfo"`, "@"}, secrets...)
			metrics = metrics || strings.Contains(text, "GenesysCloudExport")
		}

		for _, canary := range canaries {
			if canary == "" || strings.Contains(text, canary) {
				t.Errorf("%s has a secret or an entity's content (%q)", name, canary)
			}
		}
	}

	if !metrics {
		t.Error("no log with metrics was searched")
	}
}

func storedToken(ctx context.Context, t *testing.T, s *stack.Stack) string {
	t.Helper()
	reply, err := s.SSM().GetParameter(ctx, &ssm.GetParameterInput{Name: &s.TokenParameter, WithDecryption: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}

	var stored struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(*reply.Parameter.Value), &stored); err != nil {
		t.Fatal(err)
	}

	return stored.AccessToken
}
