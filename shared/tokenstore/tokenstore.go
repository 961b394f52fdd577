// Package tokenstore keeps the access token in an SSM SecureString. The value is the document of shared/token.
package tokenstore

import (
	"context"
	"errors"
	"fmt"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// MaxValueBytes is the largest value of an advanced parameter:
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
const MaxValueBytes = 8192

// Store is one parameter. It implements [token.Store].
type Store struct {
	client *ssm.Client
	name   string
	keyID  string
}

// New returns the store of the parameter with that name. keyID is the KMS key that new values are encrypted with; "" is
// the account's AWS managed key. Readers need no key id.
func New(client *ssm.Client, name, keyID string) *Store {
	return &Store{client: client, name: name, keyID: keyID}
}

// Read implements [token.Store].
func (s *Store) Read(ctx context.Context) (token.Stored, error) {
	reply, err := s.client.GetParameter(ctx, &ssm.GetParameterInput{Name: &s.name, WithDecryption: aws.Bool(true)})
	if err != nil {
		if _, ok := errors.AsType[*types.ParameterNotFound](err); ok {
			return token.Stored{}, token.ErrNotStored
		}

		return token.Stored{}, failure.Because(err, failure.StorageUnavailable, "SSM parameter %s: %s", s.name, awsapi.Describe(err))
	}

	if reply.Parameter == nil || reply.Parameter.Version < 1 {
		return token.Stored{}, failure.New(failure.StorageUnavailable, "SSM parameter %s: the service answered without a parameter", s.name)
	}

	stored := token.Stored{Version: reply.Parameter.Version}

	stored.Token, err = token.Decode([]byte(aws.ToString(reply.Parameter.Value)))
	if err != nil {
		return stored, fmt.Errorf("SSM parameter %s: %w", s.name, err)
	}

	return stored, nil
}

// Write implements [token.Store]. A token whose document is larger than [MaxValueBytes] is a failure of kind
// UpstreamInvalid, and nothing is sent.
func (s *Store) Write(ctx context.Context, t token.Token) (int64, error) {
	document, err := token.Encode(t)
	if err != nil {
		return 0, err
	}

	if len(document) > MaxValueBytes {
		return 0, failure.New(failure.UpstreamInvalid,
			"the token document has %d bytes and SSM parameter %s holds %d: the token that was granted is too long to be stored",
			len(document), s.name, MaxValueBytes)
	}

	input := &ssm.PutParameterInput{
		Name:      &s.name,
		Value:     aws.String(string(document)),
		Type:      types.ParameterTypeSecureString,
		Tier:      types.ParameterTierIntelligentTiering,
		Overwrite: aws.Bool(true),
	}
	if s.keyID != "" {
		input.KeyId = &s.keyID
	}

	reply, err := s.client.PutParameter(ctx, input)
	if err != nil {
		return 0, failure.Because(err, failure.StorageUnavailable, "SSM parameter %s: %s", s.name, awsapi.Describe(err))
	}

	if reply.Version < 1 {
		return 0, failure.New(failure.StorageUnavailable, "SSM parameter %s: the service answered without a version", s.name)
	}

	return reply.Version, nil
}
