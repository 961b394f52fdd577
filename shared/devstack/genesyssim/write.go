package genesyssim

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

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
			return s.listHistory(of, values)
		}
		if of.Name == name {
			chosen, refusal := of.choose(values)
			if refusal != nil {
				return source{}, refusal
			}

			return s.entitiesOf(of, chosen), nil
		}
	}

	return source{}, newError(http.StatusNotFound, "not.found", "There is no listing "+name)
}

// adminEntities streams the entities of a listing that the query's parameters choose: GET /_sim/NAME.
func (s *Simulator) adminEntities(x *exchange) *reply {
	if x.request.Method != http.MethodGet {
		return x.refusePath()
	}
	entities, refusal := s.list(strings.TrimPrefix(x.request.URL.Path, adminPrefix), x.request.URL.Query())
	if refusal != nil {
		return x.refuse(refusal)
	}
	x.header.Set("Content-Type", "application/x-ndjson")
	if entities.write(x.writer) != nil {
		panic(http.ErrAbortHandler) // the client went: end the connection, or what it has would pass for all
	}

	return nil
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
