package genesyssim

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// minCompressed is the size from which a body is worth compressing.
const minCompressed = 1024

// reply is what is to be sent, whole; how it arrives is up to the fault.
type reply struct {
	status int
	header http.Header
	body   []byte
	// pages and entities are what the reply adds to the counts once it was sent whole.
	pages, entities int64
}

// newReply makes a reply. An empty content type sets no header.
func newReply(status int, contentType string, body []byte) *reply {
	header := make(http.Header)
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}

	return &reply{status: status, header: header, body: body}
}

// send writes the reply, or what the exchange's fault leaves of it.
func (s *Simulator) send(ctx context.Context, w http.ResponseWriter, x *exchange, answer *reply) {
	header := w.Header()
	maps.Copy(header, answer.header)
	x.fault.decorate(header, time.Now())
	body := answer.body
	if len(body) >= minCompressed {
		header.Set("Vary", "Accept-Encoding")
	}
	if x.fault.Action == ActionCutGzip || s.gzip.wanted(x.request, body) {
		body = s.gzip.compress(body)
		header.Set("Content-Encoding", "gzip")
	}
	// Accounted for before the client can know: it may act on the reply at once.
	if answer.status == http.StatusTooManyRequests {
		s.stats.change(func(counts *Stats) { counts.Throttled++ })
	}
	s.gates.note(x.gateKey(), answer.status, header.Get("Retry-After"), time.Now())

	if deliver(ctx, w, x, answer.status, body) {
		s.stats.change(func(counts *Stats) {
			counts.Pages += answer.pages
			counts.EntitiesServed += answer.entities
		})
	}
}

// deliver writes status and body in the way of the exchange's fault, and reports whether all went out as it should.
func deliver(ctx context.Context, w http.ResponseWriter, x *exchange, status int, body []byte) bool {
	header, half := w.Header(), len(body)/2
	switch x.fault.Action {
	case ActionTruncate:
		w.WriteHeader(status)
		_ = write(w, body[:half])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case ActionResetBody:
		header.Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_ = write(w, body[:half])
		_ = http.NewResponseController(w).Flush()
		resetConnection(w)
	case ActionShortLength:
		const missing = 100
		header.Set("Content-Length", strconv.Itoa(len(body)+missing))
		w.WriteHeader(status)
		_ = write(w, body)
	case ActionCutGzip:
		header.Set("Content-Length", strconv.Itoa(half))
		w.WriteHeader(status)
		_ = write(w, body[:half])
	case ActionDrip:
		header.Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		drip(ctx, w, x, body)

		return true
	default:
		if status != http.StatusNoContent && status != http.StatusNotModified {
			header.Set("Content-Length", strconv.Itoa(len(body)))
		}
		w.WriteHeader(status)

		return write(w, body) == nil
	}

	return false
}

// write sends bytes of a body. An error means that the client went, which is its right.
func write(w io.Writer, body []byte) error {
	_, err := w.Write(body)

	return err
}

// drip writes body byte by byte for as long as the client takes it.
func drip(ctx context.Context, w http.ResponseWriter, x *exchange, body []byte) {
	control := http.NewResponseController(w)
	for i := range body {
		_ = write(w, body[i:i+1])
		_ = control.Flush()
		pauseOrAbort(ctx, time.Duration(x.fault.DripMS)*time.Millisecond)
	}
}

// resetConnection ends the connection as a crashed peer does: by RST over TCP, by a plain close elsewhere.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// hang answers nothing until the client goes. The body is read first: before that, the server does not see it go.
func hang(ctx context.Context, body io.Reader) {
	_, _ = io.Copy(io.Discard, body)
	<-ctx.Done()
	panic(http.ErrAbortHandler)
}

// compressor makes gzip bodies.
type compressor struct {
	off     bool
	writers sync.Pool
}

func newCompressor(off bool) *compressor {
	return &compressor{off: off, writers: sync.Pool{New: func() any {
		writer, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // fails for unknown levels alone

		return writer
	}}}
}

// wanted reports whether the client accepts gzip for a body that is worth it.
func (c *compressor) wanted(r *http.Request, body []byte) bool {
	if c.off || len(body) < minCompressed {
		return false
	}
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight = strings.ReplaceAll(weight, " ", "")

			return strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != "" || weight == ""
		}
	}

	return false
}

func (c *compressor) compress(body []byte) []byte {
	const usualRatio = 4
	out := bytes.NewBuffer(make([]byte, 0, len(body)/usualRatio))
	writer := c.writers.Get().(*gzip.Writer) //nolint:forcetypeassert // the pool holds nothing else
	writer.Reset(out)
	_, _ = writer.Write(body) // a buffer takes everything
	_ = writer.Close()
	c.writers.Put(writer)

	return out.Bytes()
}
