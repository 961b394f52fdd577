package genesys

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
)

// parse takes a token reply or refuses it; it never quotes it.
func (c *TokenClient) parse(raw []byte) (token.Grant, error) {
	var reply struct {
		AccessToken string          `json:"access_token"`
		TokenType   string          `json:"token_type"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	if err := json.Unmarshal(bytes.TrimSpace(raw), &reply); err != nil {
		return token.Grant{}, c.invalid("it is not the promised JSON object")
	}

	if !token.Sendable(reply.AccessToken) {
		return token.Grant{}, c.invalid("access_token is missing, or cannot stand in a header")
	}

	if !strings.EqualFold(reply.TokenType, "bearer") {
		return token.Grant{}, c.invalid("token_type is not bearer")
	}

	life, wrong := lifetime(reply.ExpiresIn)
	if wrong != "" {
		return token.Grant{}, c.invalid("expires_in %s", wrong)
	}

	return token.Grant{Access: secret.New(reply.AccessToken), Type: reply.TokenType, ExpiresIn: life}, nil
}

// lifetime reads an expires_in, or says what is wrong with it. RFC 6749 has a whole number; some servers write it otherwise.
func lifetime(raw json.RawMessage) (life time.Duration, wrong string) {
	text := string(raw)
	_ = json.Unmarshal(raw, &text) // what is no text stays as it is written

	seconds, err := strconv.ParseFloat(text, 64)

	switch {
	case text == "" || text == "null":
		return 0, "is missing"
	case !regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`).MatchString(text): // as JSON writes it
		return 0, "is not a number"
	case err != nil || seconds < 1 || seconds > longestLife.Seconds():
		return 0, fmt.Sprintf("is outside 1 to %d seconds", int64(longestLife.Seconds()))
	case seconds != math.Trunc(seconds):
		return 0, "is not a whole number of seconds"
	default:
		return time.Duration(seconds) * time.Second, ""
	}
}
