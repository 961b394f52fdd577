package cloudwatchsim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The board's measures in pixels.
const (
	columnWidth = 56
	rowHeight   = 52
	gap         = 8
	titleHeight = 38
	padding     = 10
	legendRow   = 18
	axisWidth   = 46
	axisHeight  = 22
	topSpace    = 20 // for the units
	endSpace    = 24 // for half of the last time
)

// chart is a graph of lines over time, ready to be drawn.
type chart struct {
	Width, Height            int
	Left, Right, Top, Bottom float64

	LeftTicks, RightTicks, TimeTicks []tick
	LeftUnit, RightUnit              string

	Lines      []drawnLine
	Thresholds []drawnThreshold
	Empty      bool
}

type drawnLine struct {
	Color, Label string
	Empty        bool
	// Paths are runs of neighbouring points; Areas what lies below them, where lines are stacked.
	Paths, Areas []string
	Dots         []dot
}

type dot struct{ X, Y float64 }

type drawnThreshold struct {
	Color, Label string
	Y            float64
	LabelX       float64
	LabelY       float64
	Anchor       string
	Filled       bool
	FillY, FillH float64
}

// plotted is a line with its points in time.
type plotted struct {
	graphLine

	grid   grid
	values series
	unit   string
}

func (p plotted) empty() bool {
	return !slices.ContainsFunc(p.values, func(v float64) bool { return !missing(v) })
}

// last returns the last point that there is.
func (p plotted) last() (float64, bool) {
	for _, value := range slices.Backward(p.values) {
		if !missing(value) {
			return value, true
		}
	}

	return 0, false
}

// palette returns the colour of a line that names none.
func palette(i int) string {
	colors := []string{
		"#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#bcbd22", "#7f7f7f",
	}

	return colors[i%len(colors)]
}

// plot evaluates the lines of a graph over a time. An array of time series makes a line of each.
func (g graph) plot(view View) []plotted {
	var plots []plotted

	evaluated := make(map[time.Duration]map[string]value)

	for _, line := range g.lines {
		of := g.queries.byID[line.id]
		over := g.grid(view, of.period)

		results, done := evaluated[of.period]
		if !done {
			results = g.queries.evaluate(view.Store, of.period, over)
			evaluated[of.period] = results
		}

		for i, values := range results[line.id].lines {
			plot := plotted{line, over, values, view.Store.unit(of)}
			if of.expression.shape == seriesArray {
				plot.label = fmt.Sprintf("%s %d", line.label, i+1)
			}

			if plot.color == "" {
				plot.color = palette(len(plots))
			}

			plots = append(plots, plot)
		}
	}

	return plots
}

// grid covers the time with periods. One value over the whole range is one period.
func (g graph) grid(view View, period time.Duration) grid {
	if g.wholeRange && g.view != timeSeriesView {
		return grid{start: view.From, period: view.To.Sub(view.From), points: 1}
	}

	start := view.From.Truncate(period)

	return grid{start: start, period: period, points: int((view.To.Sub(start) + period - 1) / period)}
}

// unit is that of a metric's samples. Counts and expressions have none to show.
func (s *Store) unit(of query) string {
	s.mu.RLock()
	defer s.mu.RUnlock()

	recorded := s.metrics[of.metric.key()]
	if of.isExpression() || of.statistic.name == sampleCount || recorded == nil || recorded.samples[0].Unit == "None" {
		return ""
	}

	return recorded.samples[0].Unit
}

// draw lays a graph of lines out, in a height that holds the legend too.
func (g graph) draw(view View, width, height int) chart {
	plots := g.plot(view)
	height = max(height-legendHeight(plots, width), 3*axisHeight+topSpace)
	hasRight := slices.ContainsFunc(plots, func(p plotted) bool { return p.right }) ||
		slices.ContainsFunc(g.thresholds, func(t threshold) bool { return t.right })

	c := chart{Width: width, Height: height, Left: axisWidth, Right: float64(width - endSpace), Top: topSpace, Bottom: float64(height - axisHeight)}
	if hasRight {
		c.Right = float64(width - axisWidth)
	}

	across := timeScale{view.From, view.To, c.Left, c.Right}
	c.TimeTicks = across.ticks()

	left := newScale(g.valuesOn(plots, false), g.left, c.Bottom, c.Top)
	right := newScale(g.valuesOn(plots, true), g.right, c.Bottom, c.Top)
	c.LeftTicks, c.LeftUnit = left.ticks(), unitOf(plots, g.left, false)

	if hasRight {
		c.RightTicks, c.RightUnit = right.ticks(), unitOf(plots, g.right, true)
	}

	c.Empty = !slices.ContainsFunc(plots, func(p plotted) bool { return !p.empty() })
	c.Lines = g.drawLines(plots, across, left, right)

	c.drawThresholds(g.thresholds, left, right)

	return c
}

// valuesOn returns all values that an axis has to hold.
func (g graph) valuesOn(plots []plotted, right bool) []float64 {
	var values []float64

	for _, plot := range g.stack(plots) {
		for _, value := range plot.values {
			if plot.right == right && !missing(value) {
				values = append(values, value)
			}
		}
	}

	for _, line := range g.thresholds {
		if line.right == right {
			values = append(values, line.value)
		}
	}

	return values
}

// stack adds to each line those before it on the same axis, where the graph is stacked.
func (g graph) stack(plots []plotted) []plotted {
	if !g.stacked {
		return plots
	}

	stacked := slices.Clone(plots)

	for i := range stacked {
		for before := i - 1; before >= 0; before-- {
			if same := stacked[before]; same.right == plots[i].right && len(same.values) == len(plots[i].values) {
				stacked[i].values = combineLines(plots[i].values, same.values, operatorOf("+"))

				break
			}
		}
	}

	return stacked
}

func unitOf(plots []plotted, bounds axisBounds, right bool) string {
	if bounds.Label != "" || bounds.ShowUnits != nil && !*bounds.ShowUnits {
		return bounds.Label
	}

	var units []string

	for _, plot := range plots {
		if plot.right == right && plot.unit != "" && !slices.Contains(units, plot.unit) {
			units = append(units, plot.unit)
		}
	}

	return strings.Join(units, ", ")
}

// PlotWidth is that of the part between the axes.
func (c chart) PlotWidth() float64 { return c.Right - c.Left }

// MiddleX and MiddleY are the centre of that part.
func (c chart) MiddleX() float64 { return (c.Left + c.Right) / 2 }

// MiddleY is described with [chart.MiddleX].
func (c chart) MiddleY() float64 { return (c.Top + c.Bottom) / 2 }

// AreasFirst are the lines from the topmost of a stack down.
func (c chart) AreasFirst() []drawnLine {
	lines := slices.Clone(c.Lines)
	slices.Reverse(lines)

	return lines
}
