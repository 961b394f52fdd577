package token_test

import (
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"

	"github.com/google/go-cmp/cmp"
)

const documentText = `{"schema_version":1,"access_token":"access","token_type":"bearer",` +
	`"issued_at":"2026-03-01T12:00:00Z","expires_at":"2026-03-02T12:00:00Z"}`

func TestTheStoredDocumentIsTheContractToTheLetter(t *testing.T) {
	t.Parallel()

	issued := time.Date(2026, time.March, 1, 13, 0, 0, 999_999_999, time.FixedZone("CET", 3600))

	// A character that is escaped for HTML would have six bytes, and the store has room for 8 KB.
	for _, access := range []string{"access", "a&b<c>d"} {
		encoded, err := token.Encode(token.Token{Access: secret.New(access), Type: "bearer", IssuedAt: issued, ExpiresAt: issued.Add(24 * time.Hour)})
		if diff := cmp.Diff(strings.Replace(documentText, "access\",", access+"\",", 1), string(encoded)); err != nil || diff != "" {
			t.Errorf("document (-want +got), error %v:\n%s", err, diff)
		}
	}
}

func TestDecodeReadsWhatAnyWriterOfTheContractWrites(t *testing.T) {
	t.Parallel()

	want := tokenOf(24 * time.Hour)

	for name, text := range map[string]string{
		"as this code writes it": documentText,
		"other order, white space, unknown fields": `{ "expires_at": "2026-03-02T12:00:00Z", "issued_at": "2026-03-01T12:00:00Z",
			"note": {"a": 1}, "token_type": "bearer", "access_token": "access", "schema_version": 1 }`,
		"times with an offset": `{"schema_version":1,"access_token":"access","token_type":"bearer",` +
			`"issued_at":"2026-03-01T13:00:00+01:00","expires_at":"2026-03-02T07:00:00-05:00"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := token.Decode([]byte(text))
			if err != nil {
				t.Fatal(err)
			}

			if !got.Same(want) || got.IssuedAt.Location() != time.UTC || got.ExpiresAt.Location() != time.UTC {
				t.Errorf("got a token from %s to %s, want the one from %s to %s", got.IssuedAt, got.ExpiresAt, want.IssuedAt, want.ExpiresAt)
			}
		})
	}
}

func TestDecodeTellsCorruptFromNewer(t *testing.T) {
	t.Parallel()

	replaced := func(old, by string) string { return strings.Replace(documentText, old, by, 1) }

	for name, test := range map[string]struct {
		text string
		want error
	}{
		"empty":                        {"", token.ErrUnreadable},
		"no JSON":                      {"eyJhbGciOi", token.ErrUnreadable},
		"cut":                          {documentText[:60], token.ErrUnreadable},
		"an array":                     {"[]", token.ErrUnreadable},
		"null":                         {"null", token.ErrUnreadable},
		"no schema":                    {"{}", token.ErrUnreadable},
		"schema 0":                     {replaced(`:1,`, `:0,`), token.ErrUnreadable},
		"schema −1":                    {replaced(`:1,`, `:-1,`), token.ErrUnreadable},
		"schema as another text":       {`{"schema_version":"canary"}`, token.ErrUnreadable},
		"schema as text":               {replaced(`:1,`, `:"1",`), token.ErrUnreadable},
		"no token":                     {replaced(`"access"`, `""`), token.ErrUnreadable},
		"times that are none":          {replaced("2026-03-01T", "canary"), token.ErrUnreadable},
		"no type":                      {replaced(`"bearer"`, `""`), token.ErrUnreadable},
		"no issue":                     {replaced("issued_at", "was_issued_at"), token.ErrUnreadable},
		"no expiry":                    {replaced("expires_at", "was_expires_at"), token.ErrUnreadable},
		"expiry as seconds":            {replaced(`"2026-03-02T12:00:00Z"`, "1772452800"), token.ErrUnreadable},
		"expired as it was issued":     {replaced("03-02", "03-01"), token.ErrUnreadable},
		"newer":                        {replaced(`:1,`, `:2,`), token.ErrNewerSchema},
		"newer, with other fields":     {`{"schema_version":2,"tokens":[]}`, token.ErrNewerSchema},
		"newer, fields of other types": {`{"schema_version":3,"access_token":{"kms":"x"},"expires_at":7}`, token.ErrNewerSchema},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := token.Decode([]byte(test.text))
			// The very error: nothing of the value is wrapped around it.
			if err != test.want || !got.Access.Empty() { //nolint:errorlint // the identity is the point
				t.Errorf("got error %v, want %v and no token", err, test.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		documentText, "", "{}", "null", "[]", `{"schema_version":2}`, documentText[:80],
		`{"schema_version":1,"access_token":"\u0000","token_type":"b","issued_at":"0001-01-01T00:00:01Z","expires_at":"9999-12-31T23:59:59Z"}`,
		`{"schema_version":1,"access_token":"a","token_type":"b","issued_at":"0000-01-01T00:00:00+01:00","expires_at":"2026-01-01T00:00:00Z"}`,
		`{"SCHEMA_VERSION":1,"schema_version":1e0}`,
	} {
		f.Add([]byte(seed))
	}

	f.Fuzz(func(t *testing.T, value []byte) {
		got, err := token.Decode(value)
		if err != nil {
			// The two are the whole of what a caller may meet, and neither is wrapped around a text from outside.
			if err != token.ErrUnreadable && err != token.ErrNewerSchema { //nolint:errorlint // the identity is the point
				t.Fatalf("an error of another kind: %v", err)
			}

			return
		}

		if got.Access.Empty() || got.Type == "" || got.Lifetime() <= 0 {
			t.Fatalf("decoded a token that nobody could use: %+v", got)
		}

		if got.IssuedAt.Year() < 0 || got.ExpiresAt.Year() > 9999 {
			return // an offset led out of what RFC 3339 can write
		}

		encoded, err := token.Encode(got)
		if err != nil {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}

		if got.Lifetime() < 2*time.Second {
			return // cut to whole seconds, nothing may be left of it
		}

		again, err := token.Decode(encoded)
		if err != nil || !again.Same(got) {
			t.Fatalf("encoded and decoded again it is another token: %v", err)
		}
	})
}
