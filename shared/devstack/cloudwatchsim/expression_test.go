package cloudwatchsim_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
)

// no is a point that is missing.
var no = math.NaN() //nolint:gochecknoglobals // NaN is no constant

func TestExpressionsAreCalculatedAsCloudWatchDoes(t *testing.T) {
	t.Parallel()

	given := map[string][]float64{
		"a": {30, 20, 0, 0}, "b": {20, no, 20, no}, "c": {1, 2, 3, 4}, "none": {no, no, no, no},
	}

	// The first three, and those of IF below, stand in the user guide: "Using metric math", of which a is metric1 and b is
	// metric2.
	for text, want := range map[string][][]float64{
		"(a < b)":             {{0, 0, 1, 0}},
		"(a >= 30)":           {{1, 0, 0, 0}},
		"(a > 15 AND b > 15)": {{1, 0, 0, 0}},
		"a > 15 && b > 15":    {{1, 0, 0, 0}},
		"a == 0 OR b == 20":   {{1, 0, 1, 1}},
		"a == 0 || b != 20":   {{0, 0, 1, 1}},
		"c <= 2":              {{1, 1, 0, 0}},
		"1 + 2 * c":           {{3, 5, 7, 9}},
		"(1 + 2) * c":         {{3, 6, 9, 12}},
		"10 - c - 1":          {{8, 7, 6, 5}},
		"-c ^ 2":              {{-1, -4, -9, -16}},
		"c * 2 ^ 3 ^ 0":       {{2, 4, 6, 8}},
		"- -c":                {{1, 2, 3, 4}},
		"a + b":               {{50, 20, 20, 0}},
		"none + none":         {{no, no, no, no}},
		"c / a":               {{1. / 30, 0.1, no, no}},
		"c / b":               {{0.05, no, 0.15, no}},
		"c / 0":               {{no, no, no, no}},
		"b * 2":               {{40, no, 40, no}},
		"c + 1 / 0":           {{no, no, no, no}},
		"[a, b] * 2":          {{60, 40, 0, 0}, {40, no, 40, no}},
		"[a, b] - c":          {{29, 18, -3, -4}, {19, -2, 17, -4}},
		"SUM([a, b])":         {{50, 20, 20, 0}},
		"MAX([a, b])":         {{30, 20, 20, 0}},
		"MIN([a, b])":         {{20, 20, 0, 0}},
		"AVG([a, b])":         {{25, 10, 10, 0}},
		"SUM([b, none])":      {{20, no, 20, no}},
		"SUM(METRICS())":      {{51, 22, 23, 4}},
		"c - MIN(c)":          {{0, 1, 2, 3}},
		"c + SUM(b) + MAX(a)": {{71, 72, 73, 74}},
		"c - AVG(b)":          {{-19, -18, -17, -16}},
		"c - AVG(none)":       {{no, no, no, no}},
		"ABS(-c)":             {{1, 2, 3, 4}},
		"CEIL(c / 2)":         {{1, 1, 2, 2}},
		"FLOOR(c / 2)":        {{0, 1, 1, 2}},
		"FILL(b, 7)":          {{20, 7, 20, 7}},
		"FILL(b, c)":          {{20, 2, 20, 4}},
		"FILL(b, MIN(c))":     {{20, 1, 20, 1}},
		"FILL(b, REPEAT)":     {{20, 20, 20, 20}},
		"FILL(none, REPEAT)":  {{no, no, no, no}},
		"FILL(none, 0)":       {{0, 0, 0, 0}},
		"FILL([b, none], 1)":  {{20, 1, 20, 1}, {1, 1, 1, 1}},
		"c / PERIOD(c)":       {{1. / 60, 2. / 60, 3. / 60, 4. / 60}},
		"TIME_SERIES(5)":      {{5, 5, 5, 5}},
	} {
		compare(t, text, given, want)
	}

	given = map[string][]float64{"metric1": {1, 1, 0, 0, no}, "metric2": {30, no, 0, 0, 30}, "metric3": {0, 0, 20, no, 20}}
	for text, want := range map[string][][]float64{
		"IF(metric1, metric2, metric3)": {{30, 0, 20, no, no}},
		"IF(metric1, 5, metric3)":       {{5, 5, 20, no, no}},
		"IF(metric1, metric2, 5)":       {{30, 0, 5, 5, no}},
		"IF(metric1, metric2)":          {{30, 0, no, no, no}},
		"IF(1, metric2, metric3)":       {{30, no, 0, 0, 30}},
		"IF(0, metric2, metric3)":       {{0, 0, 20, no, 20}},
		"IF(0, metric2)":                {{no, no, no, no, no}},
		"IF(metric2 < 20, 10, 2)":       {{2, no, 10, 10, 2}},
	} {
		compare(t, text, given, want)
	}
}

func compare(t *testing.T, text string, given map[string][]float64, want [][]float64) {
	t.Helper()

	got, err := cloudwatchsim.Calculate(text, given)
	if err != nil {
		t.Errorf("%s: %v", text, err)

		return
	}

	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", text, diff)
	}
}

func TestAnExpressionThatMakesNoSenseIsRefusedByName(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"":                        "the end stands where",
		"a +":                     "the end stands where",
		"(a":                      `the end stands where ")"`,
		"a b":                     `"b" stands where an operator`,
		"1 + 2":                   "its result is a number",
		"SUM(a)":                  "its result is a number",
		"z + 1":                   `"z" is the id of no metric`,
		"AVERAGE(a)":              `the function "AVERAGE" is unknown`,
		"sum([a, b])":             `the function "sum" is unknown`,
		"FILL(a)":                 `FILL: ")" stands where ","`,
		"FILL(a, LINEAR)":         `FILL: "LINEAR" is the id of no metric`,
		"FILL(1, a)":              "FILL: it does not fill a number",
		"IF(a)":                   "IF: it takes 2 to 3 arguments, not 1",
		"IF(1, 2, 3)":             "IF: none of its arguments is a time series",
		"IF(a, [a, b], 1)":        "IF: it does not take an array",
		"ABS(1) + a":              "ABS: it does not take a number",
		"TIME_SERIES(a)":          "TIME_SERIES: it does not take a time series",
		"PERIOD(a + b)":           `PERIOD: "+" stands where ")"`,
		"a / PERIOD(1)":           `PERIOD: "1" is not the id of a metric`,
		"[a, b] + [a, b]":         `"+" stands between two arrays`,
		"[a, 1]":                  "a number is no element of an array",
		"a % b":                   `'%' is no part of an expression`,
		"1.2.3 * a":               `"1.2.3" is no number`,
		"SEARCH('x', 'Sum')":      `'\'' is no part`,
		strings.Repeat("(", 3000): "it has 3000 characters",
	} {
		_, err := cloudwatchsim.Calculate(text, map[string][]float64{"a": {1}, "b": {2}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %v, want %q", text, err, want)
		}
	}
}

func FuzzExpression(f *testing.F) {
	for _, seed := range []string{
		"a + b * 2", "IF(a > 1, b)", "FILL([a, b], REPEAT)", "SUM(METRICS()) / PERIOD(a)", "-(a ^ -2)", "1 == a AND b", "[[a]]", "FILL(a,TIME_SERIES(1/0))",
	} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, text string) {
		lines, err := cloudwatchsim.Calculate(text, map[string][]float64{"a": {1, no, 3}, "b": {no, 0, -1}})
		if err != nil {
			return
		}

		for _, line := range lines {
			if len(line) != 3 {
				t.Errorf("%q has %d points of 3", text, len(line))
			}

			for _, point := range line {
				if math.IsInf(point, 0) {
					t.Errorf("%q is infinite", text)
				}
			}
		}
	})
}
