package cloudwatchsim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

const (
	// maxLogLine is CloudWatch Logs' limit of one event, in bytes.
	maxLogLine = 1 << 20
	// The limits of the embedded metric format.
	maxDimensions      = 30
	maxDirectiveValues = 100
	maxSamples         = 100
)

// envelope is what the format asks of a line; the values stand beside it.
type envelope struct {
	Timestamp         *int64      `json:"Timestamp"` // milliseconds since 1970
	CloudWatchMetrics []directive `json:"CloudWatchMetrics"`
}

type directive struct {
	Namespace  string       `json:"Namespace"`
	Dimensions [][]string   `json:"Dimensions"`
	Metrics    []definition `json:"Metrics"`
}

type definition struct {
	Name string `json:"Name"`
	Unit string `json:"Unit"`
	// StorageResolution is 1 or 60 seconds; it changes what CloudWatch keeps, nothing here.
	StorageResolution int `json:"StorageResolution"`
}

// ParseLog takes the samples out of a log of functions: those of every line that is a JSON object with the member "_aws",
// the mark of the embedded metric format. All other lines are passed over, Lambda's START, END and REPORT too: they name no
// function, so that AWS's own metrics cannot be told from them. An error names the line that breaks the format, where
// CloudWatch would drop the metrics in silence.
func ParseLog(log io.Reader) ([]Sample, error) {
	var samples []Sample

	err := eachLine(log, func(line []byte) error {
		found, err := parseMetricLine(line)
		samples = append(samples, found...)

		return err
	})

	return samples, err
}

// eachLine hands on every line of a log, and names the one that an error is about.
func eachLine(log io.Reader, take func(line []byte) error) error {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, maxLogLine)

	number := 0
	for lines.Scan() {
		number++

		if err := take(lines.Bytes()); err != nil {
			return fmt.Errorf("line %d of the log: %w", number, err)
		}
	}

	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the log after line %d: %w", number, err)
	}

	return nil
}

func parseMetricLine(line []byte) ([]Sample, error) {
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

	return envelope.samples(members)
}

func (e envelope) samples(members map[string]json.RawMessage) ([]Sample, error) {
	var samples []Sample

	for _, directive := range e.CloudWatchMetrics {
		if err := directive.check(); err != nil {
			return nil, err
		}

		for _, metric := range directive.Metrics {
			found, err := directive.samples(metric, members, time.UnixMilli(*e.Timestamp).UTC())
			if err != nil {
				return nil, fmt.Errorf("metric %q: %w", metric.Name, err)
			}

			samples = append(samples, found...)
		}
	}

	return samples, nil
}

func (d directive) check() error {
	switch {
	case d.Namespace == "":
		return errors.New("metrics without a Namespace")
	case len(d.Metrics) > maxDirectiveValues:
		return fmt.Errorf("%d metrics in namespace %q, CloudWatch takes %d a line", len(d.Metrics), d.Namespace, maxDirectiveValues)
	case len(d.Dimensions) == 0:
		return fmt.Errorf("no dimension set in namespace %q (an empty one is [[]])", d.Namespace)
	default:
		return nil
	}
}

// samples returns those of one metric, which has them once for each dimension set.
func (d directive) samples(of definition, members map[string]json.RawMessage, at time.Time) ([]Sample, error) {
	unit, err := parseUnit(of.Unit)
	if err != nil {
		return nil, err
	}

	if of.StorageResolution != 0 && of.StorageResolution != 1 && of.StorageResolution != 60 {
		return nil, fmt.Errorf("a StorageResolution of %d, not 1 or 60", of.StorageResolution)
	}

	values, err := parseValues(members[of.Name])
	if err != nil {
		return nil, err
	}

	var samples []Sample

	for _, names := range d.Dimensions {
		dimensions, err := readDimensions(names, members)
		if err != nil {
			return nil, err
		}

		for _, value := range values {
			samples = append(samples, Sample{Metric{d.Namespace, of.Name, dimensions}, unit, at, value})
		}
	}

	return samples, nil
}

// parseValues reads a number, or an array of them.
func parseValues(text json.RawMessage) ([]float64, error) {
	if text == nil {
		return nil, errors.New("the line has no member of that name")
	}

	var one *float64
	if json.Unmarshal(text, &one) == nil && one != nil {
		return []float64{*one}, nil
	}

	var many []*float64
	if err := json.Unmarshal(text, &many); err != nil || many == nil || slices.Contains(many, nil) {
		return nil, errors.New("its value is neither a number nor an array of numbers")
	}

	if len(many) > maxSamples {
		return nil, fmt.Errorf("%d values, CloudWatch takes %d", len(many), maxSamples)
	}

	values := make([]float64, len(many))
	for i, value := range many {
		values[i] = *value
	}

	return values, nil
}

func readDimensions(names []string, members map[string]json.RawMessage) (map[string]string, error) {
	if len(names) > maxDimensions {
		return nil, fmt.Errorf("%d dimensions, CloudWatch takes %d", len(names), maxDimensions)
	}

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
