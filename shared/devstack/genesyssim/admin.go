package genesyssim

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"genesys-cloud-export/shared/secret"
)

// pageSource is the admin page.
//
//go:embed page.html
var pageSource string

// readme is what the page says of the simulation.
//
//go:embed README.md
var readme string

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

// SetClientSecret replaces the client's secret. Tokens stay good.
func (s *Simulator) SetClientSecret(value secret.Text) error {
	if value.Empty() {
		return errors.New("set the client secret: it is empty; give one")
	}
	s.change(func(o *organisation) { o.secret = value })

	return nil
}

// RegenerateSecret replaces the client's secret by a random one that nobody learns. Tokens stay good.
func (s *Simulator) RegenerateSecret() {
	s.change(func(o *organisation) { o.secret = secret.New(rand.Text()) })
}

// serveAdmin answers under /_sim/. It asks for no token: serve the simulator on the loopback alone. A browser that sends a
// request from another site's page is refused, or every page that is open there could meddle.
func (s *Simulator) serveAdmin(ctx context.Context, w http.ResponseWriter, x *exchange) {
	r := x.request
	if new(http.CrossOriginProtection).Check(r) != nil {
		s.send(ctx, w, x, x.refuse(&apiError{
			Status: http.StatusForbidden, Code: "not.allowed", Message: "Another site's page sent this; use the admin page itself",
		}))

		return
	}
	if of, found := s.listed(strings.TrimPrefix(r.URL.Path, adminPrefix)); found && r.Method == http.MethodGet {
		s.adminEntities(ctx, w, x, of)

		return
	}
	s.send(ctx, w, x, s.answerAdmin(x))
}

// answerAdmin does what the admin request asks for.
func (s *Simulator) answerAdmin(x *exchange) *reply {
	var err error
	switch asked := x.request.Method + " " + x.request.URL.Path; asked {
	case "GET /_sim/":
		return s.answerPage()
	case "GET /_sim/stats":
		return jsonReply(http.StatusOK, s.Stats())
	case "GET /_sim/faults":
		return jsonReply(http.StatusOK, s.Faults())
	case "POST /_sim/reset-stats":
		s.change(func(o *organisation) { o.stats = newStats() })
	case "POST /_sim/revoke-tokens":
		s.RevokeTokens()
	case "POST /_sim/token-lifetime":
		err = s.adminLifetime(x.request.Body)
	case "POST /_sim/faults":
		err = s.adminFaults(x.request.Body)
	case "POST /_sim/client":
		err = s.adminClient(x.request.Body)
	default:
		return x.refuse(errNotFound(asked))
	}
	if err != nil {
		return x.refuse(errBadRequest(err.Error()))
	}

	return newReply(http.StatusNoContent, "", nil)
}

func (s *Simulator) adminLifetime(body io.Reader) error {
	var asked struct {
		Seconds int32 `json:"seconds"`
	}
	if err := decodeStrictly(body, &asked); err != nil {
		return err
	}

	return s.SetTokenLifetime(time.Duration(asked.Seconds) * time.Second)
}

func (s *Simulator) adminFaults(body io.Reader) error {
	faults, err := ParseFaults(body)
	if err != nil {
		return err
	}

	return s.SetFaults(faults)
}

func (s *Simulator) adminClient(body io.Reader) error {
	var asked struct {
		Disabled         *bool   `json:"disabled"`
		RegenerateSecret bool    `json:"regenerate_secret"`
		Secret           *string `json:"secret"`
	}
	err := decodeStrictly(body, &asked)
	switch {
	case err != nil:
	case asked.RegenerateSecret && asked.Secret != nil:
		err = errors.New("regenerate_secret and secret are both given: give one")
	case asked.RegenerateSecret:
		s.RegenerateSecret()
	case asked.Secret != nil:
		err = s.SetClientSecret(secret.New(*asked.Secret))
	}
	if err == nil && asked.Disabled != nil {
		s.disableClient(*asked.Disabled)
	}

	return err
}

// disableClient disables the OAuth client, which kills its tokens at once, or enables it, which brings none back.
func (s *Simulator) disableClient(disabled bool) {
	s.change(func(o *organisation) {
		o.disabled = disabled
		if disabled {
			clear(o.tokens)
		}
	})
}

// answerPage serves the admin page. It has no token and no secret to show.
func (s *Simulator) answerPage() *reply {
	config := s.config // a copy, whose flags have what is in force as their defaults
	s.change(func(o *organisation) { config.TokenLifetime = o.lifetime })
	var settings []*flag.Flag
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	config.Flags(flags)
	flags.VisitAll(func(f *flag.Flag) { settings = append(settings, f) })

	stats := jsontext.Value(marshal(s.Stats()))
	_ = stats.Indent() // it is JSON
	texts := template.FuncMap{"json": func(value any) string { return string(marshal(value)) }}
	var page bytes.Buffer
	err := template.Must(template.New("").Funcs(texts).Parse(pageSource)).Execute(&page, map[string]any{
		"Stats": stats.String(), "Faults": s.Faults(), "Settings": settings, "Readme": readme,
	})
	if err != nil {
		panic(fmt.Sprintf("genesyssim: render the admin page: %v", err)) // the page is part of the program
	}
	answer := newReply(http.StatusOK, "text/html; charset=utf-8", page.Bytes())
	answer.header.Set("Cache-Control", "no-store")
	answer.header.Set("Content-Security-Policy", "frame-ancestors 'none'")

	return answer
}
