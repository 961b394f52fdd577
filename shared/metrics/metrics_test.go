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

func stack() []metrics.Dimension {
	return []metrics.Dimension{{Name: "Stack", Value: "live"}, {Name: "Listing", Value: "users"}}
}

func emitted(t *testing.T, dimensions []metrics.Dimension, values ...metrics.Value) []byte {
	t.Helper()

	var out bytes.Buffer
	if err := (&metrics.Emitter{Out: &out, Dimensions: dimensions}).Emit(values...); err != nil {
		t.Fatalf("Emit: %v", err)
	}

	return out.Bytes()
}

func TestMetricsAreOneLineToTheLetter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // a bubble's clock begins at 2000-01-01T00:00:00Z
		got := emitted(t, stack(),
			metrics.Value{Name: "PagesFetched", Unit: metrics.Count, Value: 3},
			metrics.Value{Name: "WaitHandedOver", Unit: metrics.Seconds, Value: 1.5})

		want := `{"Listing":"users","PagesFetched":3,"Stack":"live","WaitHandedOver":1.5,"_aws":{"Timestamp":946684800000,` +
			`"CloudWatchMetrics":[{"Namespace":"GenesysCloudExport","Dimensions":[["Stack","Listing"]],` +
			`"Metrics":[{"Name":"PagesFetched","Unit":"Count"},{"Name":"WaitHandedOver","Unit":"Seconds"}]}]}}` + "\n"
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("line (-want +got):\n%s", diff)
		}
	})
}

// The rules are the specification's: every metric and every dimension that the directive names is a member of the root,
// a metric as a number and a dimension as a string; a set has at most 30 dimensions, a directive at most 100 metrics.
func TestALineKeepsTheRulesOfTheFormat(t *testing.T) {
	t.Parallel()

	most := make([]metrics.Value, 0, 100)
	for i := range 100 {
		most = append(most, metrics.Value{Name: "Metric" + string(rune('A'+i%26)) + strings.Repeat("x", i/26), Unit: metrics.Count, Value: float64(i)})
	}

	for name, test := range map[string]struct {
		dimensions []metrics.Dimension
		values     []metrics.Value
	}{
		"one metric":                       {stack(), []metrics.Value{{"TokenRotated", metrics.Count, 1}}},
		"a hundred metrics":                {stack(), most},
		"no dimension":                     {nil, []metrics.Value{{"TokenRotated", metrics.Count, 0}}},
		"values of every size":             {stack(), []metrics.Value{{"A", metrics.Seconds, -1e-9}, {"B", metrics.Seconds, 1e300}, {"C", metrics.Count, 1 << 53}}},
		"a dimension that would end lines": {[]metrics.Dimension{{Name: "Stack", Value: "a\n{\"b\"}\u2028"}}, []metrics.Value{{"A", metrics.Count, 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			line := emitted(t, test.dimensions, test.values...)
			requireOneLine(t, line)
			requireDirective(t, line, test.dimensions, test.values)
			requireMembers(t, line, test.dimensions, test.values)
		})
	}
}

func requireOneLine(t *testing.T, line []byte) {
	t.Helper()

	if !bytes.HasSuffix(line, []byte("\n")) || bytes.Count(line, []byte("\n")) != 1 {
		t.Errorf("not one line: %q", line)
	}
	if limit := 1 << 20; len(line) > limit {
		t.Errorf("the line has %d bytes, and a log event at most %d", len(line), limit)
	}
}

func requireDirective(t *testing.T, line []byte, dimensions []metrics.Dimension, values []metrics.Value) {
	t.Helper()

	decoder := json.NewDecoder(bytes.NewReader(line))
	var read root
	if err := decoder.Decode(&read); err != nil {
		t.Fatalf("decode: %v", err)
	}

	if age := time.Since(time.UnixMilli(read.AWS.Timestamp)); age < 0 || age > time.Minute {
		t.Errorf("the timestamp is %s old, want that of now in milliseconds", age)
	}
	if len(read.AWS.CloudWatchMetrics) != 1 {
		t.Fatalf("%d directives, want 1", len(read.AWS.CloudWatchMetrics))
	}

	directive := read.AWS.CloudWatchMetrics[0]
	if directive.Namespace != metrics.Namespace {
		t.Errorf("namespace: got %q, want %q", directive.Namespace, metrics.Namespace)
	}

	names := make([]string, 0, len(dimensions))
	for _, dimension := range dimensions {
		names = append(names, dimension.Name)
	}
	if diff := cmp.Diff([][]string{names}, directive.Dimensions); diff != "" {
		t.Errorf("dimensions (-want +got):\n%s", diff)
	}

	if len(directive.Metrics) != len(values) {
		t.Fatalf("%d metrics, want %d", len(directive.Metrics), len(values))
	}
	for i, value := range values {
		if got := directive.Metrics[i]; got.Name != value.Name || got.Unit != string(value.Unit) {
			t.Errorf("metric %d: got %v, want %s in %s", i, got, value.Name, value.Unit)
		}
	}
}

func requireMembers(t *testing.T, line []byte, dimensions []metrics.Dimension, values []metrics.Value) {
	t.Helper()

	var members map[string]any
	if err := json.Unmarshal(line, &members); err != nil {
		t.Fatalf("decode: %v", err)
	}

	want := map[string]any{"_aws": members["_aws"]}
	for _, dimension := range dimensions {
		want[dimension.Name] = dimension.Value
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
	emitter := metrics.Emitter{Out: &out, Dimensions: stack()}

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
