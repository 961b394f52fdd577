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
	if x.fault.Action == ActionCutGzip || !s.config.NoCompression && acceptsGzip(x.request) && len(body) >= minCompressed {
		body = s.compress(body)
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
		begin(w, status, body[:half])
		panic(http.ErrAbortHandler)
	case ActionResetBody:
		header.Set("Content-Length", strconv.Itoa(len(body)))
		begin(w, status, body[:half])
		resetConnection(w)
	case ActionShortLength:
		const missing = 100
		header.Set("Content-Length", strconv.Itoa(len(body)+missing))
		begin(w, status, body)
	case ActionCutGzip:
		header.Set("Content-Length", strconv.Itoa(half))
		begin(w, status, body[:half])
	case ActionDrip:
		header.Set("Content-Length", strconv.Itoa(len(body)))
		for i := range body {
			begin(w, status, body[i:i+1])
			status = 0
			pauseOrAbort(ctx, time.Duration(x.fault.DripMS)*time.Millisecond)
		}

		return true
	default:
		if status != http.StatusNoContent && status != http.StatusNotModified {
			header.Set("Content-Length", strconv.Itoa(len(body)))
		}
		w.WriteHeader(status)
		_, err := w.Write(body)

		return err == nil
	}

	return false
}

// begin sends the status, unless it is 0, and some of the body. That the client went is its right.
func begin(w http.ResponseWriter, status int, body []byte) {
	if status != 0 {
		w.WriteHeader(status)
	}
	_, _ = w.Write(body)
	_ = http.NewResponseController(w).Flush()
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

func newGzip() any {
	writer, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // fails for unknown levels alone

	return writer
}

// acceptsGzip reports whether the client takes gzip, with a weight that is not 0.
func acceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, weighted := strings.Cut(strings.ReplaceAll(coding, " ", ""), ";")
		if strings.EqualFold(name, "gzip") {
			return !weighted || strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != ""
		}
	}

	return false
}

func (s *Simulator) compress(body []byte) []byte {
	const usualRatio = 4
	out := bytes.NewBuffer(make([]byte, 0, len(body)/usualRatio))
	writer := s.gzip.Get().(*gzip.Writer) //nolint:forcetypeassert // the pool holds nothing else
	writer.Reset(out)
	_, _ = writer.Write(body) // a buffer takes everything
	_ = writer.Close()
	s.gzip.Put(writer)

	return out.Bytes()
}
