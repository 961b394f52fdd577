// Package event reads what a function is invoked with: strictly, so that a misspelt field is an error instead of a default.
package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"genesys-cloud-export/shared/failure"

	"github.com/go-json-experiment/json/jsontext"
)

// shown is how much of a name from an event is repeated in an error, in bytes.
const shown = 40

// Fields splits an event into its fields. What is not a JSON object, and a name that stands twice in an object, are failures
// of kind InvalidInput that name it.
func Fields(payload []byte) (map[string]json.RawMessage, error) {
	if len(bytes.TrimSpace(payload)) == 0 {
		return nil, failure.New(failure.InvalidInput, "the event is empty: send a JSON object, {} at least")
	}

	if jsontext.Value(payload).Kind() != '{' {
		return nil, failure.New(failure.InvalidInput, "the event is not a JSON object: send {} or an object of fields")
	}

	_, wrong := jsontext.AppendFormat(nil, payload) // unlike encoding/json, it refuses what stands twice

	if at, ok := errors.AsType[*jsontext.SyntacticError](wrong); ok && errors.Is(wrong, jsontext.ErrDuplicateName) {
		return nil, failure.New(failure.InvalidInput, "field %q stands twice in the event", cut(at.JSONPointer.LastToken()))
	}

	var fields map[string]json.RawMessage
	if wrong != nil || json.Unmarshal(payload, &fields) != nil {
		return nil, failure.New(failure.InvalidInput, "the event is not valid JSON")
	}

	return fields, nil
}

// Known refuses, as InvalidInput, the first field by name that is not among known.
func Known(fields map[string]json.RawMessage, known []string) error {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(known, name) {
			return failure.New(failure.InvalidInput, "unknown field %q: an event may have %s", cut(name), strings.Join(known, ", "))
		}
	}

	return nil
}

func cut(name string) string {
	if len(name) > shown {
		return name[:shown] + "…"
	}

	return name
}
