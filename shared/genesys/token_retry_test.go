package genesys_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// throttled is the token endpoint's 400 that stands for a 429.
const throttled = `{"error":"invalid_request","description":"rate limit exceeded; canary","error_description":"rate limit exceeded; canary"}`

// lambdaTime is what an invocation of the rotator has; 8 s of it are reserved for storing the token.
const lambdaTime = 30 * time.Second

func issueWithin(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()

	return context.WithTimeout(t.Context(), lambdaTime)
}

func TestR03AThrottledTokenRequestIsRepeatedWhenItMay(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name        string
		answer      http.HandlerFunc
		least, most time.Duration
	}{
		{"429 with Retry-After 7", loginAnswer(429, "canary", "Retry-After", "7"), 7 * time.Second, 8 * time.Second},
		{"429 without Retry-After", loginAnswer(429, ""), 0, 500 * time.Millisecond},
		{"400 rate limit exceeded", loginAnswer(400, throttled), 0, 500 * time.Millisecond},
		{"400 in the description alone", loginAnswer(400, `{"error":"invalid_request","description":"Rate limit exceeded; canary"}`), 0, 500 * time.Millisecond},
		{"400 rate limit exceeded, Retry-After 3", loginAnswer(400, throttled, "Retry-After", "3"), 3 * time.Second, 4 * time.Second},
		{"503 with Retry-After 7", loginAnswer(503, "", "Retry-After", "7"), 7 * time.Second, 8 * time.Second},
		{"500", loginAnswer(500, "canary"), 0, 500 * time.Millisecond},
		{"408", loginAnswer(408, ""), 0, 500 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, client := serveLogin(t, test.answer, granted())

				if _, err := client.Issue(t.Context(), loginCredentials()); err != nil {
					t.Fatal(err)
				}

				l.wantRequests(t, 2)
				if waited := l.seen()[1].at.Sub(l.seen()[0].at); waited < test.least || waited > test.most {
					t.Errorf("the request was repeated after %s, want %s to %s", waited, test.least, test.most)
				}
			})
		})
	}
}

func TestR04RetryAfterInEveryForm(t *testing.T) {
	t.Parallel()

	dateIn := func(d time.Duration) func() string {
		return func() string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	}

	for _, test := range []struct {
		name        string
		retryAfter  func() string
		least, most time.Duration
	}{
		{"a date", dateIn(7 * time.Second), 7 * time.Second, 8 * time.Second},
		{"a date that has passed", dateIn(-time.Hour), 0, 500 * time.Millisecond},
		{"zero", func() string { return "0" }, 0, 500 * time.Millisecond},
		{"a fraction", func() string { return "2.5" }, 3 * time.Second, 4 * time.Second},
		{"garbage", func() string { return "soon" }, 0, 500 * time.Millisecond},
		{"negative", func() string { return "-5" }, 0, 500 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, client := serveLogin(t, func(w http.ResponseWriter, r *http.Request) {
					loginAnswer(429, "", "Retry-After", test.retryAfter())(w, r)
				}, granted())

				if _, err := client.Issue(t.Context(), loginCredentials()); err != nil {
					t.Fatal(err)
				}

				if waited := l.seen()[1].at.Sub(l.seen()[0].at); waited < test.least || waited > test.most {
					t.Errorf("the request was repeated after %s, want %s to %s", waited, test.least, test.most)
				}
			})
		})
	}
}

func TestR04ARetryAfterThatDoesNotFitIsGivenUpAtOnce(t *testing.T) {
	t.Parallel()

	for _, seconds := range []int{22, 86_400, 99_999_999} {
		t.Run(strconv.Itoa(seconds), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, client := serveLogin(t, loginAnswer(429, "", "Retry-After", strconv.Itoa(seconds)), granted())
				ctx, cancel := issueWithin(t)
				defer cancel()
				began := time.Now()

				_, err := client.Issue(ctx, loginCredentials())

				wantLoginFailure(t, err, failure.RateLimited, "does not fit")
				l.wantRequests(t, 1)
				if took := time.Since(began); took != 0 {
					t.Errorf("it was given up after %s, want at once", took)
				}
			})
		})
	}
}

// The scheduler invokes the rotator every minute, and what the endpoint asked of one run binds the next one too.
func TestInvariant07ARetryAfterBindsLaterRunsOfTheProcess(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		status int
		kind   failure.Kind
	}{
		{http.StatusTooManyRequests, failure.RateLimited},
		{http.StatusServiceUnavailable, failure.UpstreamUnavailable},
	} {
		t.Run(http.StatusText(test.status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, client := serveLogin(t, loginAnswer(test.status, "canary", "Retry-After", "600"), granted())

				var err error
				for range 10 {
					ctx, cancel := issueWithin(t)
					_, err = client.Issue(ctx, loginCredentials())
					cancel()
					wantLoginFailure(t, err, test.kind, strconv.Itoa(test.status), "does not fit")
					l.wantRequests(t, 1)
					time.Sleep(59 * time.Second) // after ten runs 10 s are left, and those fit
				}

				ctx, cancel := issueWithin(t)
				defer cancel()
				if _, err = client.Issue(ctx, loginCredentials()); err != nil {
					t.Fatal(err)
				}

				if waited := l.seen()[1].at.Sub(l.seen()[0].at); waited < 600*time.Second || waited > 601*time.Second {
					t.Errorf("the endpoint was called again after %s, want 600 s", waited)
				}
			})
		})
	}
}

// A process may be frozen, or its invocation ended, in each of its waits.
func TestATokenRequestThatIsCutShortInAWaitIsNamed(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		answer http.HandlerFunc
		kind   failure.Kind
	}{
		"429 with Retry-After": {loginAnswer(429, "", "Retry-After", "15"), failure.RateLimited},
		"503 with Retry-After": {loginAnswer(503, "", "Retry-After", "15"), failure.UpstreamUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, client := serveLogin(t, test.answer)
				began := time.Now()

				// The first run is in the wait that it was asked for, the second in what is left of it.
				for run := range 2 {
					ctx, cancel := issueWithin(t)
					time.AfterFunc(3*time.Second, cancel)

					_, err := client.Issue(ctx, loginCredentials())

					wantLoginFailure(t, err, test.kind, "does not fit")
					if errors.Is(err, context.Canceled) {
						t.Errorf("the error is taken for the end of the time: %v", err)
					}
					if took := time.Since(began); took != time.Duration(run+1)*3*time.Second {
						t.Errorf("run %d ended after %s, want 3 s each", run, took)
					}
				}

				l.wantRequests(t, 1)
			})
		})
	}
}

func TestATokenRequestWhoseTimeIsOverAtOnceIsNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, client := serveLogin(t, granted())

		for _, left := range []time.Duration{-time.Second, 0} {
			ctx, cancel := context.WithTimeout(t.Context(), left)
			_, err := client.Issue(ctx, loginCredentials())
			cancel()

			wantLoginFailure(t, err, failure.UpstreamUnavailable, "no complete reply in time")
		}

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := client.Issue(ctx, loginCredentials())

		wantLoginFailure(t, err, failure.UpstreamUnavailable)
		l.wantRequests(t, 0)
	})
}

func TestR03AThrottleThatDoesNotEndIsBoundedByTheBudget(t *testing.T) {
	t.Parallel()

	for name, answer := range map[string]http.HandlerFunc{
		"429, no word when": loginAnswer(429, ""),
		"429, every 3 s":    loginAnswer(429, "", "Retry-After", "3"),
		"400":               loginAnswer(400, throttled),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, client := serveLogin(t, answer)
				ctx, cancel := issueWithin(t)
				defer cancel()
				began := time.Now()

				_, err := client.Issue(ctx, loginCredentials())

				wantLoginFailure(t, err, failure.RateLimited, "limits the rate")
				if took := time.Since(began); took > 22*time.Second {
					t.Errorf("it took %s, want the reserve untouched", took)
				}
				if got := len(l.seen()); got < 4 || got > 40 {
					t.Errorf("%d requests in 22 s, want some, but no storm", got)
				}
			})
		})
	}
}

func TestServerErrorsSpendTheAttempts(t *testing.T) {
	t.Parallel()

	for _, status := range []int{408, 500, 502, 503, 504} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, client := serveLogin(t, loginAnswer(status, "canary"))
				ctx, cancel := issueWithin(t)
				defer cancel()

				_, err := client.Issue(ctx, loginCredentials())

				wantLoginFailure(t, err, failure.UpstreamUnavailable, strconv.Itoa(status))
				l.wantRequests(t, 4)
			})
		})
	}
}

// faults of a connection, by what is seen of them.
func loginFaults() map[string]http.HandlerFunc {
	begin := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", strconv.Itoa(len(goodGrant)))
		_, _ = fmt.Fprint(w, goodGrant[:20])
		_ = http.NewResponseController(w).Flush()
	}

	return map[string]http.HandlerFunc{
		"hang before the headers": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"a body that drips": func(w http.ResponseWriter, r *http.Request) {
			for i := range goodGrant {
				_, _ = fmt.Fprint(w, goodGrant[i:i+1])
				_ = http.NewResponseController(w).Flush()
				if retry.Sleep(r.Context(), time.Second) != nil {
					return
				}
			}
		},
		"a body that stops": func(w http.ResponseWriter, r *http.Request) {
			begin(w)
			<-r.Context().Done()
		},
		"reset before the headers": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"reset in the body": func(w http.ResponseWriter, _ *http.Request) {
			begin(w)
			panic(http.ErrAbortHandler)
		},
	}
}

func TestR09ABrokenExchangeIsRepeated(t *testing.T) {
	t.Parallel()

	for name, fault := range loginFaults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, client := serveLogin(t, fault, granted())
				ctx, cancel := issueWithin(t)
				defer cancel()

				if _, err := client.Issue(ctx, loginCredentials()); err != nil {
					t.Fatal(err)
				}

				l.wantRequests(t, 2)
				if waited := l.seen()[1].at.Sub(l.seen()[0].at); waited > 8500*time.Millisecond {
					t.Errorf("the request was repeated after %s, want after the attempt's 8 s and a backoff at most", waited)
				}
			})
		})
	}
}

func TestR09ExchangesThatBreakForGoodStayInsideTheBudget(t *testing.T) {
	t.Parallel()

	for name, fault := range loginFaults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, client := serveLogin(t, fault)
				ctx, cancel := issueWithin(t)
				defer cancel()
				began := time.Now()

				_, err := client.Issue(ctx, loginCredentials())

				wantLoginFailure(t, err, failure.UpstreamUnavailable, "127.0.0.1:8080")
				if took := time.Since(began); took > 22*time.Second {
					t.Errorf("it took %s, want the reserve untouched", took)
				}
				if got := len(l.seen()); got < 2 || got > 4 {
					t.Errorf("%d requests, want 2 to 4", got)
				}
			})
		})
	}
}

func TestNobodyListeningIsNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, client := serveLogin(t, granted())
		client.URL = "http://127.0.0.1:9/oauth/token"
		ctx, cancel := issueWithin(t)
		defer cancel()

		_, err := client.Issue(ctx, loginCredentials())

		wantLoginFailure(t, err, failure.UpstreamUnavailable, "no connection can be made", "127.0.0.1:9")
		l.wantRequests(t, 0)
	})
}
