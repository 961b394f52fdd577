// Package event reads what a function is invoked with: strictly, so that a misspelt field is an error instead of a default.
package event

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"genesys-cloud-export/shared/failure"

	"github.com/go-json-experiment/json/jsontext"
)

// shown is how much of a name from an event is repeated in an error, in bytes.
const shown = 40

// Fields splits an event into its fields. What is not a JSON object, a field that is not among known, and a field that
// stands twice are failures of kind InvalidInput that name it. A nil known takes every field.
func Fields(payload []byte, known []string) (map[string]json.RawMessage, error) {
	if len(bytes.TrimSpace(payload)) == 0 {
		return nil, failure.New(failure.InvalidInput, "the event is empty: send a JSON object, {} at least")
	}

	decoder := jsontext.NewDecoder(bytes.NewReader(payload), jsontext.AllowDuplicateNames(true))
	if decoder.PeekKind() != '{' {
		return nil, failure.New(failure.InvalidInput, "the event is not a JSON object: send {} or an object of fields")
	}

	fields := make(map[string]json.RawMessage)
	notJSON := failure.New(failure.InvalidInput, "the event is not valid JSON")

	if _, err := decoder.ReadToken(); err != nil {
		return nil, notJSON
	}

	for decoder.PeekKind() == '"' {
		token, err := decoder.ReadToken()
		if err != nil {
			return nil, notJSON
		}

		name := token.String()
		if known != nil && !slices.Contains(known, name) {
			return nil, failure.New(failure.InvalidInput, "unknown field %q: an event may have %s", cut(name), strings.Join(known, ", "))
		}

		if _, twice := fields[name]; twice {
			return nil, failure.New(failure.InvalidInput, "field %q stands twice in the event", cut(name))
		}

		value, err := decoder.ReadValue()
		if err != nil {
			return nil, notJSON
		}

		fields[name] = json.RawMessage(bytes.Clone(value))
	}

	if _, err := decoder.ReadToken(); err != nil || len(bytes.TrimSpace(payload[decoder.InputOffset():])) != 0 {
		return nil, notJSON
	}

	return fields, nil
}

func cut(name string) string {
	if len(name) > shown {
		return name[:shown] + "…"
	}

	return name
}
