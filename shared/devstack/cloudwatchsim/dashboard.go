package cloudwatchsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	gridColumns = 24
	maxWidgets  = 500
	maxHeight   = 1000
)

// The types of widget that are known here.
const (
	metricType = "metric"
	logType    = "log"
	alarmType  = "alarm"
	textType   = "text"
)

// Dashboard is a dashboard's body. [ParseDashboard] makes one.
type Dashboard struct {
	// Widgets are in the order of the body.
	Widgets []Widget
}

// Widget is one place of a dashboard.
type Widget struct {
	// Type is metric, log, alarm or text.
	Type string
	// Title stands on top; a text has none.
	Title string
	// X and Width count columns of 24, Y and Height rows, from the top left.
	X, Y, Width, Height int

	graph  graph
	query  logQuery
	alarms []string // ARNs
	text   string   // Markdown
}

// Metrics returns every metric that the widget shows or calculates with, each once.
func (w Widget) Metrics() []Metric { return w.graph.queries.usedMetrics() }

// Metrics returns every metric of the dashboard, each once.
func (d Dashboard) Metrics() []Metric {
	var metrics []Metric
	for _, widget := range d.Widgets {
		metrics = append(metrics, widget.Metrics()...)
	}

	return sortedMetrics(metrics)
}

type dashboardBody struct {
	Start          string            `json:"start"`
	End            string            `json:"end"`
	PeriodOverride string            `json:"periodOverride"`
	Widgets        []json.RawMessage `json:"widgets"`
}

type widgetBody struct {
	Type       string          `json:"type"`
	X          *int            `json:"x"`
	Y          *int            `json:"y"`
	Width      *int            `json:"width"`
	Height     *int            `json:"height"`
	Properties json.RawMessage `json:"properties"`
}

// ParseDashboard reads a dashboard's body, which is JSON. Its error tells the problems of all widgets, each named by its
// number and title. Unknown members are problems, and so are the views, widgets and functions that are not drawn here.
// Each widget says where it stands, and metric, log and alarm widgets have a title.
func ParseDashboard(body []byte) (Dashboard, error) {
	var read dashboardBody
	if err := decodeStrictly(body, &read); err != nil {
		return Dashboard{}, fmt.Errorf("read the dashboard's body: %w", err)
	}

	if read.Widgets == nil || len(read.Widgets) > maxWidgets {
		return Dashboard{}, fmt.Errorf("read the dashboard's body: it has %d widgets, or no widgets at all; CloudWatch takes a list of up to %d", len(read.Widgets), maxWidgets)
	}

	var (
		dashboard Dashboard
		problems  []error
	)

	for i, body := range read.Widgets {
		widget, err := parseWidget(body)
		if err == nil {
			err = dashboard.place(widget)
		}

		if err != nil {
			problems = append(problems, fmt.Errorf("read widget %d of the dashboard, %q: %w", i+1, widget.Title, err))
		}

		dashboard.Widgets = append(dashboard.Widgets, widget)
	}

	if len(problems) > 0 {
		return Dashboard{}, errors.Join(problems...)
	}

	return dashboard, nil
}

func decodeStrictly(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(into); err != nil {
		return err
	}

	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind the JSON value")
	}

	return nil
}

// place says whether a widget stands on the grid and on no other one.
func (d Dashboard) place(widget Widget) error {
	if widget.X < 0 || widget.Y < 0 || widget.Width < 1 || widget.Height < 1 || widget.Height > maxHeight || widget.Y > maxWidgets*maxHeight ||
		widget.Width > gridColumns || widget.X > gridColumns-widget.Width {
		return fmt.Errorf("it stands at x %d, y %d with width %d, height %d, which is not on a grid of %d columns",
			widget.X, widget.Y, widget.Width, widget.Height, gridColumns)
	}

	for i, other := range d.Widgets {
		if widget.X < other.X+other.Width && other.X < widget.X+widget.Width &&
			widget.Y < other.Y+other.Height && other.Y < widget.Y+widget.Height {
			return fmt.Errorf("it stands on widget %d, %q", i+1, other.Title)
		}
	}

	return nil
}

// parseWidget reads one widget. With an error it returns what it knows, for the name.
func parseWidget(text []byte) (Widget, error) {
	var body widgetBody
	if err := decodeStrictly(text, &body); err != nil {
		return Widget{}, err
	}

	widget := Widget{Type: body.Type}

	if err := widget.parseProperties(body.Properties); err != nil {
		return widget, err
	}

	if widget.Title == "" && widget.Type != textType {
		return widget, errors.New("it has no title")
	}

	if body.X == nil || body.Y == nil || body.Width == nil || body.Height == nil {
		return widget, errors.New("x, y, width or height is missing, so that where it stands is left to CloudWatch")
	}

	widget.X, widget.Y, widget.Width, widget.Height = *body.X, *body.Y, *body.Width, *body.Height

	return widget, nil
}

func (w *Widget) parseProperties(text json.RawMessage) error {
	if len(text) == 0 {
		return errors.New("it has no properties")
	}

	switch w.Type {
	case metricType:
		return w.parseGraph(text)
	case logType:
		return w.parseLog(text)
	case alarmType:
		return w.parseAlarms(text)
	case textType:
		return w.parseText(text)
	default:
		return fmt.Errorf("its type %q is none of metric, log, alarm and text", w.Type)
	}
}
