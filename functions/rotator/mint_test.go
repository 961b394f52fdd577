package main

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/invocation"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
)

// dueStack is a stack with a process and a stored token, version 1, that is due and has 100 s left.
func dueStack(t *testing.T) (*stack, *invocation.Handler) {
	t.Helper()

	s := newStack(t)
	h := s.process()
	s.rotate(h, `{}`)
	time.Sleep(tokenLifetime - 100*time.Second)
	s.aws.take()
	s.login.take()

	return s, h
}

// wantKept checks that the token from before is stored still, and that its remaining time was told.
func (s *stack) wantKept() {
	s.t.Helper()

	if got := s.stored().Version; got != 1 {
		s.t.Errorf("version %d is stored, want 1, the old one", got)
	}
	if failed := s.metric("TokenMintFailed"); failed[len(failed)-1] != 1 {
		s.t.Errorf("TokenMintFailed was %v, want 1 at the end", failed)
	}
	if remaining := s.metric("TokenRemaining"); len(remaining) < 2 || remaining[len(remaining)-1] > 100 {
		s.t.Errorf("TokenRemaining was %v, want what is left of the old token at the end", remaining)
	}
}

func TestR03ThrottledTokenRequestIsRepeatedAfterRetryAfter(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name        string
		fault       genesyssim.Fault
		least, most time.Duration
	}{
		{"429, Retry-After 7", genesyssim.Fault{Status: 429, RetryAfter: "7"}, 7 * time.Second, 8 * time.Second},
		{"400 rate limit exceeded", genesyssim.Fault{Status: 400, Code: "invalid_request", Message: "rate limit exceeded; canary"}, 0, time.Second},
		{"R04: a date", genesyssim.Fault{Status: 429, RetryAfterIn: aws.Int(7)}, 7 * time.Second, 8 * time.Second},
		{"R04: a date that has passed", genesyssim.Fault{Status: 429, RetryAfterIn: aws.Int(-60)}, 0, time.Second},
		{"R04: garbage", genesyssim.Fault{Status: 429, RetryAfter: "canary"}, 0, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, h := dueStack(t)
				s.faults(test.fault)
				began := time.Now()

				got := s.rotate(h, `{}`)

				if took := time.Since(began); took < test.least || took > test.most {
					t.Errorf("the rotation took %s, want %s to %s", took, test.least, test.most)
				}
				if !got.Rotated || got.Reason != "expiring" || got.Version != 2 {
					t.Errorf("result %+v, want a rotation to version 2", got)
				}
				s.wantRequests(requests{"GetParameter": 2, "GetSecretValue": 1, "token": 2, "PutParameter": 1})
				s.wantMinted(2)
			})
		})
	}
}

func TestR03TheOldTokenStaysUntilTheThrottleEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, h := dueStack(t)
		s.faults(genesyssim.Fault{Status: 429, RetryAfter: "7", Times: -1})
		began := time.Now()

		_, err := s.invoke(h, `{}`)

		s.wantError(err, "RateLimited", "rotate the access token", "limits the rate")
		s.wantKept()
		s.wantRequests(requests{"GetParameter": 1, "GetSecretValue": 1, "token": 3})
		if took := time.Since(began); took > lambdaTimeout-storeReserve {
			t.Errorf("the rotation took %s, want the reserve untouched", took)
		}

		time.Sleep(time.Minute)
		s.faults()
		if got := s.rotate(h, `{}`); got.Version != 2 {
			t.Errorf("result %+v, want the next run to rotate", got)
		}
		s.wantRequests(requests{"GetParameter": 2, "GetSecretValue": 1, "token": 1, "PutParameter": 1})
	})
}

func TestR04ARetryAfterOfADayIsGivenUpAndObeyed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, h := dueStack(t)
		s.faults(genesyssim.Fault{Status: 429, RetryAfter: "86400"})
		began := time.Now()

		_, err := s.invoke(h, `{}`)

		s.wantError(err, "RateLimited", "due in 24h0m0", "does not fit")
		s.wantKept()
		if took := time.Since(began); took > time.Second {
			t.Errorf("it was given up after %s, want at once", took)
		}
		s.wantRequests(requests{"GetParameter": 1, "GetSecretValue": 1, "token": 1})

		time.Sleep(time.Minute)
		_, err = s.invoke(h, `{}`)
		s.wantError(err, "RateLimited")
		s.wantRequests(requests{"GetParameter": 1, "GetSecretValue": 1})

		time.Sleep(24 * time.Hour)
		if got := s.rotate(h, `{}`); !got.Rotated {
			t.Errorf("result %+v, want a rotation once the day has passed", got)
		}
		s.wantRequests(requests{"GetParameter": 2, "GetSecretValue": 1, "token": 1, "PutParameter": 1})
	})
}

func TestR05RefusedCredentialsAreNoRetryStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, h := dueStack(t)
		s.genesys.RegenerateSecret()

		_, err := s.invoke(h, `{}`)

		s.wantError(err, "InvalidCredentials", "refused the client credentials", "the wrong region looks the same")
		s.wantKept()
		s.wantRequests(requests{"GetParameter": 1, "GetSecretValue": 2, "token": 1})
	})
}

func TestR07RepliesThatAreNoTokenKeepTheOldOne(t *testing.T) {
	t.Parallel()

	reply := func(expiry string) *string {
		return aws.String(`{"access_token":"canary-token","token_type":"bearer"` + expiry + `}`)
	}

	for name, fault := range map[string]genesyssim.Fault{
		"HTML":               {Headers: map[string]string{"Content-Type": "text/html"}, Body: aws.String("<!DOCTYPE html><title>Sign in</title>")},
		"cut JSON":           {Body: aws.String(`{"access_token":"canary-tok`)},
		"no token":           {Body: aws.String(`{"token_type":"bearer","expires_in":3600}`)},
		"expires_in 0":       {Body: reply(`,"expires_in":0`)},
		"expires_in -1":      {Body: reply(`,"expires_in":-1`)},
		"expires_in text":    {Body: reply(`,"expires_in":"1h"`)},
		"expires_in missing": {Body: reply(``)},
		"expires_in 1e12":    {Body: reply(`,"expires_in":1e12`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, h := dueStack(t)
				s.faults(fault)

				_, err := s.invoke(h, `{}`)

				s.wantError(err, "UpstreamInvalid", "no token")
				s.wantKept()
				s.wantRequests(requests{"GetParameter": 1, "GetSecretValue": 1, "token": 1})
			})
		})
	}
}

func TestR08AnEffectiveBufferOfAThirdRotatesThreeHundredSecondsAtAHundred(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		noError(t, s.genesys.SetTokenLifetime(300*time.Second))
		h := s.process("TOKEN_ROTATION_BUFFER_SECONDS=300")
		s.rotate(h, `{}`)

		for _, step := range []struct {
			after   time.Duration
			rotated bool
		}{{time.Second, false}, {198 * time.Second, false}, {time.Second, true}, {time.Second, false}} {
			time.Sleep(step.after)
			if got := s.rotate(h, `{}`); got.Rotated != step.rotated {
				t.Errorf("with %d s left: rotated %t, want %t", got.RemainingSeconds, got.Rotated, step.rotated)
			}
		}
		s.wantMinted(2)

		// The alarm compares what is left with the buffer in force: with 300 s it would never be quiet.
		if diff := cmp.Diff([]float64{100, 100, 100, 100, 100}, s.metric("TokenBuffer")); diff != "" {
			t.Errorf("TokenBuffer (-want +got):\n%s", diff)
		}
	})
}

func TestR09ATokenEndpointThatBreaksStaysInsideTheBudget(t *testing.T) {
	t.Parallel()

	for name, fault := range map[string]genesyssim.Fault{
		"hang":              {Action: genesyssim.ActionHang},
		"drip":              {Action: genesyssim.ActionDrip, DripMS: 1000},
		"reset":             {Action: genesyssim.ActionReset},
		"reset in the body": {Action: genesyssim.ActionResetBody},
		"truncated":         {Action: genesyssim.ActionTruncate},
		"short":             {Action: genesyssim.ActionShortLength},
	} {
		t.Run(name+" once", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, h := dueStack(t)
				s.faults(fault)

				if got := s.rotate(h, `{}`); got.Version != 2 {
					t.Errorf("result %+v, want a rotation to version 2", got)
				}
				s.wantRequests(requests{"GetParameter": 2, "GetSecretValue": 1, "token": 2, "PutParameter": 1})
			})
		})
		t.Run(name+" for ever", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, h := dueStack(t)
				fault := fault
				fault.Times = -1
				s.faults(fault)
				began := time.Now()

				_, err := s.invoke(h, `{}`)

				s.wantError(err, "UpstreamUnavailable")
				s.wantKept()
				if took := time.Since(began); took > lambdaTimeout-storeReserve {
					t.Errorf("the rotation took %s, want the reserve untouched", took)
				}
				if sent := s.login.take()["token"]; sent < 2 || sent > 4 {
					t.Errorf("%d token requests were sent, want 2 to 4", sent)
				}
			})
		})
	}
}

func TestR16AClockThatIsOffChangesNoLifetimeAndIsAMetric(t *testing.T) {
	t.Parallel()

	for name, skew := range map[string]time.Duration{"ahead": 10 * time.Minute, "behind": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStack(t)
				h := s.process()
				s.login.fail("token", func(w http.ResponseWriter, r *http.Request, service http.Handler) {
					body, err := io.ReadAll(r.Body)
					noError(t, err)
					r.Body = io.NopCloser(bytes.NewReader(body))
					time.Sleep(4 * time.Second)
					w.Header().Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
					service.ServeHTTP(w, r)
				})
				sent := time.Now()

				got := s.rotate(h, `{}`)

				if want := sent.UTC().Add(tokenLifetime); !got.ExpiresAt.Equal(want) || got.RemainingSeconds != 596 {
					t.Errorf("it expires at %s with %d s left, want %s, counted from before the request", got.ExpiresAt, got.RemainingSeconds, want)
				}
				if told := s.metric("ClockSkew"); len(told) != 1 || told[0] != skew.Seconds() {
					t.Errorf("ClockSkew was %v, want %v", told, skew.Seconds())
				}
			})
		})
	}
}
