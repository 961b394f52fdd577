package token

import (
	"context"
	"fmt"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/secret"
)

// Credentials are an OAuth client's.
type Credentials struct {
	ClientID     string
	ClientSecret secret.Text
}

// Equal reports whether both are the same client with the same secret.
func (c Credentials) Equal(other Credentials) bool {
	return c.ClientID == other.ClientID && c.ClientSecret.Equal(other.ClientSecret)
}

// CredentialsReader reads the client credentials afresh at each call. A failure's kind is InvalidCredentials or StorageUnavailable.
type CredentialsReader interface {
	Read(ctx context.Context) (Credentials, error)
}

// Grant is the answer to a token request.
type Grant struct {
	Access    secret.Text
	Type      string
	ExpiresIn time.Duration // whole seconds, positive
	SentAt    time.Time     // just before the request was sent; the life is counted from here
	// Skew is the server's clock less ours; nil where the server sent no time.
	Skew *time.Duration
}

// Issuer requests tokens. It retries what may pass by itself; refused credentials are a failure of kind InvalidCredentials.
type Issuer interface {
	Issue(ctx context.Context, c Credentials) (Grant, error)
}

// fresh returns a token to store: the one that an earlier rotation could not write while it is good, else a new one.
func (r *Rotator) fresh(ctx context.Context, outcome *Outcome) (Token, error) {
	if left := r.unwritten; left != nil && outcome.Reason != ReasonForced && !left.Due(time.Now(), r.Buffer) {
		return *left, nil
	}

	grant, err := r.mint(ctx)
	if err != nil {
		outcome.MintFailed = true
		return Token{}, err
	}

	outcome.Skew = grant.Skew

	return Token{
		Access:    grant.Access,
		Type:      grant.Type,
		IssuedAt:  grant.SentAt,
		ExpiresAt: grant.SentAt.Add(grant.ExpiresIn),
	}, nil
}

// mint requests a token. Refused credentials are read once more, since the secret may have been rotated between the read
// and the request; the request is repeated only where they have changed.
func (r *Rotator) mint(ctx context.Context) (Grant, error) {
	credentials, err := r.Credentials.Read(ctx)
	if err != nil {
		return Grant{}, fmt.Errorf("read the client credentials: %w", err)
	}

	grant, refused := r.Issuer.Issue(ctx, credentials)
	if !failure.Is(refused, failure.InvalidCredentials) {
		return grant, refused
	}

	again, err := r.Credentials.Read(ctx)
	if err != nil {
		return Grant{}, fmt.Errorf("read the client credentials again: %w", err)
	}

	if again.Equal(credentials) {
		return Grant{}, refused
	}

	return r.Issuer.Issue(ctx, again)
}
