package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/invocation"
)

func TestR10ATokenTooLongToBeStoredIsNotKeptInTheWayOfTheNext(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		process := s.process()

		long := `{"access_token":"` + strings.Repeat("x", 9_000) + `","token_type":"bearer","expires_in":86400}`
		s.faults(genesyssim.Fault{Body: &long})

		_, err := s.invoke(process, "{}")
		s.wantError(err, "UpstreamInvalid")

		if got := s.rotate(process, "{}"); !got.Rotated {
			t.Errorf("got %+v, want the next token stored", got)
		}

		if failed := s.metric("TokenMintFailed"); !slices.Equal(failed, []float64{1, 0}) {
			t.Errorf("TokenMintFailed: got %v", failed)
		}
	})
}

func TestInvariant07ARejectedTokenThatCouldNotBeReplacedIsNeverFresh(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		process := s.process()
		s.rotate(process, "{}")

		s.faults(genesyssim.Fault{Status: 403, Times: -1})

		_, err := s.invoke(process, `{"rejected_version":1}`)
		s.wantError(err, "Forbidden")

		_, err = s.invoke(process, "{}")
		s.wantError(err, "Forbidden")

		if remaining := s.metric("TokenRemaining"); len(remaining) != 1 {
			t.Errorf("TokenRemaining: got %v, want none of a token that is known to be no good", remaining)
		}

		s.faults()

		if got := s.rotate(process, "{}"); !got.Rotated || got.Reason != "rejected" {
			t.Errorf("got %+v, want it replaced", got)
		}
	})
}

func TestInvariant07AProbeWaitsForTheRetryAfterOfTheOneBefore(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := newStack(t, hourly)
		process := s.process("TOKEN_PROBE_SECONDS=60")
		s.rotate(process, "{}")
		noError(t, s.genesys.SetFaults([]genesyssim.Fault{{Path: probePath, Status: 503, RetryAfter: "600"}}))

		for range 9 {
			time.Sleep(time.Minute)
			s.rotate(process, "{}")
		}

		if early := s.genesys.Stats().EarlyRequests; len(early) != 0 {
			t.Errorf("requests came before a Retry-After had passed: %v", early)
		}
	})
}

func TestInvariant10AStoreThatHangsEndsByNameBeforeTheDeadline(t *testing.T) {
	t.Parallel()

	for operation, kind := range map[string]string{
		"GetParameter": "StorageUnavailable", "GetSecretValue": "StorageUnavailable", "PutParameter": "StorageUnavailable",
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := newStack(t)
				s.aws.fail(operation, times(20, hang)...)

				begun := time.Now()
				_, err := s.invoke(s.process(), "{}")
				s.wantError(err, kind)

				if took, most := time.Since(begun), lambdaTimeout-invocation.LastMoment; took > most {
					t.Errorf("the end came after %s, want it within %s", took, most)
				}
			})
		})
	}
}

func TestAnAnswerWithoutAParameterIsANamedError(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		empty := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { _, _ = w.Write([]byte("{}")) }
		s.aws.fail("GetParameter", empty)

		_, err := s.process().Invoke(context.WithoutCancel(t.Context()), []byte("{}"))
		s.wantError(err, "StorageUnavailable")
	})
}
