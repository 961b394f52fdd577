package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// fault answers a request in a service's place; the service is handed to it.
type fault func(w http.ResponseWriter, r *http.Request, service http.Handler)

// tap counts a service's requests by operation, and lets scripted ones fail.
type tap struct {
	service   http.Handler
	operation func(*http.Request) string

	mu     sync.Mutex
	counts requests
	script map[string][]fault
}

func newTap(service http.Handler, operation func(*http.Request) string) *tap {
	return &tap{service: service, operation: operation, counts: make(requests), script: make(map[string][]fault)}
}

func (p *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	operation := p.operation(r)
	p.counts[operation]++
	var hit fault
	if script := p.script[operation]; len(script) > 0 {
		hit, p.script[operation] = script[0], script[1:]
	}
	p.mu.Unlock()

	if hit != nil {
		hit(w, r, p.service)
		return
	}
	p.service.ServeHTTP(w, r)
}

// fail has the next requests of an operation met by these faults, in order; nil lets one pass.
func (p *tap) fail(operation string, faults ...fault) {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.script[operation] = faults
}

// take returns the counts, and begins anew.
func (p *tap) take() requests {
	p.mu.Lock()
	defer p.mu.Unlock()

	taken := maps.Clone(p.counts)
	clear(p.counts)

	return taken
}

// times repeats a fault.
func times(n int, f fault) []fault {
	all := make([]fault, n)
	for i := range all {
		all[i] = f
	}

	return all
}

// refuse answers as AWS does, with a message that no log may show.
func refuse(code string) fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("X-Amzn-ErrorType", code)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"__type":%q,"message":"canary of arn:aws:iam::123456789012:role/rotator"}`, code)
	}
}

// hang answers nothing until the client goes.
func hang(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	_, _ = io.Copy(io.Discard, r.Body) // before that, the server does not see the client go
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// wantNothingSecretShown searches all output for the canaries, for every token that was ever stored, and for the forms in
// which they are sent.
func (s *stack) wantNothingSecretShown() {
	s.t.Helper()

	shown := s.output.String()
	hidden := []string{"canary", "arn:", "123456789012", base64.StdEncoding.EncodeToString([]byte(clientID + ":" + clientSecretCanary))}

	// The test's own context has ended by now.
	history, err := s.ssm.GetParameterHistory(context.WithoutCancel(s.t.Context()), &ssm.GetParameterHistoryInput{
		Name: aws.String(parameterName), WithDecryption: aws.Bool(true),
	})
	if err == nil {
		for _, version := range history.Parameters {
			var document struct {
				AccessToken string `json:"access_token"`
			}
			if json.Unmarshal([]byte(*version.Value), &document) == nil && document.AccessToken != "" {
				hidden = append(hidden, document.AccessToken)
			}
		}
	}

	for _, text := range hidden {
		if at := strings.Index(shown, text); at >= 0 {
			s.t.Errorf("the output shows a secret, or what a service said: …%.120s…", shown[max(at-60, 0):])
		}
	}
}

// metric returns the values of a metric in the output, in order.
func (s *stack) metric(name string) []float64 {
	s.t.Helper()

	var values []float64
	for line := range strings.Lines(s.output.String()) {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) != nil || fields["_aws"] == nil {
			continue
		}
		if fields["Stack"] != "stack" {
			s.t.Errorf("a metric line without the stack's dimension: %s", line)
		}
		if value, ok := fields[name].(float64); ok {
			values = append(values, value)
		}
	}

	return values
}
