package genesyssim

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
)

// WriteUsers writes every user that query chooses to w, in the order of the listings, one a line, each line's bytes
// those of the entity in the listings' pages. A query that the API would refuse is an error, as is one of w.
func (s *Simulator) WriteUsers(w io.Writer, query Query) error {
	of, _ := s.listed("users")
	chosen, refusal := choose(of.model, of.filters, query.values())
	if refusal != nil {
		return fmt.Errorf("write the simulated users: %w", refusal)
	}

	return s.write(w, of.model, chosen)
}

// listed returns a listing of the entities with this name.
func (s *Simulator) listed(name string) (listing, bool) {
	i := slices.IndexFunc(s.listings, func(of listing) bool { return of.model.kind+"s" == name })
	if i < 0 {
		return listing{}, false
	}

	return s.listings[i], true
}

// adminEntities streams the entities of a listing that the query's parameters choose.
func (s *Simulator) adminEntities(ctx context.Context, w http.ResponseWriter, x *exchange, of listing) {
	chosen, refusal := choose(of.model, of.filters, x.request.URL.Query())
	if refusal != nil {
		s.send(ctx, w, x, x.refuse(refusal))

		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := bufio.NewWriterSize(w, 64<<10)
	if s.write(out, of.model, chosen) != nil || out.Flush() != nil {
		panic(http.ErrAbortHandler) // the client went: end the connection, or what it has would pass for all
	}
}

func (s *Simulator) write(w io.Writer, of *model, chosen selection) error {
	made := newMaker(s.config.Seed, s.people)
	total := chosen.State.among(of.size)
	var line []byte
	for n := range total {
		line = append(made.appendEntity(line[:0], of, chosen.at(n, total), chosen.Expand), '\n')
		if _, err := w.Write(line); err != nil {
			return fmt.Errorf("write simulated entity %d of %d: %w", n+1, total, err)
		}
	}

	return nil
}

// appendEntities makes the entities from one place of a query's selection up to another, with commas between them.
func (s *Simulator) appendEntities(dst []byte, q query, from, to, total int) []byte {
	const usualSize = 1200
	made := newMaker(s.config.Seed, s.people)
	dst = slices.Grow(dst, (to-from)*usualSize)
	for n := from; n < to; n++ {
		if n > from {
			dst = append(dst, ',')
		}
		dst = made.appendEntity(dst, q.of.model, q.from.at(n, total), q.from.Expand)
	}

	return dst
}

// at returns the number of the n-th of total entities of the selection.
func (c selection) at(n, total int) int {
	if c.Descending {
		n = total - 1 - n
	}

	return c.State.at(n)
}
