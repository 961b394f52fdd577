package metrics_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/metrics"

	"github.com/google/go-cmp/cmp"
)

// root is a line of the embedded metric format, read by the names that its specification gives.
type root struct {
	AWS struct {
		Timestamp         int64 `json:"Timestamp"`
		CloudWatchMetrics []struct {
			Namespace  string     `json:"Namespace"`
			Dimensions [][]string `json:"Dimensions"`
			Metrics    []struct {
				Name string `json:"Name"`
				Unit string `json:"Unit"`
			} `json:"Metrics"`
		} `json:"CloudWatchMetrics"`
	} `json:"_aws"`
}

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

// The rules are the specification's: every metric and every dimension that a directive names is a member of the root, a
// metric as a number and a dimension as a text; a directive has at most 100 metrics.
func TestALineKeepsTheRulesOfTheFormat(t *testing.T) {
	t.Parallel()

	most := make([]metrics.Value, 0, 100)
	for i := range 100 {
		most = append(most, metrics.Value{Name: "Metric" + strings.Repeat("x", i), Unit: metrics.Count, Value: float64(i), PerListing: i%2 == 0})
	}

	for name, test := range map[string]struct {
		listing string
		values  []metrics.Value
	}{
		"one metric":                       {"users", []metrics.Value{{Name: "TokenRotated", Unit: metrics.Count, Value: 1}}},
		"a hundred metrics":                {"users", most},
		"no listing":                       {"", most},
		"values of every size":             {"", []metrics.Value{{Name: "A", Unit: metrics.Seconds, Value: -1e-9}, {Name: "B", Unit: metrics.Seconds, Value: 1e300}, {Name: "C", Unit: metrics.Count, Value: 1 << 53}}},
		"a dimension that would end lines": {"a\n{\"b\"}\u2028", most[:1]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			line := emitted(t, test.listing, test.values...)
			if limit := 1 << 20; bytes.Count(line, []byte("\n")) != 1 || line[len(line)-1] != '\n' || len(line) > limit {
				t.Errorf("not one line of at most %d bytes: %q", limit, line)
			}

			requireDirectives(t, line)
			requireMembers(t, line, test.listing, test.values)
		})
	}
}

func requireDirectives(t *testing.T, line []byte) {
	t.Helper()

	var (
		read    root
		members map[string]any
	)

	if err := errors.Join(json.Unmarshal(line, &read), json.Unmarshal(line, &members)); err != nil {
		t.Fatalf("decode: %v", err)
	}

	if age := time.Since(time.UnixMilli(read.AWS.Timestamp)); age < 0 || age > time.Minute {
		t.Errorf("the timestamp is %s old, want that of now in milliseconds", age)
	}

	for _, directive := range read.AWS.CloudWatchMetrics {
		if directive.Namespace != metrics.Namespace || len(directive.Metrics) == 0 || len(directive.Metrics) > 100 {
			t.Errorf("a directive of %d metrics in namespace %q", len(directive.Metrics), directive.Namespace)
		}

		for _, dimension := range slices.Concat(directive.Dimensions...) {
			if text, is := members[dimension].(string); !is || text == "" {
				t.Errorf("the dimension %s is %v, want a text", dimension, members[dimension])
			}
		}

		for _, metric := range directive.Metrics {
			if _, is := members[metric.Name].(float64); !is {
				t.Errorf("the metric %s is %v, want a number", metric.Name, members[metric.Name])
			}
		}
	}
}

func requireMembers(t *testing.T, line []byte, listing string, values []metrics.Value) {
	t.Helper()

	var members map[string]any
	if err := json.Unmarshal(line, &members); err != nil {
		t.Fatalf("decode: %v", err)
	}

	want := map[string]any{"_aws": members["_aws"], "Stack": "live"}
	if listing != "" {
		want["Listing"] = listing
	}
	for _, value := range values {
		want[value.Name] = value.Value
	}
	if diff := cmp.Diff(want, members); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

func TestTheUnitsAreCloudWatchs(t *testing.T) {
	t.Parallel()

	if got, want := []metrics.Unit{metrics.Count, metrics.Seconds}, []metrics.Unit{"Count", "Seconds"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
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
