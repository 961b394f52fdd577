package trial_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/authority"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/trial"
	"genesys-cloud-export/shared/secret"
)

// clientSecret is long enough to be searched for.
const clientSecret = "canary-of-a-client-secret-81f0"

// liveConfig is a run on a simulated organisation that is served over https, as if it were a real one.
func liveConfig(t *testing.T, faults ...genesyssim.Fault) (trial.Live, *genesyssim.Simulator, *bytes.Buffer) {
	t.Helper()

	organisation, err := genesyssim.New(genesyssim.Config{
		Users: users, Seed: 7, ClientID: "a-client", ClientSecret: secret.New(clientSecret), Faults: faults,
	})
	if err != nil {
		t.Fatal(err)
	}

	private := authority.New(t)
	url := private.Serve(t, organisation)

	var out bytes.Buffer

	return trial.Live{
		Organisation: stack.Outside{
			TokenURL: url + "/oauth/token", APIURL: url, Authorities: private.File(t),
			ClientID: "a-client", ClientSecret: secret.New(clientSecret),
		},
		Source: "a test", State: "any", PageSize: pageSize, Out: t.TempDir(), Binaries: binaries, Template: templateFile, Stdout: &out,
		Timeout:     3 * time.Second,
		Environment: map[string]string{"EXPORT_TIME_RESERVE_SECONDS": "1", "MAX_REQUESTS_PER_MINUTE": "600"},
		Confirm:     func(context.Context) error { return nil },
	}, organisation, &out
}

// asked is how many requests of any kind have reached the organisation.
func asked(organisation *genesyssim.Simulator) int64 {
	var sum int64
	for _, count := range organisation.Stats().Requests {
		sum += count
	}

	return sum
}

// lines returns the entities of all parts in their order.
func lines(t *testing.T, folder string) []string {
	t.Helper()

	parts, err := filepath.Glob(filepath.Join(folder, "part-*.jsonl.gz"))
	if err != nil || len(parts) == 0 {
		t.Fatalf("find the parts in %s: %v, %v", folder, parts, err)
	}

	slices.Sort(parts)

	var text bytes.Buffer
	for _, part := range parts {
		compressed, err := os.ReadFile(part)
		if err != nil {
			t.Fatal(err)
		}

		reader, err := gzip.NewReader(bytes.NewReader(compressed))
		if err != nil {
			t.Fatal(err)
		}

		if _, err := io.Copy(&text, reader); err != nil {
			t.Fatal(err)
		}
	}

	return strings.Split(text.String(), "\n")
}

// requireEveryUser holds an export against the organisation's own list, byte for byte.
func requireEveryUser(t *testing.T, organisation *genesyssim.Simulator, query genesyssim.Query, folder string) {
	t.Helper()

	var want bytes.Buffer
	if err := organisation.WriteUsers(&want, query); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(strings.Split(want.String(), "\n"), lines(t, folder)); diff != "" {
		t.Errorf("users (-want +got):\n%.2000s", diff)
	}
}
