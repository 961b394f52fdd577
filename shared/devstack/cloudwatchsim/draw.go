package cloudwatchsim

import (
	_ "embed" // the page
	"errors"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

//go:embed page.html
var page string

// View is what a dashboard is drawn of.
type View struct {
	// Title stands on top of the page.
	Title string
	Store *Store
	// From and To are the time shown.
	From, To time.Time
	// Records are what log widgets search.
	Records []LogRecord
	// Alarms are what alarm widgets show, by name: each in the state that it is in at To, having been watched since From.
	Alarms []Alarm
}

// board is the page.
type board struct {
	Title, From, To          string
	Width, ColumnWidth, Rows int
	RowHeight, Gap           int
	Widgets                  []drawnWidget
}

type drawnWidget struct {
	Type, Title              string
	Left, Top, Width, Height int

	Chart   *chart
	Bars    *barChart
	Singles []single
	Table   *table
	Alarms  []alarmState
	Text    template.HTML
}

type table struct {
	Columns []string
	Rows    [][]string
}

type alarmState struct {
	Name, Description string
	State             State
}

// Draw writes a page of HTML that shows the widgets where CloudWatch puts them. It needs nothing else: no script, no other
// file, no network. Times are UTC.
func (d Dashboard) Draw(w io.Writer, view View) error {
	if view.Store == nil || !view.From.Before(view.To) {
		return errors.New("draw the dashboard: a view has a store, and ends after it begins")
	}

	layout, err := template.New("page").Parse(page)
	if err != nil {
		return fmt.Errorf("read the dashboard's page: %w", err)
	}

	shown := board{
		Title: view.Title, From: stamp(view.From), To: stamp(view.To), Width: gridColumns*columnWidth - gap,
	}

	for _, widget := range d.Widgets {
		drawn := widget.draw(view)
		shown.Widgets = append(shown.Widgets, drawn)
		shown.Rows = max(shown.Rows, drawn.Top+drawn.Height)
	}

	if err := layout.Execute(w, shown); err != nil {
		return fmt.Errorf("draw the dashboard: %w", err)
	}

	return nil
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05") }

func (w Widget) draw(view View) drawnWidget {
	drawn := drawnWidget{
		Type: w.Type, Title: w.Title,
		Left: w.X * columnWidth, Top: w.Y * rowHeight, Width: w.Width*columnWidth - gap, Height: w.Height*rowHeight - gap,
	}

	switch w.Type {
	case metricType:
		w.graph.drawInto(&drawn, view)
	case logType:
		drawn.Table = &table{Rows: w.query.run(view.Records, view.From, view.To)}
		for _, column := range w.query.columns {
			drawn.Table.Columns = append(drawn.Table.Columns, column.name)
		}
	case alarmType:
		for _, arn := range w.alarms {
			drawn.Alarms = append(drawn.Alarms, view.alarm(arn))
		}
	default:
		drawn.Text = markdown(w.text)
	}

	return drawn
}

func (g graph) drawInto(drawn *drawnWidget, view View) {
	width := drawn.Width - 2*padding
	height := max(drawn.Height-titleHeight-padding, 2*legendRow)

	switch g.view {
	case singleValueView:
		drawn.Singles = g.drawSingles(view)
	case barView:
		bars := g.drawBars(view, width, height)
		drawn.Bars = &bars
	default:
		lines := g.draw(view, width, height)
		drawn.Chart = &lines
	}
}

// alarm returns the state of an alarm, which is named by its ARN.
func (v View) alarm(arn string) alarmState {
	_, name, isARN := strings.Cut(arn, ":alarm:")
	if !isARN {
		name = arn
	}

	for _, alarm := range v.Alarms {
		if alarm.Name == name {
			shown := alarmState{name, alarm.Description, InsufficientData}
			if changes := alarm.Watch(v.Store, v.From, v.To); len(changes) > 0 {
				shown.State = changes[len(changes)-1].State
			}

			return shown
		}
	}

	return alarmState{Name: name}
}
