package deployment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheMetricsOfALogAreTaken(t *testing.T) {
	t.Parallel()
	const log = `START RequestId: 1 Version: $LATEST
{"a":1.5,"b":2,"Stack":"local","Listing":"users","_aws":{"Timestamp":1795641818048,"CloudWatchMetrics":[{"Namespace":"Test","Dimensions":[["Stack","Listing"],[]],"Metrics":[{"Name":"a","Unit":"Seconds"}]},{"Namespace":"Other","Dimensions":[["Stack"]],"Metrics":[{"Name":"b"}]}]}}
{"level":"INFO","message":"the mark is \"_aws\""}
{"level":"INFO"
[1]
REPORT RequestId: 1	Duration: 1.00 ms`
	got, err := ParseLog(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 25, 21, 23, 38, 48_000_000, time.UTC)
	want := []Sample{
		{Metric: Metric{Namespace: "Test", Name: "a", Dimensions: map[string]string{"Stack": "local", "Listing": "users"}}, At: at, Value: 1.5},
		{Metric: Metric{Namespace: "Test", Name: "a", Dimensions: map[string]string{}}, At: at, Value: 1.5},
		{Metric: Metric{Namespace: "Other", Name: "b", Dimensions: map[string]string{"Stack": "local"}}, At: at, Value: 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}

func TestALineThatBreaksTheFormatIsReportedByItsNumber(t *testing.T) {
	t.Parallel()
	whole := func(metrics string) string {
		return `{"a":1,"t":"x","Stack":"local","_aws":{"Timestamp":1,"CloudWatchMetrics":[` + metrics + `]}}`
	}
	for want, line := range map[string]string{
		"is no JSON object":               `{"_aws":{"Timestamp":1`,
		"read the member _aws":            `{"_aws":[]}`,
		`unknown object member name`:      `{"_aws":{"Timestamp":1,"Metrics":[]}}`,
		"has no Timestamp":                `{"_aws":{"CloudWatchMetrics":[]}}`,
		`the namespace "" and 1 sets`:     whole(`{"Dimensions":[[]],"Metrics":[]}`),
		"0 sets of dimensions":            whole(`{"Namespace":"Test","Metrics":[{"Name":"a"}]}`),
		`dimension "Listing" has no text`: whole(`{"Namespace":"Test","Dimensions":[["Listing"]],"Metrics":[{"Name":"a"}]}`),
		`dimension "a" has no text`:       whole(`{"Namespace":"Test","Dimensions":[["a"]],"Metrics":[{"Name":"a"}]}`),
		`metric "b" has no number`:        whole(`{"Namespace":"Test","Dimensions":[[]],"Metrics":[{"Name":"b"}]}`),
		`metric "t" has no number`:        whole(`{"Namespace":"Test","Dimensions":[[]],"Metrics":[{"Name":"t"}]}`),
	} {
		_, err := ParseLog(strings.NewReader("START\n" + line + "\n"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "line 2 of the log") {
			t.Errorf("%s\nthe error is %v, want %q in line 2", line, err, want)
		}
	}
	_, err := ParseLog(strings.NewReader("START\n" + strings.Repeat("x", 2<<20)))
	if err == nil || !strings.Contains(err.Error(), "after line 1") {
		t.Errorf("a line without end: %v", err)
	}
}

func TestAStoreNamesEachMetricOnce(t *testing.T) {
	t.Parallel()
	var (
		store Store
		got   []string
	)
	for _, name := range []string{"b", "a", "b"} {
		store.Put(Sample{Metric: Metric{Namespace: "Test", Name: name, Dimensions: map[string]string{"Stack": "local", "Listing": "users"}}})
	}
	for _, metric := range store.Metrics() {
		got = append(got, metric.String())
	}
	if diff := cmp.Diff([]string{"Test/a{Listing=users,Stack=local}", "Test/b{Listing=users,Stack=local}"}, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func FuzzParseLog(f *testing.F) {
	f.Add(`{"a":1,"Stack":"local","_aws":{"Timestamp":1795641818048,"CloudWatchMetrics":[{"Namespace":"Test","Dimensions":[["Stack"]],"Metrics":[{"Name":"a","Unit":"Count"}]}]}}`)
	f.Add("START RequestId: 1\n\xff")
	f.Fuzz(func(_ *testing.T, log string) { _, _ = ParseLog(strings.NewReader(log)) })
}
