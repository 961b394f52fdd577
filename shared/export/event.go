package export

import (
	"encoding/json"

	"genesys-cloud-export/shared/charset"
	"genesys-cloud-export/shared/event"
	"genesys-cloud-export/shared/failure"
)

// The fields that every event may have. All others are options of a listing.
const (
	fieldExportID = "export_id"
	fieldListing  = "listing"
	fieldPageSize = "page_size"
)

// Event is what an exporter is invoked with. What it leaves out is zero.
type Event struct {
	ExportID string
	Listing  string // the name of one of the function's listings
	PageSize int    // 1 or more; the listing's bounds are not applied yet
	Options  Options
}

// Options are the fields of an event that only a listing can read, by name.
type Options map[string]json.RawMessage

// ValidID reports whether id has the form of an export's id: 1 to 80 letters, digits, hyphens and underscores, the first a
// letter or digit.
func ValidID(id string) bool {
	return len(id) <= 80 && charset.Only(id, charset.Alphanumeric+"_-") && charset.Only(id[:1], charset.Alphanumeric)
}

// ParseEvent reads an event strictly: one JSON object, each name once. The failure is InvalidInput and names the field.
func ParseEvent(payload []byte) (Event, error) {
	fields, err := event.Fields(payload)
	if err != nil {
		return Event{}, err
	}

	var parsed Event

	for _, field := range []struct {
		name  string
		to    any
		valid func() bool
		rule  string
	}{
		{
			fieldExportID, &parsed.ExportID, func() bool { return ValidID(parsed.ExportID) },
			"a string: 1 to 80 characters, letters, digits, - and _, the first a letter or digit",
		},
		{fieldListing, &parsed.Listing, func() bool { return parsed.Listing != "" }, "a string: the name of a listing"},
		{fieldPageSize, &parsed.PageSize, func() bool { return parsed.PageSize > 0 }, "a whole number, 1 or more"},
	} {
		raw, given := fields[field.name]
		delete(fields, field.name)

		if given && (string(raw) == "null" || json.Unmarshal(raw, field.to) != nil || !field.valid()) {
			return Event{}, failure.New(failure.InvalidInput, "%s must be %s", field.name, field.rule)
		}
	}

	parsed.Options = fields

	return parsed, nil
}
