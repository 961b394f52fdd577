package metrics_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"testing/synctest"

	"genesys-cloud-export/shared/metrics"

	"github.com/google/go-cmp/cmp"
)

func emitted(t *testing.T, listing string, values ...metrics.Value) []byte {
	t.Helper()

	var out bytes.Buffer
	if err := (&metrics.Emitter{Out: &out, Stack: "live", Listing: listing}).Emit(values...); err != nil {
		t.Fatalf("Emit: %v", err)
	}

	return out.Bytes()
}

func TestMetricsAreOneLineToTheLetter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // a bubble's clock begins at 2000-01-01T00:00:00Z
		values := []metrics.Value{
			{Name: "RecordsExported", Unit: metrics.Count, Value: 3, PerListing: true},
			{Name: "WaitHandedOver", Unit: metrics.Seconds, Value: 1.5},
		}

		const (
			byStack = `{"Namespace":"GenesysCloudExport","Dimensions":[["Stack"]],` +
				`"Metrics":[{"Name":"RecordsExported","Unit":"Count"},{"Name":"WaitHandedOver","Unit":"Seconds"}]}`
			byListing = `{"Namespace":"GenesysCloudExport","Dimensions":[["Stack","Listing"]],"Metrics":[{"Name":"RecordsExported","Unit":"Count"}]}`
			rest      = `"RecordsExported":3,"Stack":"live","WaitHandedOver":1.5,"_aws":{"Timestamp":946684800000,"CloudWatchMetrics":[`
		)

		for listing, want := range map[string]string{
			"users": `{"Listing":"users",` + rest + byStack + "," + byListing + "]}}\n",
			"":      `{` + rest + byStack + "]}}\n",
		} {
			if diff := cmp.Diff(want, string(emitted(t, listing, values...))); diff != "" {
				t.Errorf("the line of listing %q (-want +got):\n%s", listing, diff)
			}
		}

		if line := emitted(t, "users", values[1]); strings.Contains(string(line), `"Stack","Listing"`) {
			t.Errorf("a metric that does not ask for it is billed by listing too: %s", line)
		}
	})
}

// The specification takes up to 100 metrics a line, of at most 1 MB.
func TestALineKeepsItsValuesWhateverTheyAre(t *testing.T) {
	t.Parallel()

	most := make([]metrics.Value, 0, 100)
	for i := range 100 {
		most = append(most, metrics.Value{Name: "Metric" + strings.Repeat("x", i), Unit: metrics.Count, Value: float64(i), PerListing: i%2 == 0})
	}

	for name, test := range map[string]struct {
		listing string
		values  []metrics.Value
	}{
		"a hundred metrics":                {"users", most},
		"values of every size":             {"", []metrics.Value{{Name: "A", Value: -1e-9}, {Name: "B", Value: 1e300}, {Name: "C", Value: 1 << 53}}},
		"a dimension that would end lines": {"a\n{\"b\"}\u2028", most[:1]},
	} {
		line := emitted(t, test.listing, test.values...)
		if bytes.Count(line, []byte("\n")) != 1 || line[len(line)-1] != '\n' || len(line) > 1<<20 {
			t.Errorf("%s: not one line of at most 1 MB: %q", name, line)
		}

		var got map[string]any
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}

		want := map[string]any{"_aws": got["_aws"], "Stack": "live"}
		if test.listing != "" {
			want["Listing"] = test.listing
		}

		for _, value := range test.values {
			want[value.Name] = value.Value
		}

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: members (-want +got):\n%s", name, diff)
		}
	}
}

// once fails the test where a line comes in pieces: between them, another process of the log could write.
type once struct{ writes int }

func (o *once) Write(p []byte) (int, error) { o.writes++; return len(p), nil }

func TestALineIsWrittenAtOnceAndNoneWithoutValues(t *testing.T) {
	t.Parallel()

	var out once
	emitter := metrics.Emitter{Out: &out, Stack: "live"}

	if err := emitter.Emit(); err != nil || out.writes != 0 {
		t.Errorf("no values: %d writes and error %v, want none", out.writes, err)
	}
	if err := emitter.Emit(metrics.Value{Name: "A", Unit: metrics.Count}, metrics.Value{Name: "B", Unit: metrics.Count}); err != nil || out.writes != 1 {
		t.Errorf("two values: %d writes and error %v, want one write", out.writes, err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWhatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()

	if err := (&metrics.Emitter{Out: full{}}).Emit(metrics.Value{Name: "A"}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a full log: got %v, want %v", err, io.ErrShortWrite)
	}

	for _, value := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		var out bytes.Buffer
		if err := (&metrics.Emitter{Out: &out}).Emit(metrics.Value{Name: "A", Value: value}); err == nil || out.Len() != 0 {
			t.Errorf("%v: got error %v and wrote %q, want an error and nothing", value, err, out.String())
		}
	}
}
