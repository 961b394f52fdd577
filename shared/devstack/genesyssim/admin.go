package genesyssim

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"genesys-cloud-export/shared/secret"
)

// Stats returns a copy of the counts.
func (s *Simulator) Stats() Stats { return s.stats.snapshot() }

// ResetStats sets the counts to nothing.
func (s *Simulator) ResetStats() { s.stats.reset() }

// RevokeTokens revokes every token that the client was given so far.
func (s *Simulator) RevokeTokens() { s.tokens.revokeAll() }

// SetTokenLifetime sets the lifetime of tokens minted from now on, in whole seconds, up to [MaxTokenLifetime].
func (s *Simulator) SetTokenLifetime(lifetime time.Duration) error {
	if err := checkLifetime(lifetime); err != nil {
		return fmt.Errorf("set the token lifetime: %w", err)
	}
	s.tokens.setLifetime(lifetime)

	return nil
}

// SetClientDisabled disables the OAuth client, which kills its tokens at once, or enables it, which brings none back.
func (s *Simulator) SetClientDisabled(disabled bool) { s.tokens.setDisabled(disabled) }

// SetClientSecret replaces the client's secret by one that is known. Tokens stay good.
func (s *Simulator) SetClientSecret(value secret.Text) error {
	if value.Empty() {
		return errors.New("set the client secret: it is empty; give one")
	}
	s.tokens.setSecret(value)

	return nil
}

// RegenerateSecret replaces the client's secret by a random one that nobody learns: what the old one's holders see when
// somebody else rotated it. Tokens stay good.
func (s *Simulator) RegenerateSecret() { s.tokens.setSecret(secret.New(rand.Text())) }

// serveAdmin answers under /_sim/. It asks for no token: serve the simulator on the loopback alone. A browser that sends a
// form or a request from another site's page is refused, or every page that is open there could meddle.
func (s *Simulator) serveAdmin(w http.ResponseWriter, r *http.Request) {
	x := &exchange{request: r, correlationID: newUUID()}
	if new(http.CrossOriginProtection).Check(r) != nil {
		s.send(r.Context(), w, x, x.refuse(errCrossSite()))

		return
	}
	if r.Method == http.MethodGet && r.URL.Path == adminPrefix+"users" {
		s.adminUsers(r.Context(), w, x)

		return
	}
	s.send(r.Context(), w, x, s.answerAdmin(x))
}

// answerAdmin does what the admin request asks for.
func (s *Simulator) answerAdmin(x *exchange) *reply {
	var answer *reply
	r := x.request
	switch r.Method + " " + r.URL.Path {
	case "GET /_sim/":
		return s.answerPage()
	case "POST /_sim/":
		return s.answerForm(r)
	case "GET /_sim/live":
		return s.answerLive()
	case "GET /_sim/stats":
		return jsonReply(http.StatusOK, s.Stats())
	case "GET /_sim/faults":
		return jsonReply(http.StatusOK, s.Faults())
	case "POST /_sim/reset-stats":
		s.ResetStats()
	case "POST /_sim/revoke-tokens":
		s.RevokeTokens()
	case "POST /_sim/token-lifetime":
		answer = x.refuseError(s.adminLifetime(r))
	case "POST /_sim/faults":
		answer = x.refuseError(s.adminFaults(r))
	case "POST /_sim/client":
		answer = x.refuseError(s.adminClient(r))
	default:
		answer = x.refuse(errNotFound(r.Method + " " + r.URL.Path))
	}
	if answer == nil {
		answer = newReply(http.StatusNoContent, "", nil)
	}

	return answer
}

// refuseError answers 400 with an error's text, and nothing for nil.
func (x *exchange) refuseError(err error) *reply {
	if err == nil {
		return nil
	}

	return x.refuse(errBadRequest(err.Error()))
}

func (s *Simulator) adminLifetime(r *http.Request) error {
	var asked struct {
		Seconds int64 `json:"seconds"`
	}
	if err := decodeStrictly(io.LimitReader(r.Body, maxBodyBytes), &asked); err != nil {
		return err
	}
	if asked.Seconds < 1 || asked.Seconds > int64(MaxTokenLifetime/time.Second) {
		return fmt.Errorf("field seconds is %d: give 1 to %d", asked.Seconds, int64(MaxTokenLifetime/time.Second))
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
	if asked.RegenerateSecret && asked.Secret != nil {
		return errors.New("regenerate_secret and secret are both given: give one")
	}
	if asked.Secret != nil {
		if err := s.SetClientSecret(secret.New(*asked.Secret)); err != nil {
			return err
		}
	}
	if asked.RegenerateSecret {
		s.RegenerateSecret()
	}
	if asked.Disabled != nil {
		s.SetClientDisabled(*asked.Disabled)
	}

	return nil
}

// adminUsers streams the users that the query's state, sortOrder and expand choose.
func (s *Simulator) adminUsers(ctx context.Context, w http.ResponseWriter, x *exchange) {
	given, refusal := readParameters(x.request.URL.RawQuery, []string{"state", "sortOrder"}, []string{"expand"})
	if refusal == nil {
		_, refusal = given.query()
	}
	if refusal != nil {
		s.send(ctx, w, x, x.refuse(refusal))

		return
	}

	w.Header().Set("Content-Type", "application/x-ndjson")
	out := bufio.NewWriterSize(w, 64<<10)
	err := s.WriteUsers(out, Query{
		State: given.values.Get("state"), SortOrder: given.values.Get("sortOrder"), Expand: given.values["expand"],
	})
	if err != nil || out.Flush() != nil {
		panic(http.ErrAbortHandler) // the client went: end the connection, or what it has would pass for all
	}
}
