package genesyssim

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"
	"time"

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

// Stats returns a copy of the counts.
func (s *Simulator) Stats() Stats { return s.stats.snapshot() }

// ResetStats sets the counts to nothing.
func (s *Simulator) ResetStats() { s.stats.reset() }

// RevokeTokens revokes every token that the client was given so far.
func (s *Simulator) RevokeTokens() { s.tokens.change(func(t *tokenStore) { clear(t.issued) }) }

// SetTokenLifetime sets the lifetime of tokens minted from now on, in whole seconds, up to [MaxTokenLifetime].
func (s *Simulator) SetTokenLifetime(lifetime time.Duration) error {
	if err := checkLifetime(lifetime); err != nil {
		return fmt.Errorf("set the token lifetime: %w", err)
	}
	s.tokens.change(func(t *tokenStore) { t.lifetime = lifetime })

	return nil
}

// SetClientDisabled disables the OAuth client, which kills its tokens at once, or enables it, which brings none back.
func (s *Simulator) SetClientDisabled(disabled bool) {
	s.tokens.change(func(t *tokenStore) {
		t.disabled = disabled
		if disabled {
			clear(t.issued)
		}
	})
}

// SetClientSecret replaces the client's secret by one that is known. Tokens stay good.
func (s *Simulator) SetClientSecret(value secret.Text) error {
	if value.Empty() {
		return errors.New("set the client secret: it is empty; give one")
	}
	s.tokens.change(func(t *tokenStore) { t.secret = value })

	return nil
}

// RegenerateSecret replaces the client's secret by a random one that nobody learns: what the old one's holders see when
// somebody else rotated it. Tokens stay good.
func (s *Simulator) RegenerateSecret() {
	s.tokens.change(func(t *tokenStore) { t.secret = secret.New(rand.Text()) })
}

// serveAdmin answers under /_sim/. It asks for no token: serve the simulator on the loopback alone. A browser that sends a
// request from another site's page is refused, or every page that is open there could meddle.
func (s *Simulator) serveAdmin(ctx context.Context, w http.ResponseWriter, x *exchange) {
	r := x.request
	if new(http.CrossOriginProtection).Check(r) != nil {
		s.send(ctx, w, x, x.refuse(&apiError{
			status: http.StatusForbidden, code: "not.allowed", message: "Another site's page sent this; use the admin page itself",
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
	r := x.request
	var err error
	switch r.Method + " " + r.URL.Path {
	case "GET /_sim/":
		return s.answerPage()
	case "GET /_sim/stats":
		return jsonReply(http.StatusOK, s.Stats())
	case "GET /_sim/faults":
		return jsonReply(http.StatusOK, s.Faults())
	case "POST /_sim/reset-stats":
		s.ResetStats()
	case "POST /_sim/revoke-tokens":
		s.RevokeTokens()
	case "POST /_sim/token-lifetime":
		err = s.adminLifetime(r)
	case "POST /_sim/faults":
		err = s.adminFaults(r)
	case "POST /_sim/client":
		err = s.adminClient(r)
	default:
		return x.refuse(errNotFound(r.Method + " " + r.URL.Path))
	}
	if err != nil {
		return x.refuse(errBadRequest(err.Error()))
	}

	return newReply(http.StatusNoContent, "", nil)
}

func (s *Simulator) adminLifetime(r *http.Request) error {
	var asked struct {
		Seconds int32 `json:"seconds"`
	}
	if err := decodeStrictly(io.LimitReader(r.Body, maxBodyBytes), &asked); err != nil {
		return err
	}

	return s.SetTokenLifetime(time.Duration(asked.Seconds) * time.Second)
}

func (s *Simulator) adminFaults(r *http.Request) error {
	faults, err := ParseFaults(r.Body)
	if err != nil {
		return err
	}

	return s.SetFaults(faults)
}

func (s *Simulator) adminClient(r *http.Request) error {
	var asked struct {
		Disabled         *bool   `json:"disabled"`
		RegenerateSecret bool    `json:"regenerate_secret"`
		Secret           *string `json:"secret"`
	}
	if err := decodeStrictly(io.LimitReader(r.Body, maxBodyBytes), &asked); err != nil {
		return err
	}
	switch {
	case asked.RegenerateSecret && asked.Secret != nil:
		return errors.New("regenerate_secret and secret are both given: give one")
	case asked.RegenerateSecret:
		s.RegenerateSecret()
	case asked.Secret != nil:
		if err := s.SetClientSecret(secret.New(*asked.Secret)); err != nil {
			return err
		}
	}
	if asked.Disabled != nil {
		s.SetClientDisabled(*asked.Disabled)
	}

	return nil
}

// pageView is what the admin page shows. It has no token and no secret to show.
type pageView struct {
	Stats, Script, Readme string
	Faults                []faultView
	Settings              []*flag.Flag
}

type faultView struct {
	FaultCount

	Line string
}

// answerPage serves the admin page.
func (s *Simulator) answerPage() *reply {
	stats, err := json.MarshalIndent(s.Stats(), "", "  ")
	view := pageView{Stats: string(stats), Readme: readme}
	for _, count := range s.Faults() {
		line := string(marshal(count.Fault))
		view.Faults = append(view.Faults, faultView{count, line})
		view.Script += line + "\n"
	}
	config := s.config // a copy, whose flags have what is in force as their defaults
	s.tokens.change(func(t *tokenStore) { config.TokenLifetime = t.lifetime })
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	config.Flags(flags)
	flags.VisitAll(func(f *flag.Flag) { view.Settings = append(view.Settings, f) })

	var page bytes.Buffer
	if err == nil {
		err = template.Must(template.New("").Parse(pageSource)).Execute(&page, view)
	}
	if err != nil {
		panic(fmt.Sprintf("genesyssim: render the admin page: %v", err)) // the page is part of the program
	}
	answer := newReply(http.StatusOK, "text/html; charset=utf-8", page.Bytes())
	answer.header.Set("Cache-Control", "no-store")
	answer.header.Set("Content-Security-Policy", "frame-ancestors 'none'")

	return answer
}
