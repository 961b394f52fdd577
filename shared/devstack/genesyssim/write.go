package genesyssim

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Query chooses users as the API's parameters do.
type Query struct {
	// State is active, inactive, deleted, any, or "" for active.
	State string
}

// WriteUsers writes every user that query chooses to w, in the order of the listings, one a line, each line's bytes
// those of the entity in the listings' pages. A query that the API would refuse is an error, as is one of w.
func (s *Simulator) WriteUsers(w io.Writer, query Query) error {
	of, _ := s.listed("users")
	chosen, refusal := of.choose(url.Values{"state": {cmp.Or(query.State, "active")}})
	if refusal != nil {
		return fmt.Errorf("write the simulated users: %w", refusal)
	}

	return s.writeEntities(w, of.model, chosen)
}

// listed returns a listing of the entities with this name.
func (s *Simulator) listed(name string) (listing, bool) {
	i := slices.IndexFunc(s.listings, func(of listing) bool { return of.name == name })
	if i < 0 {
		return listing{}, false
	}

	return s.listings[i], true
}

// adminEntities streams the entities of a listing that the query's parameters choose: GET /_sim/NAME.
func (s *Simulator) adminEntities(x *exchange) *reply {
	of, found := s.listed(strings.TrimPrefix(x.request.URL.Path, adminPrefix))
	if !found || x.request.Method != http.MethodGet {
		return x.refusePath()
	}
	chosen, refusal := of.choose(x.request.URL.Query())
	if refusal != nil {
		return x.refuse(refusal)
	}
	x.header.Set("Content-Type", "application/x-ndjson")
	if s.writeEntities(x.writer, of.model, chosen) != nil {
		panic(http.ErrAbortHandler) // the client went: end the connection, or what it has would pass for all
	}

	return nil
}

// writeEntities writes the entities that are chosen, one a line.
func (s *Simulator) writeEntities(w io.Writer, of *model, chosen selection) error {
	out := bufio.NewWriterSize(w, 64<<10)
	for entity := range s.entities(of, chosen, 0, of.count(chosen.state)) {
		if _, err := out.Write(append(entity, '\n')); err != nil {
			break // Flush reports it
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the simulated entities: %w", err)
	}

	return nil
}
