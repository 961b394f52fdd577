package export

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"genesys-cloud-export/shared/event"
	"genesys-cloud-export/shared/failure"
)

const (
	// MaxPageSize is the largest page that may be asked for. The vendor's own code uses it; the platform clamps silently.
	MaxPageSize = 500
	// maxExpand is longer than every name that the API expands, in bytes.
	maxExpand = 60
	// maxExpands is more than the names that the API knows for any listing; the query stands in every link and document.
	maxExpands = 50
)

// Event is what an exporter is invoked with. Fields that the event leaves out are nil, or "" for the id.
type Event struct {
	ExportID  string
	PageSize  *int
	Expand    *[]string
	State     *string
	SortOrder *string
}

var (
	idPattern     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$`)
	expandPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)*$`)
	exportFields  = []string{"export_id", "page_size", "expand", "state", "sort_order"} //nolint:gochecknoglobals // a constant list
)

// ValidID reports whether id has the form of an export's id: 1 to 80 letters, digits, hyphens and underscores, the first a
// letter or digit.
func ValidID(id string) bool { return idPattern.MatchString(id) }

// ParseEvent reads an event strictly: one JSON object, known fields only, each once and of its type. The failure is
// InvalidInput and names the field.
func ParseEvent(payload []byte) (Event, error) {
	fields, err := event.Fields(payload, exportFields)
	if err != nil {
		return Event{}, err
	}

	var parsed Event
	for _, name := range exportFields {
		raw, given := fields[name]
		if !given {
			continue
		}

		if err := parsed.set(name, raw); err != nil {
			return Event{}, err
		}
	}

	return parsed, nil
}

func (e *Event) set(name string, raw json.RawMessage) error {
	switch name {
	case "export_id":
		return setText(name, raw, &e.ExportID, ValidID,
			"1 to 80 characters, letters, digits, - and _, the first a letter or digit")
	case "page_size":
		var size int
		if raw[0] == '"' || json.Unmarshal(raw, &size) != nil || bytes.Equal(raw, []byte("null")) || size < 1 || size > MaxPageSize {
			return failure.New(failure.InvalidInput, "page_size must be a whole number from 1 to %d", MaxPageSize)
		}

		e.PageSize = &size
	case "expand":
		return e.setExpand(raw)
	case "state":
		return setOptional(name, raw, &e.State, "active", "inactive", "deleted", "any")
	case "sort_order":
		return setOptional(name, raw, &e.SortOrder, "ASC", "DESC")
	}

	return nil
}

func (e *Event) setExpand(raw json.RawMessage) error {
	var expand []string
	if err := json.Unmarshal(raw, &expand); err != nil || raw[0] != '[' || len(expand) > maxExpands || slices.ContainsFunc(expand, func(s string) bool {
		return len(s) > maxExpand || !expandPattern.MatchString(s)
	}) {
		return failure.New(failure.InvalidInput, `expand must be an array of at most %d of the API's names, such as ["groups","skills"]`, maxExpands)
	}

	e.Expand = &expand

	return nil
}

func setText(name string, raw json.RawMessage, to *string, valid func(string) bool, rule string) error {
	if raw[0] != '"' || json.Unmarshal(raw, to) != nil || !valid(*to) {
		return failure.New(failure.InvalidInput, "%s must be a string: %s", name, rule)
	}

	return nil
}

func setOptional(name string, raw json.RawMessage, to **string, choices ...string) error {
	var text string
	if err := setText(name, raw, &text, func(s string) bool { return slices.Contains(choices, s) },
		"one of "+strings.Join(choices, ", ")); err != nil {
		return err
	}

	*to = &text

	return nil
}
