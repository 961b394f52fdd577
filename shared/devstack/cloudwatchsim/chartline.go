package cloudwatchsim

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// drawLines makes paths of points. Stacked areas are drawn from the topmost down, so that each covers those that it holds.
func (g graph) drawLines(plots []plotted, across timeScale, left, right scale) []drawnLine {
	stacked := g.stack(plots)
	lines := make([]drawnLine, 0, len(plots))

	for i, plot := range stacked {
		vertical := left
		if plot.right {
			vertical = right
		}

		line := drawnLine{Color: plot.color, Label: plot.label, Empty: plots[i].empty()}
		line.trace(plot, across, vertical, g.stacked)
		lines = append(lines, line)
	}

	return lines
}

// trace draws runs of neighbouring points as paths. A point that stands alone is a dot, and so is every one where there is
// room for it.
func (l *drawnLine) trace(plot plotted, across timeScale, vertical scale, filled bool) {
	const roomy = 12 // pixels from one point to the next

	spacing := (across.right - across.left) / float64(max(len(plot.values), 1))

	for _, run := range runs(plot, across, vertical) {
		if len(run) == 1 || spacing >= roomy {
			l.Dots = append(l.Dots, run...)
		}

		if len(run) > 1 {
			l.Paths = append(l.Paths, path(run))
		}

		if base := vertical.place(max(vertical.low, 0)); filled && len(run) > 1 {
			l.Areas = append(l.Areas, fmt.Sprintf("%s L%g,%g L%g,%g Z", path(run), run[len(run)-1].X, base, run[0].X, base))
		}
	}
}

// runs are the points that have a neighbour, together. Points before the time shown, whose period began there, lie on its edge.
func runs(plot plotted, across timeScale, vertical scale) [][]dot {
	var (
		all [][]dot
		run []dot
	)

	for point, value := range plot.values {
		if missing(value) {
			if len(run) > 0 {
				all = append(all, run)
			}

			run = nil

			continue
		}

		run = append(run, dot{max(across.place(plot.grid.at(point)), across.left), vertical.place(value)})
	}

	if len(run) > 0 {
		all = append(all, run)
	}

	return all
}

func path(run []dot) string {
	var text strings.Builder

	for i, at := range run {
		text.WriteString(map[bool]string{true: "M", false: " L"}[i == 0])
		fmt.Fprintf(&text, "%g,%g", at.X, at.Y)
	}

	return text.String()
}

// legendHeight is that of the rows that the lines' names take.
func legendHeight(plots []plotted, width int) int {
	const (
		letter  = 7
		around  = 36 // the swatch, and the space up to the next name
		comment = " (no data)"
	)

	rows, used := 1, 0

	for _, plot := range plots {
		name := plot.label
		if plot.empty() {
			name += comment
		}

		length := len(name)*letter + around
		if used > 0 && used+length > width {
			rows++
			used = 0
		}

		used += length
	}

	return rows * legendRow
}

// drawThresholds draws the horizontal annotations.
func (c *chart) drawThresholds(lines []threshold, left, right scale) {
	scales := make([]scale, len(lines))
	places := make([]float64, len(lines))

	for i, line := range lines {
		scales[i] = left
		if line.right {
			scales[i] = right
		}

		places[i] = scales[i].place(line.value)
	}

	slices.Sort(places)
	slices.Reverse(places)

	for i, line := range lines {
		c.Thresholds = append(c.Thresholds, c.drawThreshold(line, scales[i], places))
	}
}

// drawThreshold draws a horizontal annotation with its label above the line, or below it where there is no room.
// The other annotations that may be above stand from the bottom up.
func (c *chart) drawThreshold(of threshold, vertical scale, above []float64) drawnThreshold {
	const space = 4

	drawn := drawnThreshold{
		Color: of.color, Label: strings.TrimSpace(of.label + " " + shortNumber(of.value)), Y: vertical.place(of.value),
		Filled: of.fill == "above" || of.fill == "below",
	}

	if drawn.Color == "" {
		drawn.Color = palette(len(c.Lines) + len(c.Thresholds))
	}

	drawn.LabelY = drawn.Y - space
	for _, other := range above {
		if other > drawn.LabelY-fontHeight && other < drawn.Y { // it would strike the label through
			drawn.LabelY = other - space
		}
	}

	if drawn.LabelY < c.Top+fontHeight {
		drawn.LabelY = drawn.Y + fontHeight
	}

	drawn.FillY, drawn.FillH = c.Top, pixel(drawn.Y-c.Top)
	if of.fill == "below" {
		drawn.FillY, drawn.FillH = drawn.Y, pixel(c.Bottom-drawn.Y)
	}

	c.setLabel(&drawn, space)

	return drawn
}

// fontHeight is that of a label, in pixels.
const fontHeight = 12

// setLabel puts a label at the right end, or where another one is too near there, at the left end or in the middle.
func (c *chart) setLabel(drawn *drawnThreshold, space float64) {
	places := []struct {
		anchor string
		x      float64
	}{{"end", c.Right - space}, {"start", c.Left + space}, {"middle", c.MiddleX()}}

	for _, place := range places {
		drawn.Anchor, drawn.LabelX = place.anchor, place.x

		if !slices.ContainsFunc(c.Thresholds, func(other drawnThreshold) bool {
			return other.Anchor == drawn.Anchor && math.Abs(other.LabelY-drawn.LabelY) <= fontHeight
		}) {
			return
		}
	}
}

// bar is a line's last value as a bar.
type bar struct {
	Color, Label, Text string
	Y, Height, Width   float64
	Empty              bool
}

// barChart compares the last values of lines, one bar below the other.
type barChart struct {
	Width, Height int
	Left          float64
	Bars          []bar
	Empty         bool
}

func (g graph) drawBars(view View, width, height int) barChart {
	const (
		labelShare = 0.34
		valueRoom  = 90
		thickest   = 30
	)

	plots := g.plot(view)
	chart := barChart{Width: width, Height: height, Left: pixel(float64(width) * labelShare), Empty: true}
	step := min(float64(height)/float64(max(len(plots), 1)), 2*thickest)

	var values []float64

	for _, plot := range plots {
		if value, has := plot.last(); has {
			values = append(values, value)
			chart.Empty = false
		}
	}

	most := slices.Max(append(values, 1e-9))

	for i, plot := range plots {
		value, has := plot.last()
		chart.Bars = append(chart.Bars, bar{
			Color: plot.color, Label: plot.label, Empty: !has, Text: withUnit(value, plot.unit),
			Y: pixel(float64(i)*step + step*0.2), Height: pixel(step * 0.6),
			Width: pixel(max(value, 0) / most * (float64(width) - chart.Left - valueRoom)),
		})
	}

	return chart
}

// single is a line's last value as a number.
type single struct {
	Color, Label, Text string
	Unit               string
	Empty              bool
}

func (g graph) drawSingles(view View) []single {
	var singles []single

	for _, plot := range g.plot(view) {
		value, has := plot.last()
		singles = append(singles, single{Color: plot.color, Label: plot.label, Text: shortNumber(value), Unit: plot.unit, Empty: !has})
	}

	return singles
}

// withUnit writes a value, and its unit unless it is a count, which goes without saying.
func withUnit(value float64, unit string) string {
	return strings.TrimSpace(shortNumber(value) + " " + strings.TrimPrefix(unit, "Count"))
}

// Middle is where a bar's texts stand.
func (b bar) Middle() float64 { return pixel(b.Y + b.Height/2) }

// End is where a bar ends that begins there.
func (b bar) End(left float64) float64 { return pixel(left + b.Width) }
