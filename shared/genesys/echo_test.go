package genesys_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
)

func TestWhatAnErrorReplySaysOfItselfIsRepeatedOnlyWhereItIsPlain(t *testing.T) {
	t.Parallel()

	const header, newer = "ININ-Correlation-Id", "Genesys-Correlation-Id"

	type row struct{ name, value, body, want string }

	each(t, map[string]row{
		"the usual":               {header, "a-1", `{"code":"not.found"}`, "(not.found, correlation id a-1)"},
		"the newer header":        {newer, "a-1", `{"code":"not.found"}`, "(not.found, correlation id a-1)"},
		"no header":               {header, "", `{"code":"not.found"}`, "(not.found, correlation id none)"},
		"a header that is a text": {header, canary + " Jane Doe", `{"code":"x"}`, "(x, correlation id unknown)"},
		"a long header":           {header, canary + strings.Repeat("x", 80), `{"code":"x"}`, "(x, correlation id unknown)"},
		"a short code":            {header, "a-1", `{"code":"a"}`, "(a, "},
		"a code like an id":       {header, "a-1", `{"code":"` + correlation + `"}`, "(" + correlation + ", "},
		"a code that is a text":   {header, "", `{"code":"canary of Jane"}`, "(unknown, "},
		"a code with a newline":   {header, "", `{"code":"canary\nx"}`, "(unknown, "},
		"a code that is a number": {header, "", `{"code":404}`, "(unknown, "},
		"no body":                 {header, "", "", "(unknown, "},
		"HTML":                    {header, "", "<html>" + canary + "</html>", "(unknown, "},
		"an array":                {header, "", `["canary"]`, "(unknown, "},
		"a body without an end":   {header, "", `{"code":"x","message":"` + strings.Repeat(canary, 20000) + `"}`, "(unknown, "},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, answer(http.StatusServiceUnavailable, row.body, header, "", row.name, row.value))
		requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true, row.want)
	})
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
			f := serveFake(t, listingBase, answer(status, body, "ININ-Correlation-Id", repeated))

			err := f.Fetch(t.Context(), query(), "", &f.page)
			if shown := err.Error() + f.log.String(); strings.Contains(shown, repeated) || !strings.Contains(shown, "correlation id unknown") {
				t.Errorf("%d shows %q, want nothing of %q in it", status, shown, repeated)
			}
		}
	}
}

func TestATokenThatTheProbeSeesRepeatedIsNotPrinted(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, answer(http.StatusServiceUnavailable, "", "ININ-Correlation-Id", plainSecret))
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

	for _, repeated := range append(echoes(plainSecret), basic[:40]) {
		for _, status := range []int{400, 401, 403} {
			_, client := serveTokens(t, answer(status, fmt.Sprintf(`{"error":%q}`, repeated)))

			for _, client.AuthMethod = range []string{genesys.ClientSecretBasic, genesys.ClientSecretPost} {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				_, err := client.Issue(ctx, token.Credentials{ClientID: id, ClientSecret: secret.New(plainSecret)})
				cancel()
				if err == nil || strings.Contains(err.Error(), repeated) || !strings.Contains(err.Error(), "unknown") {
					t.Errorf("%s %d: got %v, want nothing of %q in it", client.AuthMethod, status, err, repeated)
				}
			}
		}
	}
}
