package genesyssim

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"genesys-cloud-export/shared/secret"
)

var (
	//go:embed page.html
	pageSource string
	//go:embed README.md
	readme string
)

// RevokeTokens revokes every token that the client has.
func (s *Simulator) RevokeTokens() { s.change(func(o *organisation) { clear(o.tokens) }) }

// SetTokenLifetime sets the lifetime of tokens to come: whole seconds, up to two days.
func (s *Simulator) SetTokenLifetime(lifetime time.Duration) error {
	if err := checkLifetime(lifetime); err != nil {
		return fmt.Errorf("set the token lifetime: %w", err)
	}
	s.change(func(o *organisation) { o.lifetime = lifetime })

	return nil
}

// RegenerateSecret replaces the client's secret by a random one that nobody learns. Tokens stay good.
func (s *Simulator) RegenerateSecret() { s.setSecret(rand.Text()) }

func (s *Simulator) setSecret(value string) {
	s.change(func(o *organisation) { o.secret = secret.New(value) })
}

// answerAdmin does what a request under /_sim/ asks for. It is nil where it has written the reply itself. It asks for no token:
// serve the simulator on the loopback alone. A browser that sends a request from another site's page is refused, or every page
// that is open there could meddle.
func (s *Simulator) answerAdmin(x *exchange) *reply {
	if new(http.CrossOriginProtection).Check(x.request) != nil {
		return x.refuse(newError(http.StatusForbidden, "not.allowed", "Another site's page sent this; use the admin page itself"))
	}
	var err error
	body := x.request.Body
	switch x.request.Method + " " + x.request.URL.Path {
	case "GET /_sim/":
		return s.answerPage(x)
	case "GET /_sim/stats":
		return x.json(http.StatusOK, s.Stats())
	case "GET /_sim/faults":
		return x.json(http.StatusOK, s.Faults())
	case "POST /_sim/faults":
		var faults []Fault
		if faults, err = ParseFaults(body); err == nil {
			err = s.SetFaults(faults)
		}
	case "POST /_sim/reset-stats":
		s.change(func(o *organisation) { o.stats = newStats() })
	case "POST /_sim/revoke-tokens":
		s.RevokeTokens()
	case "POST /_sim/token-lifetime":
		var asked struct {
			Seconds int32 `json:"seconds"`
		}
		if err = decodeStrictly(body, &asked); err == nil {
			err = s.SetTokenLifetime(time.Duration(asked.Seconds) * time.Second)
		}
	case "POST /_sim/client":
		err = s.adminClient(body)
	default:
		return s.adminEntities(x)
	}
	if err != nil {
		return x.refuse(errBadRequest(err.Error()))
	}

	return &reply{status: http.StatusNoContent}
}

// adminClient gives the OAuth client another secret, disables it, which kills its tokens at once, or enables it, which brings
// none back.
func (s *Simulator) adminClient(body io.Reader) error {
	var asked struct {
		Disabled         *bool   `json:"disabled"`
		RegenerateSecret bool    `json:"regenerate_secret"`
		Secret           *string `json:"secret"`
	}
	switch err := decodeStrictly(body, &asked); {
	case err != nil:
		return err
	case asked.Secret != nil && (asked.RegenerateSecret || *asked.Secret == ""):
		return errors.New("give a secret that is not empty, or regenerate_secret")
	case asked.RegenerateSecret:
		s.RegenerateSecret()
	case asked.Secret != nil:
		s.setSecret(*asked.Secret)
	}
	if asked.Disabled != nil {
		s.change(func(o *organisation) { o.disabled = *asked.Disabled })
	}
	if asked.Disabled != nil && *asked.Disabled {
		s.RevokeTokens()
	}

	return nil
}

// answerPage serves the admin page. It has no token and no secret to show.
func (s *Simulator) answerPage(x *exchange) *reply {
	stats := jsontext.Value(marshal(s.Stats()))
	_ = stats.Indent() // it is JSON
	texts := template.FuncMap{"json": func(value any) string { return string(marshal(value)) }}
	var page bytes.Buffer
	err := template.Must(template.New("").Funcs(texts).Parse(pageSource)).Execute(&page, map[string]any{
		"Stats": stats.String(), "Faults": s.Faults(), "Readme": readme,
	})
	if err != nil {
		panic(fmt.Sprintf("genesyssim: render the admin page: %v", err)) // the page is part of the program
	}
	x.header.Set("Cache-Control", "no-store")
	x.header.Set("Content-Security-Policy", "frame-ancestors 'none'")

	return x.reply(http.StatusOK, "text/html; charset=utf-8", page.Bytes())
}
