// Package metrics writes CloudWatch metrics as log lines in the embedded metric format:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
package metrics

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// Namespace is that of every metric of this project.
const Namespace = "GenesysCloudExport"

// Unit is a CloudWatch unit.
type Unit string

// The units in use.
const (
	Count   Unit = "Count"
	Seconds Unit = "Seconds"
)

// Value is one metric of one invocation.
type Value struct {
	Name  string
	Unit  Unit
	Value float64 `json:"-"` // a member of the line by itself
	// PerListing gives the metric the dimensions Stack and Listing too, which CloudWatch bills as one metric more for
	// each listing. Without it the metric has the dimension Stack alone.
	PerListing bool `json:"-"`
}

// Emitter writes the metrics of a stack's function.
type Emitter struct {
	Out   io.Writer
	Stack string
	// Listing is what the function exports, or "" where it exports nothing.
	Listing string
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []Value
}

type metadata struct {
	Timestamp         int64 // milliseconds since 1970
	CloudWatchMetrics []directive
}

// Emit writes all values as one line, at most 100 as the format allows. No values, no line.
func (e *Emitter) Emit(values ...Value) error {
	if len(values) == 0 {
		return nil
	}

	directives := []directive{{Namespace, [][]string{{"Stack"}}, values}}
	line := map[string]any{"Stack": e.Stack}

	if e.Listing != "" {
		line["Listing"] = e.Listing

		perListing := slices.DeleteFunc(slices.Clone(values), func(value Value) bool { return !value.PerListing })
		if len(perListing) > 0 {
			directives = append(directives, directive{Namespace, [][]string{{"Stack", "Listing"}}, perListing})
		}
	}

	for _, value := range values {
		line[value.Name] = value.Value
	}

	line["_aws"] = metadata{time.Now().UnixMilli(), directives}

	encoded, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("encode metrics: %w", err)
	}

	if _, err := e.Out.Write(append(encoded, '\n')); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}

	return nil
}
