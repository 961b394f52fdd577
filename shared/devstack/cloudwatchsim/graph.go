package cloudwatchsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	timeSeriesView  = "timeSeries"
	singleValueView = "singleValue"
	barView         = "bar"
	// defaultPeriod is CloudWatch's for a widget that names none, in seconds.
	defaultPeriod = 300
)

// graph is what a metric widget shows.
type graph struct {
	view       string
	stacked    bool
	wholeRange bool // one value over the whole time
	sparkline  bool
	period     time.Duration
	queries    querySet
	lines      []graphLine
	thresholds []threshold
	left       axisBounds
	right      axisBounds
}

// graphLine is one entry of the array of metrics that is shown.
type graphLine struct {
	id    string
	label string
	color string
	right bool
}

// threshold is a horizontal annotation.
type threshold struct {
	label string
	value float64
	color string
	fill  string
	right bool
}

type axisBounds struct {
	Label     string   `json:"label"`
	Min       *float64 `json:"min"`
	Max       *float64 `json:"max"`
	ShowUnits *bool    `json:"showUnits"`
}

type graphProperties struct {
	Title                string            `json:"title"`
	Metrics              []json.RawMessage `json:"metrics"`
	Region               string            `json:"region"`
	View                 string            `json:"view"`
	Stacked              bool              `json:"stacked"`
	Period               *int              `json:"period"`
	Stat                 string            `json:"stat"`
	SetPeriodToTimeRange bool              `json:"setPeriodToTimeRange"`
	Sparkline            bool              `json:"sparkline"`
	LiveData             bool              `json:"liveData"`
	Timezone             string            `json:"timezone"`
	YAxis                struct {
		Left  axisBounds `json:"left"`
		Right axisBounds `json:"right"`
	} `json:"yAxis"`
	Annotations struct {
		Horizontal []horizontalAnnotation `json:"horizontal"`
	} `json:"annotations"`
	Legend struct {
		Position string `json:"position"`
	} `json:"legend"`
}

type horizontalAnnotation struct {
	Label   string   `json:"label"`
	Value   *float64 `json:"value"`
	Color   string   `json:"color"`
	Fill    string   `json:"fill"`
	Visible *bool    `json:"visible"`
	YAxis   string   `json:"yAxis"`
}

func (w *Widget) parseGraph(text json.RawMessage) error {
	var properties graphProperties
	if err := decodeStrictly(text, &properties); err != nil {
		return err
	}

	w.Title = properties.Title
	w.graph = graph{
		view: properties.View, stacked: properties.Stacked, wholeRange: properties.SetPeriodToTimeRange, sparkline: properties.Sparkline,
		left: properties.YAxis.Left, right: properties.YAxis.Right,
	}

	if properties.Region == "" {
		return errors.New("it has no region")
	}

	switch w.graph.view {
	case "":
		w.graph.view = timeSeriesView
	case timeSeriesView, singleValueView, barView:
	default:
		return fmt.Errorf("its view %q is none of timeSeries, singleValue and bar", w.graph.view)
	}

	for _, bounds := range []axisBounds{w.graph.left, w.graph.right} {
		if bounds.Min != nil && bounds.Max != nil && *bounds.Min >= *bounds.Max {
			return errors.New("an axis ends before it begins")
		}
	}

	if err := w.graph.readThresholds(properties.Annotations.Horizontal); err != nil {
		return err
	}

	return w.graph.readLines(properties)
}

func (g *graph) readThresholds(annotations []horizontalAnnotation) error {
	for i, annotation := range annotations {
		read := threshold{label: annotation.Label, color: annotation.Color, fill: annotation.Fill}

		right, err := onRight(annotation.YAxis)
		if err == nil {
			err = checkColor(annotation.Color)
		}

		switch {
		case err != nil:
		case annotation.Value == nil:
			err = errors.New("it has no value")
		case read.fill != "" && read.fill != "none" && read.fill != "above" && read.fill != "below":
			err = fmt.Errorf("its fill %q is none of none, above and below", read.fill)
		}

		if err != nil {
			return fmt.Errorf("horizontal annotation %d: %w", i+1, err)
		}

		if annotation.Visible == nil || *annotation.Visible {
			read.value, read.right = *annotation.Value, right
			g.thresholds = append(g.thresholds, read)
		}
	}

	return nil
}

func onRight(axis string) (bool, error) {
	if axis != "" && axis != "left" && axis != "right" {
		return false, fmt.Errorf("its yAxis %q is neither left nor right", axis)
	}

	return axis == "right", nil
}

// checkColor wants what CloudWatch's editor writes: #rrggbb.
func checkColor(color string) error {
	if color == "" {
		return nil
	}

	if len(color) != len("#rrggbb") || color[0] != '#' || strings.Trim(strings.ToLower(color[1:]), "0123456789abcdef") != "" {
		return fmt.Errorf("its color %q is not #rrggbb", color)
	}

	return nil
}
