package operator_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"genesys-cloud-export/shared/operator"
)

func TestAnExportWithoutAnIDIsGivenOneAndALongIDIsCutInTheExecutionsName(t *testing.T) {
	t.Parallel()

	for id, want := range map[string][2]string{
		"":                      {`^20000101T000000Z-[0-9a-f]{16}-20000101T000000Z$`, `"export_id":"20000101T000000Z-[0-9a-f]{16}","options":{}`},
		strings.Repeat("x", 80): {`^x{63}-20000101T000000Z$`, `"export_id":"x{80}"`},
	} {
		inBubble(t, func(t *testing.T, w *world) {
			var name string
			w.machine.script = func(given string) *execution { name = given; return whole() }

			order := w.order()
			order.ExportID = id

			if err := operator.Export(t.Context(), order); err != nil {
				t.Fatal(err)
			}
			w.said()

			if !regexp.MustCompile(want[0]).MatchString(name) || !regexp.MustCompile(want[1]).MatchString(w.machine.starts[0]) {
				t.Errorf("%s was started with %s", name, w.machine.starts[0])
			}
		})
	}
}

func TestAnOrderThatMakesNoSenseIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()

	for want, order := range map[string]operator.Order{
		"the options are not a JSON object such as": {Options: "[]"},
		"the options are not a JSON object":         {Options: "null"},
		"an export id is 1 to 80 letters":           {ExportID: "a:b"},
		"not both":                                  {ExportID: "a", WaitFor: "b"},
	} {
		if err := operator.Export(t.Context(), order); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ended with %v, want %s", err, want)
		}
	}
}

func TestAnExportThatCannotBeStartedOrFoundSaysWhy(t *testing.T) {
	t.Parallel()

	for want, test := range map[string]struct{ code, waitFor string }{
		"there is no execution none: name another":                                       {waitFor: "none"},
		"start the export: access was denied: your AWS role needs states:StartExecution": {code: "AccessDeniedException"},
		"start the export: AWS does not take the credentials (ExpiredTokenException): log in again (aws sso login) or set AWS_PROFILE": {
			code: "ExpiredTokenException",
		},
		"start the export: the service answered ExecutionLimitExceeded": {code: "ExecutionLimitExceeded"},
	} {
		w := newWorld(t)
		w.answer("states", test.code)

		order := w.order()
		if test.waitFor != "" {
			order.ExportID, order.WaitFor = "", test.waitFor
		}

		err := operator.Export(t.Context(), order)
		w.said(err)
		if got := fmt.Sprint(err); got != want {
			t.Errorf("ended with %q, want %q", got, want)
		}
	}
}
