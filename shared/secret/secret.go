// Package secret keeps strings that must never be seen: tokens, client secrets.
package secret

import "log/slog"

// redacted stands wherever a secret would have been printed.
const redacted = "REDACTED"

// Text is a string that prints, logs and marshals as REDACTED. Its value leaves it through [Text.Reveal] alone.
//
// The value lies behind a function, so that not even reflection prints it: fmt calls no methods on unexported fields,
// and would show a string that lay there as it is. The zero value is the empty secret.
type Text struct {
	reveal func() string
}

// New makes a secret of value.
func New(value string) Text {
	return Text{reveal: func() string { return value }}
}

// Reveal returns the value itself. Call it where the value is sent, and nowhere else.
func (t Text) Reveal() string {
	if t.reveal == nil {
		return ""
	}

	return t.reveal()
}

// Empty reports whether there is no value.
func (t Text) Empty() bool { return t.Reveal() == "" }

// Equal reports whether both have the same value. It is not meant against timing: nobody submits secrets to this project.
func (t Text) Equal(other Text) bool { return t.Reveal() == other.Reveal() }

// String returns REDACTED.
func (Text) String() string { return redacted }

// GoString returns REDACTED, for %#v.
func (Text) GoString() string { return redacted }

// LogValue returns REDACTED, for slog.
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns REDACTED, for JSON and every other encoding. There is no way to unmarshal a Text.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }
