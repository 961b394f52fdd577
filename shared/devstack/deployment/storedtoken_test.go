package deployment_test

import (
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"
)

// leave lets the stored token grow so old that this much is left of its life.
func (s *scene) leave(remaining time.Duration) {
	s.t.Helper()
	s.age(func(stored token.Token) time.Duration { return time.Until(stored.ExpiresAt) - remaining })
}

// age makes the stored token older. Where there is none, it does nothing.
func (s *scene) age(by func(token.Token) time.Duration) {
	s.t.Helper()

	store := tokenstore.New(s.SSM(), s.TokenParameter, "")

	stored, err := store.Read(s.t.Context())
	if errors.Is(err, token.ErrNotStored) {
		return
	}

	if err == nil {
		older := by(stored.Token)
		stored.IssuedAt, stored.ExpiresAt = stored.IssuedAt.Add(-older), stored.ExpiresAt.Add(-older)
		_, err = store.Write(s.t.Context(), stored.Token)
	}

	if err != nil {
		s.t.Fatal(err)
	}
}

// forget deletes the stored token.
func (s *scene) forget() {
	s.t.Helper()

	if _, err := s.SSM().DeleteParameter(s.t.Context(), &ssm.DeleteParameterInput{Name: &s.TokenParameter}); err != nil {
		s.t.Fatal(err)
	}
}
