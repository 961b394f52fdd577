package main

import (
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/invocation"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// dueStack is a stack with a process and a stored token, version 1, that is due and has 100 s left.
func dueStack(t *testing.T) (*stack, *invocation.Handler) {
	t.Helper()

	s := newStack(t)
	h := s.process()
	s.rotate(h, `{}`)
	time.Sleep(tokenLifetime - 100*time.Second)
	s.aws.Requests()
	s.tokens.Requests()

	return s, h
}

func TestTheSameEventTwiceDoesNothingTheSecondTime(t *testing.T) {
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

func TestATokenRequestThatFailsKeepsTheOldTokenAndTheTimeToStoreOne(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		fault             genesyssim.Fault
		kind              string
		parts             []string
		reads, sent, most int // of the secret, and requests for a token
	}{
		"throttled": {genesyssim.Fault{Status: 429, RetryAfter: "7", Times: -1}, "RateLimited", []string{"rotate the access token", "limits the rate"}, 1, 3, 3},
		"refused": {
			genesyssim.Fault{Status: 401, Code: "invalid_client", Times: -1},
			"InvalidCredentials",
			[]string{"refused the client credentials", "the wrong region looks the same"},
			2, 1, 1,
		},
		"a web page": {genesyssim.Fault{Body: aws.String("<!DOCTYPE html>"), Times: -1}, "UpstreamInvalid", []string{"no token"}, 1, 1, 1},
		"a hang":     {genesyssim.Fault{Action: genesyssim.ActionHang, Times: -1}, "UpstreamUnavailable", nil, 1, 2, 4},
		"a reset":    {genesyssim.Fault{Action: genesyssim.ActionReset, Times: -1}, "UpstreamUnavailable", nil, 1, 4, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, h := dueStack(t)
				s.faults(test.fault)
				began := time.Now()

				_, err := s.invoke(h, `{}`)

				s.wantError(err, test.kind, test.parts...)
				if took := time.Since(began); took > lambdaTimeout-storeReserve {
					t.Errorf("the rotation took %s, want the reserve untouched", took)
				}
				if got := s.stored().Version; got != 1 {
					t.Errorf("version %d is stored, want 1, the old one", got)
				}
				if failed, left := s.metric("TokenMintFailed"), s.metric("TokenRemaining"); failed[1] != 1 || left[1] > 100 || left[1] < 78 {
					t.Errorf("TokenMintFailed was %v and TokenRemaining %v, want a failure and what is left of the old token", failed, left)
				}
				if sent := s.tokens.Requests()["token"]; sent < test.sent || sent > test.most {
					t.Errorf("%d token requests were sent, want %d to %d", sent, test.sent, test.most)
				}
				s.wantRequests(requests{"GetParameter": 1, "GetSecretValue": test.reads})

				time.Sleep(time.Minute)
				s.faults()
				if got := s.rotate(h, `{}`); got.Version != 2 || got.Reason != "expiring" {
					t.Errorf("result %+v, want the next invocation to rotate", got)
				}
				s.wantRequests(requests{"GetParameter": 2, "GetSecretValue": 1, "token": 1, "PutParameter": 1})
			})
		})
	}
}

func TestAStoreThatHangsEndsByNameBeforeTheDeadline(t *testing.T) {
	t.Parallel()

	for _, operation := range []string{"GetParameter", "GetSecretValue", "PutParameter"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStack(t)
				s.aws.Fail(operation, awstest.Times(20, awstest.Hang)...)
				begun := time.Now()

				_, err := s.invoke(s.process(), "{}")

				s.wantError(err, "StorageUnavailable", "no answer in time")
				if took, most := time.Since(begun), lambdaTimeout-invocation.LastMoment; took > most {
					t.Errorf("the end came after %s, want it within %s", took, most)
				}
			})
		})
	}
}

func TestATokenUnderAKeyThatTheStackNoLongerHasIsReplaced(t *testing.T) {
	t.Parallel()

	for _, key := range []string{"alias/new", ""} { // the key was changed, or removed
		synctest.Test(t, func(t *testing.T) {
			s := newStack(t, day)
			s.rotate(s.process("TOKEN_KMS_KEY_ID=alias/old"), `{}`)
			time.Sleep(time.Hour)
			s.parameters.DenyKeys("alias/old")

			got := s.rotate(s.process("TOKEN_KMS_KEY_ID="+key), `{}`)

			if !got.Rotated || got.Reason != "unreadable" || got.Version != 2 || s.stored().Version != 2 {
				t.Errorf("result %+v, want another token under the key %q", got, key)
			}
		})
	}
}
