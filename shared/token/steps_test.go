package token_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"

	"github.com/google/go-cmp/cmp"
)

// step is one thing that a row does, or checks.
type step = func(w *world)

// ask has the rotator asked, and compares what comes of it. Where that is a failure, its text has the parts.
func ask(asked token.Rotation, want string, parts ...string) step {
	return func(w *world) { w.ask(w.rotator, asked, want, parts...) }
}

// another has another process asked, which then is gone.
func another(asked token.Rotation, want string) step {
	return func(w *world) { w.ask(w.process(), asked, want) }
}

// ask compares an outcome in words: the reason or the failure's kind, what happened, and the version that it reports.
func (w *world) ask(rotator *token.Rotator, asked token.Rotation, want string, parts ...string) {
	w.t.Helper()

	outcome, err := rotator.Rotate(w.t.Context(), asked)

	words := []string{outcome.Reason}
	if err != nil {
		words[0] = string(failure.KindOf(err))
	}
	for ; w.endpoint.granted > w.minted; w.minted++ {
		words = append(words, "minted")
	}
	for what, happened := range map[string]bool{
		"rotated": outcome.Rotated, "mint failed": outcome.MintFailed, "probe rejected": outcome.ProbeRejected,
	} {
		if happened {
			words = append(words, what)
		}
	}
	slices.Sort(words[1:])
	got := strings.Join(append(words, fmt.Sprint("version ", outcome.Stored.Version)), ", ")

	if got != want {
		w.t.Errorf("asked %+v: got %q (%v), want %q", asked, got, err, want)
	}
	if err != nil {
		wantFailure(w.t, err, failure.KindOf(err), parts...)
	}
	stored, unreadable := w.parameter.peek()
	if err == nil && unreadable == nil && (!stored.Same(outcome.Stored.Token) || stored.Version != outcome.Stored.Version) {
		w.t.Errorf("the outcome reports version %d, stored is another token as version %d", outcome.Stored.Version, stored.Version)
	}
}

// The steps that change the world.

func passes(d time.Duration) step  { return func(*world) { time.Sleep(d) } }
func lasts(d time.Duration) step   { return func(w *world) { w.endpoint.lifetime = d } }
func mintFails(errs ...error) step { return func(w *world) { w.endpoint.failures = errs } }
func readFails(errs ...error) step { return func(w *world) { w.parameter.readFaults = errs } }
func writeFails(faults ...writeFault) step {
	return func(w *world) { w.parameter.writeFaults = faults }
}
func secretFails(errs ...error) step       { return func(w *world) { w.secrets.faults = errs } }
func sealed(yes bool) step                 { return func(w *world) { w.parameter.sealed = yes } }
func credentialsAre(values ...string) step { return func(w *world) { w.secrets.values = values } }
func removed(w *world)                     { w.parameter.remove() }
func restarted(w *world)                   { w.restart() }

// storeHas puts a value, whatever it is, into the store as version 1.
func storeHas(value string) step {
	return func(w *world) { w.parameter.value, w.parameter.version = []byte(value), 1 }
}

// probes has the stored token tried each minute by p.
func probes(p *prober) step {
	return func(w *world) { w.rotator.Prober, w.rotator.ProbeEvery = p, time.Minute }
}

// meanwhile has these steps happen while the next token is requested.
func meanwhile(steps ...step) step {
	return func(w *world) {
		w.endpoint.meanwhile = func() {
			for _, do := range steps {
				do(w)
			}
		}
	}
}

// writes stores a token of a day whose life begins so long from now.
func writes(access string, after time.Duration) step {
	return func(w *world) {
		issued := time.Now().Add(after)
		written := token.Token{Access: secret.New(access), Type: "bearer", IssuedAt: issued, ExpiresAt: issued.Add(24 * time.Hour)}
		if _, err := w.parameter.Write(w.t.Context(), written); err != nil {
			w.t.Fatal(err)
		}
	}
}

// The steps that check it.

func stored(grant int, version int64) step { return func(w *world) { w.wantStored(grant, version) } }

// sent checks how often the client credentials were read, and the secrets of the requests for a token.
func sent(reads int, secrets ...string) step {
	return func(w *world) {
		if diff := cmp.Diff(secrets, w.endpoint.sent); diff != "" || w.secrets.reads != reads {
			w.t.Errorf("the secret was read %d times, want %d; secrets sent (-want +got):\n%s", w.secrets.reads, reads, diff)
		}
	}
}
