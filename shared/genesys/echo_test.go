package genesys_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
)

func TestWhatAnErrorReplySaysOfItselfIsRepeatedOnlyWhereItIsPlain(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		headers [2]string // a name and a value
		body    string
		want    string
	}{
		"the usual":               {[2]string{"ININ-Correlation-Id", "a-1"}, `{"code":"not.found"}`, "(not.found, correlation id a-1)"},
		"the newer header":        {[2]string{"Genesys-Correlation-Id", "a-1"}, `{"code":"not.found"}`, "(not.found, correlation id a-1)"},
		"no header":               {[2]string{}, `{"code":"not.found"}`, "(not.found, correlation id none)"},
		"a header that is a text": {[2]string{"ININ-Correlation-Id", canary + " Jane Doe"}, `{"code":"x"}`, "(x, correlation id unknown)"},
		"a long header":           {[2]string{"ININ-Correlation-Id", canary + strings.Repeat("x", 80)}, `{"code":"x"}`, "(x, correlation id unknown)"},
		"a code that is a text":   {[2]string{}, `{"code":"canary of Jane"}`, "(unknown, "},
		"a code with a newline":   {[2]string{}, `{"code":"canary\nx"}`, "(unknown, "},
		"a code that is a number": {[2]string{}, `{"code":404}`, "(unknown, "},
		"no body":                 {[2]string{}, "", "(unknown, "},
		"HTML":                    {[2]string{}, "<html>" + canary + "</html>", "(unknown, "},
		"an array":                {[2]string{}, `["canary"]`, "(unknown, "},
		"a body without an end":   {[2]string{}, `{"code":"x","message":"` + strings.Repeat(canary, 20000) + `"}`, "(unknown, "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, func(w http.ResponseWriter, _ *http.Request) {
				if test.headers[0] != "" {
					w.Header().Set(test.headers[0], test.headers[1])
				}
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = w.Write([]byte(test.body))
			})

			if text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true); !strings.Contains(text, test.want) {
				t.Errorf("got %q, want %q in it", text, test.want)
			}
		})
	}
}

// plainSecret looks like a code or a correlation id, as secrets and tokens of some organisations do.
const plainSecret = "Zx81Spectrum-48K_Plus"

// echoes are ways in which a server repeats what it was sent.
func echoes(sent string) []string {
	return []string{sent, strings.ToLower(sent), strings.ToUpper(sent), "invalid." + sent, sent[:12], "bad_" + sent[len(sent)-9:]}
}

func TestATokenThatTheAPIRepeatsIsNotPrinted(t *testing.T) {
	t.Parallel()

	for _, repeated := range echoes(bearer(1)) {
		for status, body := range map[int]string{
			http.StatusForbidden: fmt.Sprintf(`{"code":%q,"message":%[1]q}`, repeated), http.StatusOK: "<html>",
			http.StatusUnauthorized: fmt.Sprintf(`{"code":%q}`, repeated),
		} {
			t.Run(fmt.Sprintf("%d %s", status, repeated), func(t *testing.T) {
				t.Parallel()

				f := serveFake(t, listingBase, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("ININ-Correlation-Id", repeated)
					w.WriteHeader(status)
					fmt.Fprint(w, body)
				})

				err := f.Fetch(t.Context(), query(), "", &f.page)
				if told := err.Error() + f.log.String(); strings.Contains(told, repeated) || !strings.Contains(told, "correlation id unknown") {
					t.Errorf("told %q, want nothing of %q in it", told, repeated)
				}
			})
		}
	}
}

func TestATokenThatTheProbeSeesRepeatedIsNotPrinted(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ININ-Correlation-Id", plainSecret)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	probe := genesys.TokenProbe{Base: f.Base, HTTP: f.HTTP, Attempt: f.Attempt}

	_, err := probe.Probe(t.Context(), token.Token{Access: secret.New(plainSecret)})
	if err == nil || strings.Contains(err.Error(), plainSecret) {
		t.Errorf("got %v, want an error without the token", err)
	}
}

func TestASecretThatTheTokenEndpointRepeatsIsNotPrinted(t *testing.T) {
	t.Parallel()

	const id = "client-7"

	// Without its padding, which no code has.
	basic := strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(id+":"+plainSecret)), "=")

	for _, method := range []string{genesys.ClientSecretBasic, genesys.ClientSecretPost} {
		for _, repeated := range append(echoes(plainSecret), basic[:40]) {
			for _, status := range []int{400, 401, 403} {
				t.Run(fmt.Sprintf("%s %d %s", method, status, repeated), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						_, client := serveLogin(t, loginAnswer(status, fmt.Sprintf(`{"error":%q}`, repeated)))
						client.AuthMethod = method

						_, err := client.Issue(t.Context(), token.Credentials{ClientID: id, ClientSecret: secret.New(plainSecret)})
						if err == nil || strings.Contains(err.Error(), repeated) || !strings.Contains(err.Error(), "unknown") {
							t.Errorf("got %v, want nothing of %q in it", err, repeated)
						}
					})
				})
			}
		}
	}
}

func TestACodeThatIsNoSecretIsPrinted(t *testing.T) {
	t.Parallel()

	for _, text := range []string{"missing.permissions", "not.found", "a", correlation} {
		f := serveFake(t, listingBase, answer(http.StatusForbidden, errorBody(403, text)))
		if got := requireFailure(t, f.fetch(query(), ""), failure.Forbidden, false); !strings.Contains(got, "("+text+", ") {
			t.Errorf("got %q, want %q in it", got, text)
		}
	}
}
