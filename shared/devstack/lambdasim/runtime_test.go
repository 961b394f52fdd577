package lambdasim_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

func TestARuntimeThatBreaksTheRulesIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, lambdasim.Config{Functions: []lambdasim.Function{{Name: "probe", Path: filepath.Join(programs, "misfit")}}})

	// Asked for the next before it answered; answered for another, twice; asked for a response.
	const refusals = "403 400 400 405"
	for _, event := range []string{`"succeed"`, `"fail"`} {
		output := s.invoke(t, event)
		got := []string{string(output.Payload), aws.ToString(output.FunctionError)}
		want := []string{refusals, ""}
		if event == `"fail"` {
			want = []string{refusals, "Unhandled"}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("reply to %s (-want +got):\n%s", event, diff)
		}
	}

	if log := s.tail(t, `"succeed"`); !strings.Contains(log, "\nat last [202 403]\n") {
		t.Errorf("the first answer was to be taken and the second refused:\n%s", log)
	}
}
