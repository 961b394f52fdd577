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

func TestASecretThatTheServerRepeatsIsNotPrinted(t *testing.T) {
	t.Parallel()

	const id = "client-7"

	basic := strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(id+":"+plainSecret)), "=") // no code has its padding

	issue := func(method string) func(f *fakeAPI) error {
		return func(f *fakeAPI) error {
			client := f.tokens()
			client.AuthMethod = method
			ctx, cancel := context.WithTimeout(f.t.Context(), time.Second)
			defer cancel()
			_, err := client.Issue(ctx, token.Credentials{ClientID: id, ClientSecret: secret.New(plainSecret)})

			return err
		}
	}

	type row struct {
		sent string
		ask  func(f *fakeAPI) error
	}

	each(t, map[string]row{
		"a page": {bearer(1), func(f *fakeAPI) error { return f.Fetch(f.t.Context(), query(), "", &f.page) }},
		"a probe": {plainSecret, func(f *fakeAPI) error {
			probe := genesys.TokenProbe{Base: f.Base, HTTP: f.HTTP, Attempt: f.Attempt}
			_, err := probe.Probe(f.t.Context(), token.Token{Access: secret.New(plainSecret)})

			return err
		}},
		"a secret":               {plainSecret, issue(genesys.ClientSecretBasic)},
		"a secret in the form":   {plainSecret, issue(genesys.ClientSecretPost)},
		"a secret as it is sent": {basic, issue(genesys.ClientSecretBasic)},
	}, func(t *testing.T, row row) {
		for _, repeated := range append(echoes(row.sent), row.sent[:min(40, len(row.sent))]) {
			for _, status := range []int{200, 400, 401, 403} {
				body := fmt.Sprintf(`{"error":%q,"code":%[1]q,"message":%[1]q}`, repeated)
				f := serveFake(t, listingBase, answer(status, body, "ININ-Correlation-Id", repeated))

				err := row.ask(f)
				if shown := fmt.Sprint(err, f.log.String()); strings.Contains(shown, repeated) || status == 403 && !strings.Contains(shown, "unknown") {
					t.Errorf("%d shows %q, want nothing of %q in it", status, shown, repeated)
				}
			}
		}
	})
}
