package cloudwatchsim

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// tick is a mark on an axis.
type tick struct {
	Place float64 // in pixels
	Text  string
}

// scale maps values to pixels from the bottom up.
type scale struct {
	low, high   float64
	bottom, top float64
	step        float64
}

// ticksWanted is about how many marks a vertical axis has.
const ticksWanted = 4

// newScale fits values between round marks. The axis begins at 0 where no value is below, unless bounds say otherwise.
func newScale(values []float64, bounds axisBounds, bottom, top float64) scale {
	s := scale{bottom: bottom, top: top}

	for _, value := range values {
		s.low, s.high = min(s.low, value), max(s.high, value)
	}

	if bounds.Min != nil {
		s.low = *bounds.Min
	}

	if bounds.Max != nil {
		s.high = *bounds.Max
	}

	if s.high <= s.low {
		s.high = s.low + max(1, math.Abs(s.low)/1000)
	}

	s.step = roundStep((s.high - s.low) / ticksWanted)

	if bounds.Min == nil {
		s.low = math.Floor(s.low/s.step) * s.step
	}

	if bounds.Max == nil {
		s.high = math.Ceil(s.high/s.step+0.1) * s.step
	}

	return s
}

// roundStep is the next of 1, 2 and 5 times a power of ten.
func roundStep(step float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, factor := range []float64{1, 2, 5} {
		if step <= factor*power {
			return factor * power
		}
	}

	return 10 * power
}

// place returns where a value lies, within the axis.
func (s scale) place(value float64) float64 {
	share := (value - s.low) / (s.high - s.low)

	return pixel(s.bottom - min(max(share, 0), 1)*(s.bottom-s.top))
}

func (s scale) ticks() []tick {
	var ticks []tick

	for i := math.Ceil(s.low/s.step - 1e-9); i*s.step <= s.high+s.step*1e-9 && len(ticks) <= 10*ticksWanted; i++ {
		value := i*s.step + 0 // of minus nothing, 0
		ticks = append(ticks, tick{s.place(value), shortNumber(value)})
	}

	return ticks
}

func pixel(place float64) float64 { return math.Round(place*10) / 10 }

// shortNumber is a number with three digits at most, as the console writes them: 0.25, 86.4K, 1.2M.
func shortNumber(number float64) string {
	suffixes := []string{"", "K", "M", "B", "T"}
	size := 0

	for math.Abs(number) >= 999.5 && size < len(suffixes)-1 {
		number /= 1000
		size++
	}

	digits := 2
	if math.Abs(number) >= 10 {
		digits = 1
	}

	if math.Abs(number) >= 100 {
		digits = 0
	}

	if number != 0 && math.Abs(number) < 0.01 {
		return strconv.FormatFloat(number, 'g', 2, 64)
	}

	text := strconv.FormatFloat(number, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}

	return text + suffixes[size]
}

// timeScale maps times to pixels from the left.
type timeScale struct {
	from, to    time.Time
	left, right float64
}

func (s timeScale) place(at time.Time) float64 {
	share := float64(at.Sub(s.from)) / float64(s.to.Sub(s.from))

	return pixel(s.left + share*(s.right-s.left))
}

// labelWidth is how many pixels a time takes with the space around it.
const labelWidth = 64

// ticks marks round times in UTC, so many as there is room for.
func (s timeScale) ticks() []tick {
	steps := []time.Duration{
		time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
		15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
	}
	room := max(int((s.right-s.left)/labelWidth), 1)

	step := steps[0]
	for _, next := range steps {
		if step = next; s.to.Sub(s.from) <= time.Duration(room)*step {
			break
		}
	}

	for s.to.Sub(s.from) > time.Duration(room)*step {
		step *= 2 // days
	}

	layout := "15:04"

	switch {
	case step < time.Minute:
		layout = "15:04:05"
	case step >= 24*time.Hour:
		layout = "Jan 2"
	}

	var ticks []tick

	for at := s.from.UTC().Truncate(step); !at.After(s.to); at = at.Add(step) {
		if !at.Before(s.from) {
			ticks = append(ticks, tick{s.place(at), at.Format(layout)})
		}
	}

	return ticks
}
