package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"genesys-cloud-export/shared/secret"

	"github.com/google/go-cmp/cmp"
)

const canary = "canary-5f1d3c2e"

// public shows its secret to every encoder; private keeps it where fmt calls no methods.
type (
	public struct {
		Name   string                 `json:"name"`
		Secret secret.Text            `json:"secret"`
		Also   *secret.Text           `json:"also"`
		Many   []secret.Text          `json:"many"`
		ByName map[string]secret.Text `json:"by_name"`
		Any    any                    `json:"any"`
	}
	private struct {
		name   string
		secret secret.Text
		also   *secret.Text
		many   []secret.Text
		byName map[string]secret.Text
		inner  struct{ secret secret.Text }
	}
)

// containers are values that contain the canary, one for each way of it.
func containers() map[string]any {
	text := secret.New(canary)
	hidden := private{
		name: "hidden", secret: text, also: &text, many: []secret.Text{text}, byName: map[string]secret.Text{"a": text},
		inner: struct{ secret secret.Text }{text},
	}

	return map[string]any{
		"a value":                           text,
		"a pointer":                         &text,
		"a slice":                           []secret.Text{text},
		"an array":                          [1]secret.Text{text},
		"a map":                             map[string]secret.Text{"a": text},
		"exported fields":                   public{"shown", text, &text, []secret.Text{text}, map[string]secret.Text{"a": text}, text},
		"a pointer to exported fields":      &public{Secret: text},
		"unexported fields":                 hidden,
		"a pointer to unexported fields":    &hidden,
		"unexported fields in an interface": any(struct{ any }{hidden}),
	}
}

func requireHidden(t *testing.T, printed string) {
	t.Helper()

	if strings.Contains(printed, canary) {
		t.Errorf("the secret is seen in %q", printed)
	}
}

func TestNoVerbAndNoEncoderPrintsTheSecret(t *testing.T) {
	t.Parallel()

	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%T", "%p", "%08.3f", "%c", "%U"}

	for name, value := range containers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, verb := range verbs {
				printed := fmt.Sprintf(verb, value)
				requireHidden(t, printed)

				// The value in hexadecimal is no better hidden.
				if strings.Contains(strings.ToLower(strings.ReplaceAll(printed, " ", "")), fmt.Sprintf("%x", canary)) {
					t.Errorf("%s prints the secret in hexadecimal: %q", verb, printed)
				}
			}

			encoded, err := json.Marshal(value)
			if err != nil {
				t.Fatalf("json: %v", err)
			}
			requireHidden(t, string(encoded))

			if strings.Contains(name, "exported fields") && !strings.Contains(name, "unexported") && !bytes.Contains(encoded, []byte(`"secret":"REDACTED"`)) {
				t.Errorf("json: got %s, want the secret as REDACTED", encoded)
			}

			requireHidden(t, fmt.Sprint(value)+fmt.Sprintln(value)+fmt.Errorf("%w of %v", errors.New("refused"), value).Error())
		})
	}

	want := "REDACTED REDACTED REDACTED REDACTED \"REDACTED\""
	if text := secret.New(canary); fmt.Sprintf("%v %+v %#v %s %q", text, text, text, text, text) != want {
		t.Errorf("got %v %+v %#v %s %q, want %s", text, text, text, text, text, want)
	}
}

func TestNoLogLineHoldsTheSecret(t *testing.T) {
	t.Parallel()

	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(out *bytes.Buffer) slog.Handler { return slog.NewTextHandler(out, nil) },
		"json": func(out *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(out, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var out bytes.Buffer
			logger := slog.New(handler(&out)).With(slog.Any("always", secret.New(canary)))

			for _, value := range containers() {
				logger.InfoContext(t.Context(), "contained", slog.Any("value", value), slog.Group("group", slog.Any("inner", value)))
			}

			requireHidden(t, out.String())

			if !strings.Contains(out.String(), "REDACTED") {
				t.Errorf("got %q, want REDACTED in it", out.String())
			}
		})
	}
}

func TestNoDiffHoldsTheSecret(t *testing.T) {
	t.Parallel()

	diff := cmp.Diff(public{Secret: secret.New(canary)}, public{Secret: secret.New("other-" + canary)})
	if diff == "" {
		t.Fatal("two different secrets compare as equal")
	}
	requireHidden(t, diff)
}

func TestASecretGivesItsValueToRevealAloneAndIsEqualByIt(t *testing.T) {
	t.Parallel()

	var zero secret.Text
	all := []struct {
		text secret.Text
		want string
	}{
		{zero, ""},
		{secret.New(""), ""},
		{secret.New(canary), canary},
		{secret.New(canary), canary},
		{secret.New(canary + "x"), canary + "x"},
		{secret.New("REDACTED"), "REDACTED"},
	}

	for _, one := range all {
		if got := one.text.Reveal(); got != one.want || one.text.Empty() != (one.want == "") {
			t.Errorf("got %q, empty %v, want %q", got, one.text.Empty(), one.want)
		}

		for _, other := range all {
			if got := one.text.Equal(other.text); got != (one.want == other.want) {
				t.Errorf("%q is equal to %q: got %v", one.want, other.want, got)
			}
		}
	}
}

func TestNothingUnmarshalsIntoASecret(t *testing.T) {
	t.Parallel()

	var into struct {
		Secret secret.Text `json:"secret"`
	}
	if err := json.Unmarshal([]byte(`{"secret":"`+canary+`"}`), &into); err == nil {
		t.Errorf("a secret was unmarshalled: empty is %v", into.Secret.Empty())
	}
}
