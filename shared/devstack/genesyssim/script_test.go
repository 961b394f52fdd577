package genesyssim_test

import (
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func TestParseFaultsNamesTheLineThatIsWrong(t *testing.T) {
	t.Parallel()
	const good = `{"path":"/oauth/token","status":500}` + "\n"
	for script, want := range map[string]string{
		good + "\n" + `{"path":"/","stauts":500}`:                     "line 3 of the fault script",
		good + "status 500":                                           "line 2 of the fault script",
		`{"path":"/","status":500}{}`:                                 "line 1 of the fault script",
		`{"status":500}`:                                              "field path",
		`{"path":"/","status":500,"nth":-1}`:                          "negative",
		`{"path":"/","status":500,"times":-2}`:                        "negative",
		`{"path":"/","status":99}`:                                    "field status",
		`{"path":"/","action":"explode"}`:                             "field action",
		`{"path":"/oauth/token","action":"empty_page"}`:               "has no pages",
		`{"path":"/oauth/token","set":{"cursor":null}}`:               "has no pages",
		`{"path":"/api/v2/users","action":"empty_page","status":500}`: "scripted reply",
		`{"path":"/api/v2/users","nth":3}`:                            "does nothing",
		`{"path":"/api/v2/users","status":"500"}`:                     "line 1",
	} {
		if _, err := genesyssim.ParseFaults(strings.NewReader(script)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want one with %q", script, err, want)
		}
	}
	long := strings.Repeat("x", 4<<20)
	faults, err := genesyssim.ParseFaults(strings.NewReader(`{"path":"/api/v2/users","entity":"` + long + `"}`))
	if err != nil || len(faults) != 1 || faults[0].Entity != long {
		t.Errorf("%d faults of a line of 4 MB, error %v", len(faults), err)
	}
}
