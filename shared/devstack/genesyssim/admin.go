package genesyssim

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// RevokeTokens revokes every token that the client has.
func (s *Simulator) RevokeTokens() { s.change(func(o *organisation) { clear(o.tokens) }) }

// answerAdmin does what a request under /_sim/ asks for; nil: it has written the reply itself. It asks for no token, so serve it on the
// loopback alone. What another site's page sends is refused.
func (s *Simulator) answerAdmin(x *exchange) *reply {
	if new(http.CrossOriginProtection).Check(x.request) != nil {
		return x.refuse(newError(http.StatusForbidden, "not.allowed", "Another site's page sent this"))
	}
	var err error
	switch what := strings.TrimPrefix(x.request.URL.Path, adminPrefix); x.request.Method + " " + what {
	case "GET stats":
		return x.json(http.StatusOK, s.Stats())
	case "GET faults":
		return x.json(http.StatusOK, s.Faults())
	case "POST faults":
		var faults []Fault
		if faults, err = ParseFaults(x.request.Body); err == nil {
			err = s.SetFaults(faults)
		}
	case "POST revoke-tokens":
		s.RevokeTokens()
	case "POST client":
		err = s.adminClient(x.request.Body)
	default:
		return s.adminEntities(x, what)
	}
	if err != nil {
		return x.refuse(errBadRequest(err.Error()))
	}

	return &reply{status: http.StatusNoContent}
}

// adminClient disables the OAuth client, which kills its tokens at once, or enables it, which brings none back.
func (s *Simulator) adminClient(body io.Reader) error {
	var asked struct {
		Disabled bool `json:"disabled"`
	}
	if err := decodeStrictly(body, &asked); err != nil {
		return err
	}
	s.change(func(o *organisation) { o.disabled = asked.Disabled })
	if asked.Disabled {
		s.RevokeTokens()
	}

	return nil
}

// adminEntities streams the entities of a listing that the query's parameters choose: GET /_sim/NAME.
func (s *Simulator) adminEntities(x *exchange, name string) *reply {
	if x.request.Method != http.MethodGet {
		return x.refusePath()
	}
	entities, refusal := s.list(name, x.request.URL.Query())
	if refusal != nil {
		return x.refuse(refusal)
	}
	x.header.Set("Content-Type", "application/x-ndjson")
	if entities.write(x.writer) != nil {
		panic(http.ErrAbortHandler) // the client went: end the connection, or what it has would pass for all
	}

	return nil
}

// WriteListing writes entities of the organisation's own to w: what is NAME?PARAMETERS, as GET /_sim/ takes it. It writes one
// entity a line, in the listing's order, its bytes those in the pages. A query that is refused is an error, as is one of w.
func (s *Simulator) WriteListing(w io.Writer, what string) error {
	name, parameters, _ := strings.Cut(what, "?")
	values, _ := url.ParseQuery(parameters)
	entities, refusal := s.list(name, values)
	if refusal != nil {
		return fmt.Errorf("write the simulated %s: %w", name, refusal)
	}

	return entities.write(w)
}

// list is the organisation's own list of a listing's entities that the parameters choose.
func (s *Simulator) list(name string, values url.Values) (source, *apiError) {
	for _, of := range s.listings {
		if of.Name == name && of.Paging.history() {
			asked, refusal := readSpan(values.Get("interval"), s.available(of, time.Now()))
			return s.events(of, asked), refusal
		}
		if of.Name == name {
			chosen, refusal := of.choose(values)
			return s.entitiesOf(of, chosen), refusal
		}
	}

	return source{}, newError(http.StatusNotFound, "not.found", "There is no listing "+name)
}

// write writes all entities, one a line.
func (from source) write(w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	for place := range from.places {
		if entity := from.entity(place); entity != nil {
			if _, err := out.Write(append(entity, '\n')); err != nil {
				break // Flush reports it
			}
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the simulated entities: %w", err)
	}

	return nil
}
