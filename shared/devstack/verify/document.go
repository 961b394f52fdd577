package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
)

// document is a JSON object read to the letter: names are case-sensitive, each stands once, all that the contract names
// are there, and no other. encoding/json's own decoding into structs is laxer in all four.
type document struct {
	report *Report
	kind   Kind   // of the problems found in it
	where  string // the object's key
	path   string // in front of field names: "parts[3]."
	fields map[string]json.RawMessage
}

// strict reports every name that is doubled, unknown or missing, and takes the rest; false where raw is no JSON object.
func strict(report *Report, kind Kind, where, path string, raw []byte, names ...string) (document, bool) {
	fields, doubled, ok := readObject(raw)
	if !ok {
		return document{}, false
	}

	d := document{report: report, kind: kind, where: where, path: path, fields: fields}

	for _, name := range doubled {
		d.complain(name, "stands there more than once")
	}

	unknown := make([]string, 0, len(fields))

	for name := range fields {
		if !slices.Contains(names, name) {
			unknown = append(unknown, name)
		}
	}

	slices.Sort(unknown)

	for _, name := range unknown {
		d.complain(name, "is not in the contract")
	}

	for _, name := range names {
		if _, ok := fields[name]; !ok {
			d.complain(name, "is missing")
		}
	}

	return d, true
}

func (d document) complain(name, what string) {
	d.report.add(Problem{Kind: d.kind, Where: d.where, What: fmt.Sprintf("field %s%.100s %s", d.path, name, what)})
}

// take decodes a field. What is null or of another type is reported, what is missing was reported before; either is the
// zero value, and false.
func take[T any](d document, name string) (T, bool) {
	var value T

	raw, there := d.fields[name]
	if !there {
		return value, false
	}

	if string(raw) == "null" || json.Unmarshal(raw, &value) != nil {
		d.complain(name, fmt.Sprintf("is no %T in JSON", value))

		var zero T

		return zero, false
	}

	return value, true
}

// takeText decodes a field that must say something.
func takeText(d document, name string) string {
	value, ok := take[string](d, name)
	if ok && value == "" {
		d.complain(name, "is empty")
	}

	return value
}

// takeSchema wants a schema_version of 1.
func takeSchema(d document) {
	if version, ok := take[int64](d, "schema_version"); ok && version != 1 {
		d.report.add(Problem{Kind: d.kind, Where: d.where, What: "field schema_version is not the one of this contract", Want: 1, Got: version})
	}
}

// takeCount decodes a number that must be at least minimum.
func takeCount(d document, name string, minimum int64) (int64, bool) {
	value, ok := take[int64](d, name)
	if ok && value < minimum {
		d.complain(name, fmt.Sprintf("is %d, less than %d", value, minimum))
	}

	return value, ok
}

// readObject splits one JSON object into its members, and tells the names that stand there more than once; false where
// raw is anything but one whole JSON object.
func readObject(raw []byte) (fields map[string]json.RawMessage, doubled []string, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	fields = make(map[string]json.RawMessage)

	for name := range members(decoder) {
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return nil, nil, false
		}

		if _, known := fields[name]; known {
			doubled = append(doubled, name)
		}

		fields[name] = value
	}

	if end, err := decoder.Token(); err != nil || end != json.Delim('}') {
		return nil, nil, false
	}

	_, err := decoder.Token()

	return fields, doubled, errors.Is(err, io.EOF)
}

// members yields the names of the object that decoder is about to read; the loop's body takes each value off the
// decoder. The closing brace is left to the caller, who learns from it whether the object was whole.
func members(decoder *json.Decoder) iter.Seq[string] {
	return func(yield func(string) bool) {
		if begin, err := decoder.Token(); err != nil || begin != json.Delim('{') {
			return
		}

		for decoder.More() {
			token, err := decoder.Token()
			name, isName := token.(string)

			if err != nil || !isName || !yield(name) {
				return
			}
		}
	}
}
