package awsjson

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"time"
)

// Timestamp is a time as the protocol writes it: seconds since 1970 as a number, with milliseconds. The zero Timestamp
// is meant to be left out (`omitzero`).
type Timestamp time.Time

// At returns t as a Timestamp.
func At(t time.Time) Timestamp { return Timestamp(t) }

// IsZero reports whether no time is held.
func (t Timestamp) IsZero() bool { return time.Time(t).IsZero() }

// MarshalJSON writes the number.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	milliseconds := time.Time(t).UnixMilli()

	return fmt.Appendf(nil, "%d.%03d", milliseconds/1000, milliseconds%1000), nil
}

// Page is one page of a listing: the items of all from the one that the token names on, at most size of them, and the
// token of the next page, "" at the end. A token that this function did not make is an error.
//
// A token is the position in the listing, so items that come or go between two pages may be seen twice or not at all;
// AWS promises no more.
func Page[T any](all []T, token string, size int) (page []T, next string, err error) {
	start := 0
	if token != "" {
		decoded, decodeErr := base64.RawURLEncoding.DecodeString(token)
		if decodeErr != nil {
			return nil, "", fmt.Errorf("decode the page token: %w", decodeErr)
		}
		start, err = strconv.Atoi(string(decoded))
		if err != nil || start < 0 {
			return nil, "", fmt.Errorf("the page token %q was not given out here", token)
		}
	}

	start = min(start, len(all))
	end := min(start+size, len(all))
	if end < len(all) {
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end)))
	}

	return all[start:end], next, nil
}
