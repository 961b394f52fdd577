// Package clientcred reads the OAuth client's credentials from Secrets Manager.
package clientcred

import (
	"context"
	"encoding/json"
	"strings"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// Store is one secret, whose value is {"client_id":"…","client_secret":"…"}. It implements [token.CredentialsReader] and
// keeps nothing in memory, so that a rotated secret is seen at once.
type Store struct {
	client *secretsmanager.Client
	id     string
}

// New returns the store of the secret with that name or ARN.
func New(client *secretsmanager.Client, id string) *Store {
	return &Store{client: client, id: id}
}

// Read implements [token.CredentialsReader]: InvalidCredentials where the secret is missing, deleted, empty or not of the
// promised form; StorageUnavailable where Secrets Manager does not hand it out.
func (s *Store) Read(ctx context.Context) (token.Credentials, error) {
	reply, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.id})
	if err != nil {
		return token.Credentials{}, s.failed(err)
	}

	var value struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	if json.Unmarshal([]byte(aws.ToString(reply.SecretString)), &value) != nil ||
		strings.TrimSpace(value.ClientID) == "" || strings.TrimSpace(value.ClientSecret) == "" {
		return token.Credentials{}, failure.New(failure.InvalidCredentials,
			`secret %s does not contain {"client_id":"…","client_secret":"…"} with both filled in: put the OAuth client's there`, s.name())
	}

	return token.Credentials{
		ClientID:     strings.TrimSpace(value.ClientID),
		ClientSecret: secret.New(strings.TrimSpace(value.ClientSecret)),
	}, nil
}

func (s *Store) failed(err error) error {
	switch awsapi.Code(err) {
	case "ResourceNotFoundException":
		return failure.Because(err, failure.InvalidCredentials,
			"secret %s does not exist or has no value: put the OAuth client's id and secret there", s.name())
	case "InvalidRequestException":
		return failure.Because(err, failure.InvalidCredentials,
			"secret %s is marked for deletion: restore it, or name another in GENESYS_CREDENTIALS_SECRET_ID", s.name())
	default:
		return failure.Because(err, failure.StorageUnavailable, "secret %s: %s", s.name(), awsapi.Describe(err))
	}
}

// name is the secret's name, also where the id is an ARN, which no error may contain.
func (s *Store) name() string {
	return s.id[strings.LastIndex(s.id, ":")+1:]
}
