package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"genesys-cloud-export/shared/secret"
)

// SchemaVersion is the version of the stored document that this code writes and reads.
const SchemaVersion = 1

var (
	// ErrNotStored says: nothing is stored under the token's name.
	ErrNotStored = errors.New("no token is stored")
	// ErrUnreadable says: what is stored is no token document. It may be overwritten.
	ErrUnreadable = errors.New("the stored value is not a token document")
	// ErrNewerSchema says: what is stored was written by newer code. It is not to be overwritten.
	ErrNewerSchema = errors.New("the stored token document has a newer schema than this code knows")
)

// document is the contract with every consumer of the token, in any language: RFC 3339 times in UTC, whole seconds.
type document struct {
	SchemaVersion int       `json:"schema_version"`
	AccessToken   string    `json:"access_token"`
	TokenType     string    `json:"token_type"`
	IssuedAt      time.Time `json:"issued_at"`
	ExpiresAt     time.Time `json:"expires_at"`
}

// Encode renders t as the stored document. Both times are cut to whole seconds, the expiry never to a later one. The
// result holds the token itself.
func Encode(t Token) ([]byte, error) {
	encoded, err := json.Marshal(document{
		SchemaVersion: SchemaVersion,
		AccessToken:   t.Access.Reveal(),
		TokenType:     t.Type,
		IssuedAt:      t.IssuedAt.UTC().Truncate(time.Second),
		ExpiresAt:     t.ExpiresAt.UTC().Truncate(time.Second),
	})
	if err != nil {
		return nil, fmt.Errorf("encode the token document: %w", err)
	}

	return encoded, nil
}

// Decode reads a stored document. It returns [ErrNewerSchema] or [ErrUnreadable], and never an error that holds a part
// of the value.
func Decode(value []byte) (Token, error) {
	var schema struct {
		SchemaVersion int `json:"schema_version"`
	}
	if err := json.Unmarshal(value, &schema); err != nil || schema.SchemaVersion < SchemaVersion {
		return Token{}, ErrUnreadable
	}

	if schema.SchemaVersion > SchemaVersion {
		return Token{}, ErrNewerSchema
	}

	var stored document
	if err := json.Unmarshal(value, &stored); err != nil {
		return Token{}, ErrUnreadable
	}

	if stored.AccessToken == "" || stored.TokenType == "" || stored.IssuedAt.IsZero() || !stored.ExpiresAt.After(stored.IssuedAt) {
		return Token{}, ErrUnreadable
	}

	return Token{
		Access:    secret.New(stored.AccessToken),
		Type:      stored.TokenType,
		IssuedAt:  stored.IssuedAt.UTC(),
		ExpiresAt: stored.ExpiresAt.UTC(),
	}, nil
}
