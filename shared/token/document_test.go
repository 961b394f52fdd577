package token_test

import (
	"errors"
	"fmt"
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

	berlin := time.FixedZone("CET", 3600)
	issued := time.Date(2026, time.March, 1, 13, 0, 0, 999_999_999, berlin)

	encoded, err := token.Encode(token.Token{
		Access: secret.New("access"), Type: "bearer", IssuedAt: issued, ExpiresAt: issued.Add(24 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(documentText, string(encoded)); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

func TestNoCharacterOfATokenIsEscapedForHTML(t *testing.T) {
	t.Parallel()

	odd := tokenOf(time.Hour)
	odd.Access = secret.New("a&b<c>d")

	encoded, err := token.Encode(odd)
	if err != nil {
		t.Fatal(err)
	}

	if !strings.Contains(string(encoded), `"a&b<c>d"`) || strings.HasSuffix(string(encoded), "\n") {
		t.Errorf("the document is %q", encoded)
	}

	if got, err := token.Decode(encoded); err != nil || !got.Same(odd) {
		t.Errorf("another token is decoded, error %v", err)
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

func TestR14DecodeTellsCorruptFromNewer(t *testing.T) {
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
		"schema as text":               {replaced(`:1,`, `:"1",`), token.ErrUnreadable},
		"no token":                     {replaced(`"access"`, `""`), token.ErrUnreadable},
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
			if !errors.Is(err, test.want) {
				t.Errorf("got error %v, want %v", err, test.want)
			}

			if !got.Access.Empty() {
				t.Error("a token came with the error")
			}
		})
	}
}

func TestInvariant09DecodeErrorsHoldNothingOfTheValue(t *testing.T) {
	t.Parallel()

	for _, text := range []string{
		`{"schema_version":1,"access_token":"canary","token_type":canary}`,
		`{"schema_version":1,"access_token":"canary","token_type":"bearer","issued_at":"canary","expires_at":"canary"}`,
		`{"schema_version":"canary"}`,
		`canary`,
		`{"schema_version":2,"access_token":"canary"}`,
	} {
		_, err := token.Decode([]byte(text))
		if err == nil {
			t.Fatalf("%s was decoded", text)
		}

		if shown := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(shown, "canary") {
			t.Errorf("the error of %s shows the value: %s", text, shown)
		}
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
