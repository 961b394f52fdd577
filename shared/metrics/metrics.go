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
}

// Dimension is a name and a value by which metrics are told apart.
type Dimension struct{ Name, Value string }

// Emitter writes metrics. All its lines carry the same dimensions, as one set.
type Emitter struct {
	Out        io.Writer
	Dimensions []Dimension
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

	line := make(map[string]any, len(values)+len(e.Dimensions)+1)
	d := directive{Namespace: Namespace, Dimensions: [][]string{{}}}

	for _, dimension := range e.Dimensions {
		line[dimension.Name] = dimension.Value
		d.Dimensions[0] = append(d.Dimensions[0], dimension.Name)
	}

	for _, value := range values {
		line[value.Name] = value.Value
		d.Metrics = append(d.Metrics, definition{value.Name, value.Unit})
	}

	line["_aws"] = metadata{Timestamp: time.Now().UnixMilli(), CloudWatchMetrics: []directive{d}}

	encoded, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("encode metrics: %w", err)
	}

	if _, err := e.Out.Write(append(encoded, '\n')); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}

	return nil
}
