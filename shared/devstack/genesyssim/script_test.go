package genesyssim_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func TestAStatusAloneHasItsUsualCode(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]map[int]string{
		"/api/v2/users": {
			400: "bad.request", 401: "bad.credentials", 403: "missing.permissions", 404: "not.found", 410: "gone",
			413: "response.entity.too.large", 500: "internal.server.error", 503: "service.unavailable",
		},
		"/oauth/token": {400: "invalid_request", 401: "invalid_client", 403: "invalid_request", 500: "server_error"},
	} {
		for status, code := range want {
			fault := genesyssim.Fault{Path: path, Status: status}
			s := start(t, genesyssim.Config{Faults: []genesyssim.Fault{fault}})
			got := s.must(t, http.MethodGet, path, "", "")
			if said := codeOf(t, got.body) + field[string](t, got.body, "error"); got.status != status || said != code {
				t.Errorf("%s: status %d, code %q; want %d, %q", path, got.status, said, status, code)
			}
		}
	}
}

func TestParseFaultsNamesTheLineThatIsWrong(t *testing.T) {
	t.Parallel()
	const good = `{"path":"/oauth/token","status":500}` + "\n"
	for name, test := range map[string]struct{ script, want string }{
		"unknown field":     {good + "\n" + `{"path":"/","stauts":500}`, "line 3 of the fault script"},
		"not JSON":          {good + "status 500", "line 2 of the fault script"},
		"two on a line":     {`{"path":"/","status":500}{}`, "line 1 of the fault script"},
		"no path":           {`{"status":500}`, "field path"},
		"negative":          {`{"path":"/","status":500,"nth":-1}`, "negative"},
		"times":             {`{"path":"/","status":500,"times":-2}`, "negative"},
		"status":            {`{"path":"/","status":99}`, "field status"},
		"action":            {`{"path":"/","action":"explode"}`, "field action"},
		"drip":              {`{"path":"/","action":"drip"}`, "drip_ms"},
		"two entities":      {`{"path":"/api/v2/users","entity":"{}","entity_base64":"e30="}`, "given twice"},
		"no listing":        {`{"path":"/oauth/token","action":"empty_page"}`, "has no pages"},
		"no page":           {`{"path":"/oauth/token","set":{"cursor":null}}`, "has no pages"},
		"scripted page":     {`{"path":"/api/v2/users","action":"empty_page","status":500}`, "scripted reply"},
		"nothing":           {`{"path":"/api/v2/users","nth":3}`, "does nothing"},
		"base64":            {`{"path":"/api/v2/users","entity_base64":"***"}`, "line 1"},
		"field of any type": {`{"path":"/api/v2/users","status":"500"}`, "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := genesyssim.ParseFaults(strings.NewReader(test.script)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestParseFaultsReadsLinesOfAnyLength(t *testing.T) {
	t.Parallel()
	long := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 3<<20))
	faults, err := genesyssim.ParseFaults(strings.NewReader(`{"path":"/api/v2/users","entity_base64":"` + long + `"}`))
	if err != nil || len(faults) != 1 || len(faults[0].EntityBase64) != 3<<20 {
		t.Errorf("%d faults, error %v", len(faults), err)
	}
}

func FuzzParseFaults(f *testing.F) {
	f.Add(`{"path":"/oauth/token","status":500}`)
	f.Add("{\"path\":\"/api/v2/users\",\"drop\":[\"cursor\"]}\n\n{}")
	f.Fuzz(func(t *testing.T, script string) {
		faults, err := genesyssim.ParseFaults(strings.NewReader(script))
		if err != nil {
			return
		}
		if err := newSimulator(t, genesyssim.Config{}).SetFaults(faults); err != nil {
			t.Errorf("a script that was parsed is refused: %v", err)
		}
	})
}

func TestTheScriptInForceIsShownWithItsCounts(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{})
	s.must(t, http.MethodPost, "/_sim/faults", "", `{"path":"/api/v2/users","nth":2,"status":500,"note":"the second"}`+"\n"+`{"path":"/api/*","status":502}`)
	for range 3 {
		s.must(t, http.MethodGet, "/api/v2/users", "", "")
	}

	const want = `[{"fault":{"path":"/api/v2/users","nth":2,"status":500,"note":"the second"},"seen":3,"hits":1},` +
		`{"fault":{"path":"/api/*","status":502},"seen":3,"hits":1}]`
	if diff := cmp.Diff(want, string(s.must(t, http.MethodGet, "/_sim/faults", "", "").body)); diff != "" {
		t.Errorf("the script in force (-want +got):\n%s", diff)
	}
	if err := s.SetFaults(nil); err != nil {
		t.Fatal(err)
	}
	if got := string(s.must(t, http.MethodGet, "/_sim/faults", "", "").body); got != "[]" {
		t.Errorf("an empty script is shown as %s, want []", got)
	}
}
