package genesyssim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
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
		body = compress(body)
		header.Set("Content-Encoding", "gzip")
	}
	// Accounted for before the client can know: it may act on the reply at once.
	now := time.Now()
	s.change(func(o *organisation) {
		if answer.status == http.StatusTooManyRequests {
			o.stats.Throttled++
		}
		o.noteRetryAfter(x.caller(), answer.status, header.Get("Retry-After"), now)
	})
	if deliver(ctx, w, x.fault, answer.status, body) {
		s.change(func(o *organisation) {
			o.stats.Pages += answer.pages
			o.stats.EntitiesServed += answer.entities
		})
	}
}

// deliver writes status and body in the way of the fault, and reports whether all went out as it should.
func deliver(ctx context.Context, w http.ResponseWriter, fault *Fault, status int, body []byte) bool {
	const missing = 100
	length, sent := len(body), body
	switch half := len(body) / 2; fault.Action {
	case ActionTruncate:
		length, sent = -1, body[:half]
	case ActionResetBody:
		sent = body[:half]
	case ActionCutGzip:
		length, sent = half, body[:half]
	case ActionShortLength:
		length += missing
	default:
	}
	if length >= 0 && status != http.StatusNoContent && status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(length))
	}
	w.WriteHeader(status)
	err := write(ctx, w, fault, sent)

	switch fault.Action {
	case ActionTruncate:
		panic(http.ErrAbortHandler)
	case ActionResetBody:
		resetConnection(w)
	default:
	}

	return err == nil && length == len(body)
}

// write sends a body, byte by byte where the fault is [ActionDrip].
func write(ctx context.Context, w http.ResponseWriter, fault *Fault, body []byte) error {
	size, pause := max(1, len(body)), 0
	if fault.Action == ActionDrip {
		size, pause = 1, fault.DripMS
	}
	for drop := range slices.Chunk(body, size) {
		if _, err := w.Write(drop); err != nil {
			return fmt.Errorf("write a reply: %w", err)
		}
		_ = http.NewResponseController(w).Flush()
		pauseOrAbort(ctx, time.Duration(pause)*time.Millisecond)
	}

	return nil
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

func compress(body []byte) []byte {
	var out bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed) // fails for unknown levels alone
	_, _ = writer.Write(body)                              // a buffer takes everything
	_ = writer.Close()

	return out.Bytes()
}
