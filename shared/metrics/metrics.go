// Package metrics writes CloudWatch metrics as log lines in the embedded metric format:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
package metrics

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Namespace is that of every metric of this project.
const Namespace = "GenesysCloudExport"

// The dimensions of metrics.
const (
	dimensionStack   = "Stack"
	dimensionListing = "Listing"
)

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
	Value float64
	// PerListing gives the metric the dimensions Stack and Listing too, which CloudWatch bills as one metric more for
	// each listing. Without it the metric has the dimension Stack alone.
	PerListing bool
}

// Emitter writes the metrics of a stack's function.
type Emitter struct {
	Out   io.Writer
	Stack string
	// Listing is what the function exports, or "" where it exports nothing.
	Listing string
}

type definition struct {
	Name string
	Unit Unit
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []definition
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

	line := map[string]any{
		"_aws":         metadata{Timestamp: time.Now().UnixMilli(), CloudWatchMetrics: e.directives(values)},
		dimensionStack: e.Stack,
	}
	if e.Listing != "" {
		line[dimensionListing] = e.Listing
	}

	for _, value := range values {
		line[value.Name] = value.Value
	}

	encoded, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("encode metrics: %w", err)
	}

	if _, err := e.Out.Write(append(encoded, '\n')); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}

	return nil
}

// directives name every value by stack, and those that ask for it by listing too.
func (e *Emitter) directives(values []Value) []directive {
	byStack := directive{Namespace: Namespace, Dimensions: [][]string{{dimensionStack}}}
	byListing := directive{Namespace: Namespace, Dimensions: [][]string{{dimensionStack, dimensionListing}}}

	for _, value := range values {
		byStack.Metrics = append(byStack.Metrics, definition{value.Name, value.Unit})
		if value.PerListing {
			byListing.Metrics = append(byListing.Metrics, definition{value.Name, value.Unit})
		}
	}

	if e.Listing == "" || len(byListing.Metrics) == 0 {
		return []directive{byStack}
	}

	return []directive{byStack, byListing}
}
