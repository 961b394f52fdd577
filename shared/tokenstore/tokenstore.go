// Package tokenstore keeps the access token in an SSM SecureString. The value is the document of shared/token.
package tokenstore

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

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

// managedKey is AWS's key for parameters. It is asked for by name: a put without a key may keep the one of the version before,
// which the role may no longer be allowed to use.
const managedKey = "alias/aws/ssm"

// Store is one parameter. It implements [token.Store].
type Store struct {
	client *ssm.Client
	name   string
	keyID  string
}

// New returns the store of the parameter with that name. keyID is the KMS key that new values are encrypted with; "" is
// the account's AWS managed key. Readers need no key id.
func New(client *ssm.Client, name, keyID string) *Store {
	return &Store{client: client, name: name, keyID: cmp.Or(keyID, managedKey)}
}

// Read implements [token.Store]. A value that cannot be decrypted is a [token.SealedError].
func (s *Store) Read(ctx context.Context) (token.Stored, error) {
	parameter, err := s.get(ctx, true)
	if refused(err) {
		// The key's refusals come in many codes, and look like those of the parameter; without decryption only these remain.
		if sealed, plainErr := s.get(ctx, false); plainErr == nil {
			return token.Stored{Version: sealed.Version}, fmt.Errorf("SSM parameter %s: %w: %s", s.name,
				&token.SealedError{Key: s.keyName(), Written: aws.ToTime(sealed.LastModifiedDate)}, awsapi.Describe(err))
		}
	}

	if err != nil {
		return token.Stored{}, err
	}

	stored := token.Stored{Version: parameter.Version}

	stored.Token, err = token.Decode([]byte(aws.ToString(parameter.Value)))
	if err != nil {
		return stored, fmt.Errorf("SSM parameter %s: %w", s.name, err)
	}

	return stored, nil
}

func (s *Store) get(ctx context.Context, decrypt bool) (*types.Parameter, error) {
	reply, err := s.client.GetParameter(ctx, &ssm.GetParameterInput{Name: &s.name, WithDecryption: &decrypt})

	switch {
	case awsapi.Code(err) == "ParameterNotFound":
		return nil, token.ErrNotStored
	case err != nil:
		return nil, failure.Because(err, failure.StorageUnavailable, "SSM parameter %s: %s", s.name, awsapi.Describe(err))
	case reply.Parameter == nil || reply.Parameter.Version < 1:
		return nil, failure.New(failure.StorageUnavailable, "SSM parameter %s: the service answered without a parameter", s.name)
	default:
		return reply.Parameter, nil
	}
}

// refused reports whether the service itself answered that it will not do it. What is worth repeating has passed or will,
// and says nothing about the key.
func refused(err error) bool {
	return awsapi.Code(err) != "" && awsapi.Status(err) < http.StatusInternalServerError && !awsapi.NewRetryer().IsErrorRetryable(err)
}

// keyName is the key as it may be printed: what stands behind the account in its ARN.
func (s *Store) keyName() string { return s.keyID[strings.LastIndex(s.keyID, ":")+1:] }

// Write implements [token.Store]. A token whose document is larger than [MaxValueBytes] is a failure of kind
// UpstreamInvalid, and nothing is sent.
func (s *Store) Write(ctx context.Context, t token.Token) (int64, error) {
	document, err := token.Encode(t)
	if err != nil {
		return 0, err
	}

	if len(document) > MaxValueBytes {
		return 0, failure.New(failure.UpstreamInvalid,
			"the token document has %d bytes and SSM parameter %s takes %d: the token that was granted is too long to be stored",
			len(document), s.name, MaxValueBytes)
	}

	reply, err := s.client.PutParameter(ctx, &ssm.PutParameterInput{
		Name:      &s.name,
		Value:     aws.String(string(document)),
		Type:      types.ParameterTypeSecureString,
		Tier:      types.ParameterTierIntelligentTiering,
		Overwrite: aws.Bool(true),
		KeyId:     &s.keyID,
	})

	switch {
	// A put would drop the oldest of a hundred versions, and that one has a label:
	// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
	case awsapi.Code(err) == "ParameterMaxVersionLimitExceeded":
		return 0, failure.Because(err, failure.StorageUnavailable,
			"SSM parameter %s: the oldest of its 100 versions has a label, so it cannot make room for a new one: move the label to a newer version (aws ssm label-parameter-version)",
			s.name)
	case err != nil:
		return 0, failure.Because(err, failure.StorageUnavailable,
			"SSM parameter %s, to be encrypted with %s: %s", s.name, s.keyName(), awsapi.Describe(err))
	case reply.Version < 1:
		return 0, failure.New(failure.StorageUnavailable, "SSM parameter %s: the service answered without a version", s.name)
	default:
		return reply.Version, nil
	}
}
