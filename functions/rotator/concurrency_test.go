package main

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/rotatorclient"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// reserved is Lambda in front of a process, with a reserved concurrency of 1.
type reserved struct {
	stack *stack
	h     *invocation.Handler
	slot  chan struct{}

	mu      sync.Mutex
	refused int
}

func (r *reserved) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	payload, err := io.ReadAll(request.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}

	select {
	case r.slot <- struct{}{}:
		defer func() { <-r.slot }()
	default:
		r.mu.Lock()
		r.refused++
		r.mu.Unlock()
		w.Header().Set("X-Amzn-Errortype", "TooManyRequestsException")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"Type":"User","Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","message":"Rate Exceeded."}`)

		return
	}

	if _, err := r.stack.invoke(r.h, string(payload)); err != nil {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		fmt.Fprint(w, `{"errorType":"Failed"}`)

		return
	}
	fmt.Fprint(w, `{}`)
}

// behindLambda serves a process at lambda.test.
func (s *stack) behindLambda(h *invocation.Handler) *reserved {
	s.t.Helper()

	r := &reserved{stack: s, h: h, slot: make(chan struct{}, 1)}
	stop, err := s.network.Serve("lambda.test:80", r)
	noError(s.t, err)
	s.t.Cleanup(stop)

	return r
}

// reader is an exporter's, in a process of its own.
func (s *stack) reader() *token.Reader {
	return &token.Reader{
		Store:   tokenstore.New(ssm.NewFromConfig(s.cloud("http://aws.test")), parameterName, ""),
		Rotator: rotatorclient.New(lambda.NewFromConfig(s.cloud("http://lambda.test")), "stack-rotator"),
	}
}

// slow makes token requests take as long as they do.
func (s *stack) slow(d time.Duration) {
	s.login.fail("token", times(100, func(w http.ResponseWriter, r *http.Request, service http.Handler) {
		if err := retry.Sleep(r.Context(), d); err == nil {
			service.ServeHTTP(w, r)
		}
	})...)
}

func TestR01TwentyInvocationsWithReservedConcurrencyMintOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		s.slow(800 * time.Millisecond)
		lambda := s.behindLambda(s.process())
		readers := make([]*token.Reader, 20)
		for i := range readers {
			readers[i] = s.reader()
		}

		var group sync.WaitGroup
		for _, reader := range readers {
			group.Go(func() {
				if got, err := reader.Token(t.Context()); err != nil || got.Version != 1 {
					t.Errorf("version %d, error %v, want version 1", got.Version, err)
				}
			})
		}
		group.Wait()

		s.wantMinted(1)
		if lambda.refused == 0 {
			t.Error("nobody met the rotator at work")
		}
	})
}

func TestR01TwentyProcessesMintAtMostOneEach(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		s.slow(800 * time.Millisecond)

		var group sync.WaitGroup
		for i := range 20 {
			h := s.process()
			group.Go(func() {
				// Some begin together, others while the first are at work or have just ended.
				time.Sleep(time.Duration(i/4) * 300 * time.Millisecond)
				for range 3 {
					if _, err := s.invoke(h, `{}`); err != nil {
						t.Errorf("invocation: %v", err)
					}
				}
			})
		}
		group.Wait()

		if minted := s.genesys.Stats().TokensMinted; minted > 20 {
			t.Errorf("%d tokens were minted by 20 processes", minted)
		}
		stored := s.stored()
		if left := stored.Remaining(time.Now()); left < tokenLifetime-5*time.Second {
			t.Errorf("the stored token has %s left, want a fresh one", left)
		}
	})
}

func TestR02TheSameEventTwiceDoesNothingTheSecondTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		h := s.process()
		first := s.rotate(h, `{}`)
		s.wantRequests(requests{"GetParameter": 2, "GetSecretValue": 1, "token": 1, "PutParameter": 1})

		second := s.rotate(h, `{}`)

		want := first
		want.Rotated, want.Reason = false, "fresh"
		if !first.Rotated || first.Reason != "missing" || second != want {
			t.Errorf("first %+v, then %+v, want the same token and nothing done", first, second)
		}
		s.wantRequests(requests{"GetParameter": 1})
	})
}

func TestR19ASilentSchedulerIsMadeUpForByReadersAndSeenInTheMetric(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		h := s.process()
		s.rotate(h, `{}`)
		s.behindLambda(h)
		time.Sleep(2 * tokenLifetime)

		got, err := s.reader().Token(t.Context())

		if err != nil || got.Version != 2 {
			t.Errorf("version %d, error %v, want version 2", got.Version, err)
		}
		// The alarm is on TokenRemaining: low, or missing, as it was while nobody ran.
		if remaining := s.metric("TokenRemaining"); len(remaining) != 2 || remaining[1] < tokenLifetime.Seconds()-2 {
			t.Errorf("TokenRemaining was %v, want one value a run, the last a fresh token's", remaining)
		}
	})
}
