package verify

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
)

// gunzip unpacks gzip members one by one to the very end of its input, and says in damage how the input fails to be
// gzip. It steps from member to member itself, since the standard library's way of doing so calls a short tail of
// garbage a cut stream.
type gunzip struct {
	from   *bufio.Reader // a ByteReader, so that no byte after a member is lost
	member *gzip.Reader
	damage Kind
	err    error
}

func (g *gunzip) Read(p []byte) (int, error) {
	for g.err == nil {
		if g.member == nil {
			g.first()

			continue
		}

		n, err := g.member.Read(p)

		switch {
		case errors.Is(err, io.EOF):
			g.next()
		case err != nil:
			g.fail(err)
		}

		if n > 0 {
			return n, nil
		}
	}

	return 0, g.err
}

func (g *gunzip) first() {
	member, err := gzip.NewReader(g.from)
	if err != nil {
		g.fail(err)

		return
	}

	member.Multistream(false)
	g.member = member
}

// next goes to the member that follows, or ends.
func (g *gunzip) next() {
	magic, err := g.from.Peek(2)
	if len(magic) == 0 {
		g.err = err

		return
	}

	if len(magic) < 2 || magic[0] != 0x1f || magic[1] != 0x8b {
		g.damage, g.err = GzipTrailing, gzip.ErrHeader

		return
	}

	if err := g.member.Reset(g.from); err != nil {
		g.fail(err)

		return
	}

	g.member.Multistream(false)
}

// fail ends the stream. An end where gzip goes on is a cut; to callers it must not look like the regular end.
func (g *gunzip) fail(err error) {
	g.damage, g.err = GzipCorrupt, err

	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		g.damage, g.err = GzipIncomplete, io.ErrUnexpectedEOF
	}
}
