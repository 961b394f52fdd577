package operator_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"genesys-cloud-export/shared/operator"
)

func TestAnExportWithoutAnIDIsGivenOne(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		w.machine.script = func(string) *execution { return whole() }

		order := w.order()
		order.ExportID = ""

		if err := operator.Export(t.Context(), order); err != nil {
			t.Fatal(err)
		}
		w.said(t)

		if !regexp.MustCompile(`"export_id":"20000101T000000Z-[0-9a-f]{16}","options":{}`).MatchString(w.machine.starts[0]) {
			t.Errorf("started with %s", w.machine.starts[0])
		}
	})
}

func TestALongExportIDIsCutInTheExecutionsName(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		var name string
		w.machine.script = func(given string) *execution { name = given; return whole() }

		order := w.order()
		order.ExportID = strings.Repeat("x", 80)

		if err := operator.Export(t.Context(), order); err != nil {
			t.Fatal(err)
		}
		w.said(t)

		if want := strings.Repeat("x", 63) + "-20000101T000000Z"; name != want {
			t.Errorf("named %s, want %s", name, want)
		}
	})
}

func TestAnOrderThatMakesNoSenseIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		order operator.Order
		want  string
	}{
		"options that are no object": {operator.Order{Options: "[]"}, "not a JSON object"},
		"options of null":            {operator.Order{Options: "null"}, "not a JSON object"},
		"an id with a colon":         {operator.Order{ExportID: "a:b"}, "an export id is 1 to 80 letters"},
		"two ways at once":           {operator.Order{ExportID: "a", WaitFor: "b"}, "not both"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if err := operator.Export(t.Context(), test.order); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("ended with %v, want %s", err, test.want)
			}
		})
	}
}

func TestAnExecutionThatIsNotThereIsNamed(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	for execution, want := range map[string]string{
		"none": "there is no execution none: name another",
		"arn:aws:states:eu-central-1:000000000000:execution:another:x": `"x" is no execution of the state machine exports-export`,
	} {
		order := w.order()
		order.ExportID, order.WaitFor = "", execution

		if err := operator.Export(t.Context(), order); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "goes on") {
			t.Errorf("ended with %v, want %s", err, want)
		}
	}
}

func TestAStartThatIsRefusedSaysWhatIsNeeded(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	for code, want := range map[string]string{
		"AccessDeniedException":  "start the export: access was denied: your AWS role needs states:StartExecution",
		"ExpiredTokenException":  "start the export: AWS does not take the credentials (ExpiredTokenException): log in again (aws sso login) or set AWS_PROFILE",
		"ExecutionLimitExceeded": "start the export: the service answered ExecutionLimitExceeded",
	} {
		w.answer("states", code)

		err := operator.Export(t.Context(), w.order())
		w.said(t, err)
		if got := fmt.Sprint(err); got != want {
			t.Errorf("ended with %q, want %q", got, want)
		}
	}
}
