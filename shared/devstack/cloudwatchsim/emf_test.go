package cloudwatchsim_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
	"genesys-cloud-export/shared/metrics"
)

func TestTheMetricsOfALogAreTaken(t *testing.T) {
	t.Parallel()

	const log = `START RequestId: 1 Version: $LATEST
{"a":1.5,"b":[1,2],"Stack":"local","Listing":"users","_aws":{"Timestamp":1795641818048,"CloudWatchMetrics":[{"Namespace":"Test","Dimensions":[["Stack","Listing"],[]],"Metrics":[{"Name":"a","Unit":"Seconds"}]},{"Namespace":"Other","Dimensions":[["Stack"]],"Metrics":[{"Name":"b","StorageResolution":1}]}]}}
{"level":"INFO","message":"the mark is \"_aws\""}
{"level":"INFO"
[1]
REPORT RequestId: 1	Duration: 1.00 ms`

	got, err := cloudwatchsim.ParseLog(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}

	at := time.Date(2026, 11, 25, 21, 23, 38, 48_000_000, time.UTC)
	stack := map[string]string{"Stack": "local"}
	want := []cloudwatchsim.Sample{
		{Metric: cloudwatchsim.Metric{Namespace: "Test", Name: "a", Dimensions: map[string]string{"Stack": "local", "Listing": "users"}}, Unit: "Seconds", At: at, Value: 1.5},
		{Metric: cloudwatchsim.Metric{Namespace: "Test", Name: "a", Dimensions: map[string]string{}}, Unit: "Seconds", At: at, Value: 1.5},
		{Metric: cloudwatchsim.Metric{Namespace: "Other", Name: "b", Dimensions: stack}, Unit: "None", At: at, Value: 1},
		{Metric: cloudwatchsim.Metric{Namespace: "Other", Name: "b", Dimensions: stack}, Unit: "None", At: at, Value: 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}

func TestWhatTheFunctionsEmitIsUnderstood(t *testing.T) {
	t.Parallel()

	var log bytes.Buffer

	emitter := metrics.Emitter{Out: &log, Dimensions: []metrics.Dimension{{Name: "Stack", Value: "local"}}}
	if err := emitter.Emit(metrics.Value{Name: "TokenRemaining", Unit: metrics.Seconds, Value: 3599}); err != nil {
		t.Fatal(err)
	}

	samples, err := cloudwatchsim.ParseLog(&log)
	if err != nil || len(samples) != 1 {
		t.Fatalf("%d samples, %v", len(samples), err)
	}

	want := cloudwatchsim.Sample{
		Metric: cloudwatchsim.Metric{Namespace: metrics.Namespace, Name: "TokenRemaining", Dimensions: map[string]string{"Stack": "local"}},
		Unit:   "Seconds", At: samples[0].At, Value: 3599,
	}
	if diff := cmp.Diff(want, samples[0]); diff != "" || time.Since(samples[0].At) > time.Hour {
		t.Errorf("a sample of %v (-want +got):\n%s", samples[0].At, diff)
	}
}

func TestALineThatBreaksTheFormatIsToldByItsNumber(t *testing.T) {
	t.Parallel()

	whole := func(metrics string) string {
		return `{"a":1,"t":"x","Stack":"local","_aws":{"Timestamp":1,"CloudWatchMetrics":[` + metrics + `]}}`
	}

	for want, line := range map[string]string{
		"is no JSON object":             `{"_aws":{"Timestamp":1`,
		"read the member _aws":          `{"_aws":[]}`,
		`unknown field "Metrics"`:       `{"_aws":{"Timestamp":1,"Metrics":[]}}`,
		"has no Timestamp":              `{"_aws":{"CloudWatchMetrics":[]}}`,
		"without a Namespace":           whole(`{"Dimensions":[[]],"Metrics":[]}`),
		"no dimension set":              whole(`{"Namespace":"Test","Metrics":[{"Name":"a"}]}`),
		`dimension "Listing" has no`:    whole(`{"Namespace":"Test","Dimensions":[["Listing"]],"Metrics":[{"Name":"a"}]}`),
		`dimension "a" has no text`:     whole(`{"Namespace":"Test","Dimensions":[["a"]],"Metrics":[{"Name":"a"}]}`),
		"no member of that name":        whole(`{"Namespace":"Test","Dimensions":[[]],"Metrics":[{"Name":"b"}]}`),
		"neither a number nor an array": whole(`{"Namespace":"Test","Dimensions":[[]],"Metrics":[{"Name":"t"}]}`),
		`"Parsec" is no unit`:           whole(`{"Namespace":"Test","Dimensions":[[]],"Metrics":[{"Name":"a","Unit":"Parsec"}]}`),
		"a StorageResolution of 5":      whole(`{"Namespace":"Test","Dimensions":[[]],"Metrics":[{"Name":"a","StorageResolution":5}]}`),
		"31 dimensions":                 whole(`{"Namespace":"Test","Dimensions":[["Stack"` + strings.Repeat(`,"Stack"`, 30) + `]],"Metrics":[{"Name":"a"}]}`),
		"101 metrics in namespace":      whole(`{"Namespace":"Test","Dimensions":[[]],"Metrics":[{"Name":"a"}` + strings.Repeat(`,{"Name":"a"}`, 100) + `]}`),
		"101 values":                    strings.Replace(whole(`{"Namespace":"Test","Dimensions":[[]],"Metrics":[{"Name":"a"}]}`), `"a":1`, `"a":[1`+strings.Repeat(",1", 100)+"]", 1),
	} {
		_, err := cloudwatchsim.ParseLog(strings.NewReader("START\n" + line + "\n"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "line 2 of the log") {
			t.Errorf("%s\nthe error is %v, want %q in line 2", line, err, want)
		}
	}

	_, err := cloudwatchsim.ParseLog(strings.NewReader("START\n" + strings.Repeat("x", 2<<20)))
	if err == nil || !strings.Contains(err.Error(), "after line 1") {
		t.Errorf("a line without end: %v", err)
	}
}

func TestAStoreTellsItsMetricsOnceAndTakesThemAtOnce(t *testing.T) {
	t.Parallel()

	var (
		store  cloudwatchsim.Store
		writer sync.WaitGroup
	)

	for range 8 {
		writer.Go(func() {
			put(&store, "b", time.Minute, 1)
			put(&store, "a", 0, 1)
			store.Metrics()
		})
	}

	writer.Wait()

	want := []string{"Test/a", "Test/b"}

	var got []string
	for _, metric := range store.Metrics() {
		got = append(got, metric.String())
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}

	count := alarm(t, map[string]any{"MetricName": "a", "Statistic": "SampleCount", "ComparisonOperator": "LessThanThreshold", "Threshold": 8})
	if got := count.Evaluate(&store, began.Add(time.Minute), cloudwatchsim.InsufficientData); got != cloudwatchsim.OK {
		t.Errorf("fewer than the eight samples are there: %s", got)
	}
}

func TestWhatIsHandedOutAndInIsACopy(t *testing.T) {
	t.Parallel()

	var store cloudwatchsim.Store

	dimensions := map[string]string{"Stack": "local"}
	store.Put(cloudwatchsim.Sample{Metric: cloudwatchsim.Metric{Namespace: "Test", Name: "a", Dimensions: dimensions}})
	dimensions["Stack"] = "changed"
	store.Metrics()[0].Dimensions["Stack"] = "changed"

	if got := store.Metrics()[0].String(); got != "Test/a{Stack=local}" {
		t.Errorf("the metric became %s", got)
	}
}

func FuzzParseLog(f *testing.F) {
	f.Add(`{"a":1,"Stack":"local","_aws":{"Timestamp":1795641818048,"CloudWatchMetrics":[{"Namespace":"Test","Dimensions":[["Stack"]],"Metrics":[{"Name":"a","Unit":"Count"}]}]}}`)
	f.Add("START RequestId: 1\n{\"timestamp\":\"2026-11-25T21:23:38Z\",\"rotated\":true}\n\xff")

	f.Fuzz(func(t *testing.T, log string) {
		samples, err := cloudwatchsim.ParseLog(strings.NewReader(log))
		if err == nil {
			new(cloudwatchsim.Store).Put(samples...)
		}

		records, err := cloudwatchsim.ParseRecords(strings.NewReader(log))
		if lines := strings.Count(log, "\n") + 1; err == nil && len(records) > lines {
			t.Errorf("%d records of %d lines", len(records), lines)
		}
	})
}
