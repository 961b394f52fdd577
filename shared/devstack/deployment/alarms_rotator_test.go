package deployment_test

import (
	"net/http"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/failure"
)

// rotations are so many minutes of the schedule, each of which has to end as said: with an error of that kind, or "".
func (s *scene) rotations(minutes int, want failure.Kind) {
	s.t.Helper()

	for range minutes {
		if got := s.rotate(); got.ErrorType != string(want) {
			s.t.Fatalf("the rotator ended as %q, want %q", got.ErrorType, want)
		}
	}
}

// refused are so many minutes in which the token endpoint does not take the client's credentials.
func (s *scene) refused(minutes int) {
	s.t.Helper()
	s.faults(genesyssim.Fault{Path: "/oauth/token", Times: -1, Status: http.StatusUnauthorized})
	s.rotations(minutes, failure.InvalidCredentials)
	s.faults()
}

func rotatorFails(t *testing.T) {
	s := newScene(t, genesyssim.Config{Users: 1})
	s.rotations(2, "")

	// One failure that mends itself is none of the operators' business, and neither is a second one.
	s.leave(4 * time.Minute) // of the five that the buffer is
	s.refused(2)
	s.rotations(5, "")
	s.wantStates("rotator-errors", 0, "0 OK")

	s.leave(4 * time.Minute)
	s.refused(4)
	s.rotations(6, "")

	// The minutes 9 to 12 failed, so that three of the last five did until the end of minute 14.
	s.wantStates("rotator-errors", 0, "0 OK", "12 ALARM", "16 OK")
}

func rotatorFallsSilent(t *testing.T) {
	if expression := text(t, rotation(running(t, nil)), "ScheduleExpression"); expression != "rate(1 minute)" {
		t.Errorf("the rotator runs at %v, and its alarms count minutes", expression)
	}

	play(t, "as nobody runs it", genesyssim.Config{Users: 1}, func(s *scene) {
		s.rotations(6, "")
		s.pass(4 * time.Minute) // less than five are no silence
		s.rotations(5, "")
		s.pass(6 * time.Minute)
		s.rotations(2, "")
		s.wantStates("rotator-silent", 5, "5 OK", "20 ALARM", "22 OK")
	})

	// The alarm cannot know since when the stack is there: until the credentials are filled in, it rings.
	play(t, "as there is no token and none to be had", genesyssim.Config{Users: 1}, func(s *scene) {
		s.rotations(6, "")
		s.forget()
		s.refused(7)
		s.rotations(2, "")
		s.wantStates("rotator-silent", 5, "5 OK", "11 ALARM", "14 OK")
	})

	play(t, "but not while it fails beside a good token", genesyssim.Config{Users: 1}, func(s *scene) {
		s.rotations(5, "")
		s.leave(299 * time.Second)
		s.refused(5)
		s.wantStates("rotator-silent", 5, "5 OK")
	})
}

func tokenIsNotReplaced(t *testing.T) {
	play(t, "while the rotator cannot mint, and stays silent then", genesyssim.Config{Users: 1}, func(s *scene) {
		s.rotations(2, "")
		s.leave(260 * time.Second)

		// 260, 200, 140, 80 seconds are left, and half the buffer is 150.
		s.refused(4)
		s.wantStates("token-expiring", 0, "1 OK", "6 ALARM")

		// With less than half a minute nobody uses the token, and no metric reports it; then nobody runs at all.
		s.refused(3)
		s.pass(30 * time.Minute)
		s.wantStates("token-expiring", 0, "1 OK", "6 ALARM")

		s.rotations(2, "")
		s.wantStates("token-expiring", 0, "1 OK", "6 ALARM", "40 OK")
	})

	// A single bad minute: the next one mints.
	play(t, "but not in one invocation alone", genesyssim.Config{Users: 1}, func(s *scene) {
		s.rotations(2, "")
		s.leave(140 * time.Second)
		s.refused(1)
		s.rotations(5, "")
		s.wantStates("token-expiring", 0, "1 OK")
	})

	for name, lifetime := range map[string]time.Duration{"a lifetime of one buffer": 300 * time.Second, "a lifetime of two": 600 * time.Second} {
		play(t, "and never in a healthy cycle with "+name, genesyssim.Config{Users: 1, TokenLifetime: lifetime}, func(s *scene) {
			s.rotations(30, "")

			if minted := s.Genesys.Stats().TokensMinted; minted < 3 {
				s.t.Errorf("the token was replaced %d times, which is no cycle", minted)
			}

			s.wantStates("token-expiring", 0, "1 OK")
			s.wantStates("rotator-silent", 5, "5 OK")
		})
	}
}

func tokensAreMintedOften(t *testing.T) {
	s := newScene(t, genesyssim.Config{Users: 1})

	// Somebody who forces a rotation now and then is not meant.
	for range 20 {
		s.run(stack.Rotator, `{"force":true}`)
		s.pass(3 * time.Minute)
	}

	s.pass(time.Hour)

	for range 29 {
		s.run(stack.Rotator, `{"force":true}`)
		s.pass(2 * time.Minute)
	}

	s.at(240)
	s.wantStates("tokens-minted-often", 0, "0 OK", "161 ALARM", "199 OK")
}
