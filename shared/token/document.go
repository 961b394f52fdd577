package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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

// SealedError says: what is stored cannot be decrypted, since its key is somebody else's, disabled or deleted. It counts
// as [ErrUnreadable].
type SealedError struct {
	Key     string    // the key that this store encrypts with; never an ARN
	Written time.Time // when the stored value was written; zero where the store does not say
}

// Error says what is wrong, and names no key: which one the value lies under is not known.
func (*SealedError) Error() string { return "the stored value cannot be decrypted" }

// Is makes it an [ErrUnreadable].
func (*SealedError) Is(target error) bool { return target == ErrUnreadable }

// document is the contract with every consumer of the token, in any language: RFC 3339 times in UTC, whole seconds.
type document struct {
	SchemaVersion float64   `json:"schema_version"` // a whole number, in whichever form JSON has for it
	AccessToken   string    `json:"access_token"`
	TokenType     string    `json:"token_type"`
	IssuedAt      time.Time `json:"issued_at"`
	ExpiresAt     time.Time `json:"expires_at"`
}

// Sendable reports whether an access token may stand in an Authorization header (RFC 6750, 2.1), and nothing in it could end one.
func Sendable(access string) bool {
	return access != "" && !strings.ContainsFunc(access, func(c rune) bool { return c < '!' || c > '~' })
}

// Encode renders t as the stored document. Both times are cut to whole seconds, the expiry never to a later one. The
// result contains the token itself.
func Encode(t Token) ([]byte, error) {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false) // it would write &, < and > with six bytes each, and the store has room for 8 KB

	if err := encoder.Encode(document{
		SchemaVersion: SchemaVersion,
		AccessToken:   t.Access.Reveal(),
		TokenType:     t.Type,
		IssuedAt:      t.IssuedAt.UTC().Truncate(time.Second),
		ExpiresAt:     t.ExpiresAt.UTC().Truncate(time.Second),
	}); err != nil {
		return nil, fmt.Errorf("encode the token document: %w", err)
	}

	return bytes.TrimSuffix(encoded.Bytes(), []byte("\n")), nil
}

// Decode reads a stored document. It returns [ErrNewerSchema] or [ErrUnreadable], and never an error that contains a part
// of the value.
func Decode(value []byte) (Token, error) {
	// A newer schema may have other fields, or the same ones of other types.
	var schema struct {
		Version float64 `json:"schema_version"`
	}
	if json.Unmarshal(value, &schema) != nil || schema.Version < SchemaVersion {
		return Token{}, ErrUnreadable
	}

	if schema.Version > SchemaVersion {
		return Token{}, ErrNewerSchema
	}

	var stored document
	if json.Unmarshal(value, &stored) != nil || !Sendable(stored.AccessToken) || stored.TokenType == "" ||
		stored.IssuedAt.IsZero() || !stored.ExpiresAt.After(stored.IssuedAt) {
		return Token{}, ErrUnreadable
	}

	return Token{
		Access:    secret.New(stored.AccessToken),
		Type:      stored.TokenType,
		IssuedAt:  stored.IssuedAt.UTC(),
		ExpiresAt: stored.ExpiresAt.UTC(),
	}, nil
}
