package genesyssim

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
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
	values := url.Values{}
	if query.State != "" {
		values.Set("state", query.State)
	}
	chosen, refusal := of.choose(values)
	if refusal != nil {
		return fmt.Errorf("write the simulated users: %w", refusal)
	}

	return s.write(w, of.model, chosen)
}

// listed returns a listing of the entities with this name.
func (s *Simulator) listed(name string) (listing, bool) {
	i := slices.IndexFunc(s.listings, func(of listing) bool { return of.name == name })
	if i < 0 {
		return listing{}, false
	}

	return s.listings[i], true
}

// adminEntities streams the entities of a listing that the query's parameters choose.
func (s *Simulator) adminEntities(ctx context.Context, w http.ResponseWriter, x *exchange, of listing) {
	chosen, refusal := of.choose(x.request.URL.Query())
	if refusal != nil {
		s.send(ctx, w, x, x.refuse(refusal))

		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	if s.write(w, of.model, chosen) != nil {
		panic(http.ErrAbortHandler) // the client went: end the connection, or what it has would pass for all
	}
}

// write writes the entities that are chosen, one a line.
func (s *Simulator) write(w io.Writer, of *model, chosen selection) error {
	out, made, total := bufio.NewWriterSize(w, 64<<10), &maker{seed: s.config.Seed}, chosen.state.among(of.size)
	var line []byte
	for n := range total {
		line = append(made.appendEntity(line[:0], of, chosen.at(n, total), chosen.expand), '\n')
		if _, err := out.Write(line); err != nil {
			return fmt.Errorf("write simulated entity %d of %d: %w", n+1, total, err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write %d simulated entities: %w", total, err)
	}

	return nil
}

// appendEntities makes the entities from one place of a query's selection up to another, with commas between them.
func (s *Simulator) appendEntities(dst []byte, q query, from, to, total int) []byte {
	const usualSize = 1200
	made := &maker{seed: s.config.Seed}
	dst = slices.Grow(dst, (to-from)*usualSize)
	for n := from; n < to; n++ {
		if n > from {
			dst = append(dst, ',')
		}
		dst = made.appendEntity(dst, q.of.model, q.from.at(n, total), q.from.expand)
	}

	return dst
}

// at returns the number of the n-th of total entities of the selection.
func (c selection) at(n, total int) int {
	if c.descending {
		n = total - 1 - n
	}

	return c.state.at(n)
}
