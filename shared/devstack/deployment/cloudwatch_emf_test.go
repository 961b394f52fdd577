package deployment_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxLogLine is CloudWatch Logs' limit of one event, in bytes.
const maxLogLine = 1 << 20

// envelope is what the format asks of a line; the values stand beside it.
type envelope struct {
	Timestamp         *int64 // milliseconds since 1970
	CloudWatchMetrics []directive
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []struct{ Name, Unit string }
}

// ParseLog takes the samples out of a log of functions: of every line in the embedded metric format, an object with the member "_aws".
// Other lines are passed over. An error names the line that breaks the format, where CloudWatch would drop the metrics in silence.
func ParseLog(log io.Reader) ([]Sample, error) {
	var samples []Sample
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, maxLogLine)
	number := 0
	for lines.Scan() {
		number++
		found, err := parseLine(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d of the log: %w", number, err)
		}
		samples = append(samples, found...)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the log after line %d: %w", number, err)
	}

	return samples, nil
}

func parseLine(line []byte) (samples []Sample, err error) {
	if !bytes.HasPrefix(bytes.TrimSpace(line), []byte("{")) || !bytes.Contains(line, []byte(`"_aws"`)) {
		return nil, nil
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(line, &members); err != nil {
		return nil, fmt.Errorf("it has metrics, but is no JSON object: %w", err)
	}
	marked, is := members["_aws"]
	if !is { // the mark is part of a text
		return nil, nil
	}
	var envelope envelope
	if err := json.Unmarshal(marked, &envelope, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("read the member _aws: %w", err)
	}
	if envelope.Timestamp == nil {
		return nil, errors.New("the member _aws has no Timestamp")
	}
	for _, directive := range envelope.CloudWatchMetrics {
		found, err := directive.samples(members, time.UnixMilli(*envelope.Timestamp).UTC())
		if err != nil {
			return nil, err
		}
		samples = append(samples, found...)
	}

	return samples, nil
}

// samples returns those of every metric, which has them once for each set of dimensions.
func (d directive) samples(members map[string]jsontext.Value, at time.Time) (samples []Sample, err error) {
	if d.Namespace == "" || len(d.Dimensions) == 0 {
		return nil, fmt.Errorf("a directive with the namespace %q and %d sets of dimensions", d.Namespace, len(d.Dimensions))
	}
	for _, names := range d.Dimensions {
		dimensions := make(map[string]string, len(names))
		for _, name := range names {
			var value string
			if json.Unmarshal(members[name], &value) != nil || value == "" {
				return nil, fmt.Errorf("dimension %q has no text beside _aws", name)
			}
			dimensions[name] = value
		}
		for _, metric := range d.Metrics {
			var value *float64
			if json.Unmarshal(members[metric.Name], &value) != nil || value == nil {
				return nil, fmt.Errorf("metric %q has no number beside _aws", metric.Name)
			}
			samples = append(samples, Sample{Metric{d.Namespace, metric.Name, dimensions}, at, *value})
		}
	}

	return samples, nil
}
