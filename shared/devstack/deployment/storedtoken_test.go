package deployment_test

import (
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"genesys-cloud-export/shared/token"
)

// leave lets the stored token grow so old that this much is left of its life.
func (s *scene) leave(remaining time.Duration) {
	s.t.Helper()

	stored, is := s.storedToken()
	if !is {
		s.t.Fatal("no token is stored")
	}

	lifetime := stored.Lifetime()
	stored.ExpiresAt = time.Now().Add(remaining)
	stored.IssuedAt = stored.ExpiresAt.Add(-lifetime)
	s.store(stored)
}

func (s *scene) storedToken() (token.Token, bool) {
	s.t.Helper()

	reply, err := s.SSM().GetParameter(s.t.Context(), &ssm.GetParameterInput{Name: &s.TokenParameter, WithDecryption: aws.Bool(true)})
	if _, none := errors.AsType[*ssmtypes.ParameterNotFound](err); none {
		return token.Token{}, false
	}

	if err != nil {
		s.t.Fatal(err)
	}

	stored, err := token.Decode([]byte(aws.ToString(reply.Parameter.Value)))
	if err != nil {
		s.t.Fatal(err)
	}

	return stored, true
}

func (s *scene) store(stored token.Token) {
	s.t.Helper()

	document, err := token.Encode(stored)
	if err != nil {
		s.t.Fatal(err)
	}

	if _, err := s.SSM().PutParameter(s.t.Context(), &ssm.PutParameterInput{
		Name: &s.TokenParameter, Value: aws.String(string(document)), Type: ssmtypes.ParameterTypeSecureString, Overwrite: aws.Bool(true),
	}); err != nil {
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
