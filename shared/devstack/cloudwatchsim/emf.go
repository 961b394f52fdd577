package cloudwatchsim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// maxLogLine is CloudWatch Logs' limit of one event, in bytes.
	maxLogLine = 1 << 20
	// maxDirectiveMetrics is the embedded metric format's.
	maxDirectiveMetrics = 100
)

// envelope is what the format asks of a line; the values stand beside it.
type envelope struct {
	Timestamp         *int64      `json:"Timestamp"` // milliseconds since 1970
	CloudWatchMetrics []directive `json:"CloudWatchMetrics"`
}

type directive struct {
	Namespace  string                        `json:"Namespace"`
	Dimensions [][]string                    `json:"Dimensions"`
	Metrics    []struct{ Name, Unit string } `json:"Metrics"`
}

// ParseLog takes the samples out of a log of functions: those of every line that is a JSON object with the member "_aws",
// the mark of the embedded metric format. All other lines are passed over, Lambda's START, END and REPORT too: they name no
// function, so that AWS's own metrics cannot be told from them. An error names the line that breaks the format, where
// CloudWatch would drop the metrics in silence.
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

func parseLine(line []byte) ([]Sample, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(line), []byte("{")) || !bytes.Contains(line, []byte(`"_aws"`)) {
		return nil, nil
	}

	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil {
		return nil, fmt.Errorf("it holds metrics, but is no JSON object: %w", err)
	}

	marked, is := members["_aws"]
	if !is { // the mark is part of a text
		return nil, nil
	}

	var envelope envelope

	strict := json.NewDecoder(bytes.NewReader(marked))
	strict.DisallowUnknownFields()

	if err := strict.Decode(&envelope); err != nil {
		return nil, fmt.Errorf("read the member _aws: %w", err)
	}

	if envelope.Timestamp == nil {
		return nil, errors.New("the member _aws has no Timestamp")
	}

	var samples []Sample

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
func (d directive) samples(members map[string]json.RawMessage, at time.Time) ([]Sample, error) {
	if d.Namespace == "" || len(d.Dimensions) == 0 || len(d.Metrics) > maxDirectiveMetrics {
		return nil, fmt.Errorf("a directive with the namespace %q, %d sets of dimensions and %d metrics", d.Namespace, len(d.Dimensions), len(d.Metrics))
	}

	var samples []Sample

	for _, names := range d.Dimensions {
		dimensions, err := readDimensions(names, members)
		if err != nil {
			return nil, err
		}

		for _, metric := range d.Metrics {
			var value *float64
			if err := json.Unmarshal(members[metric.Name], &value); err != nil || value == nil {
				return nil, fmt.Errorf("metric %q has no number beside _aws", metric.Name)
			}

			samples = append(samples, Sample{Metric{d.Namespace, metric.Name, dimensions}, at, *value})
		}
	}

	return samples, nil
}

func readDimensions(names []string, members map[string]json.RawMessage) (map[string]string, error) {
	dimensions := make(map[string]string, len(names))

	for _, name := range names {
		var value string
		if err := json.Unmarshal(members[name], &value); err != nil || value == "" {
			return nil, fmt.Errorf("dimension %q has no text beside _aws", name)
		}

		dimensions[name] = value
	}

	return dimensions, nil
}
