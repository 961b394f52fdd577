package failure_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

func TestEveryDeclaredKindIsListedUnderItsOwnName(t *testing.T) {
	t.Parallel()

	source, err := os.ReadFile("failure.go")
	if err != nil {
		t.Fatal(err)
	}

	var declared []failure.Kind
	for _, line := range regexp.MustCompile(`(?m)^\s*(\w+)\s+Kind\s+=\s+("\w+")`).FindAllSubmatch(source, -1) {
		if name, text := string(line[1]), string(line[2]); text != strconv.Quote(name) {
			t.Errorf("%s is %s on the wire, want its own name", name, text)
		}
		declared = append(declared, failure.Kind(line[1]))
	}

	if diff := cmp.Diff(declared, failure.Kinds()); diff != "" {
		t.Errorf("kinds (-declared +listed):\n%s", diff)
	}
}

// The README is the contract: callers catch the types by these names.
func TestTheReadmeListsEveryKindOfFailure(t *testing.T) {
	t.Parallel()

	readme, err := os.ReadFile("../../functions/README.md")
	if err != nil {
		t.Fatal(err)
	}

	// A plain name is what ErrorEquals of a state machine and rotatorclient take.
	var got []failure.Kind
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z][A-Za-z]+)` \\| [^|]+ \\| [^|]+ \\|$").FindAllSubmatch(readme, -1) {
		got = append(got, failure.Kind(row[1]))
	}

	if diff := cmp.Diff(failure.Kinds(), got); diff != "" {
		t.Errorf("the README's error table (-code +README):\n%s", diff)
	}
}

func TestAFailurePrintsItsMessageAndNeverItsCause(t *testing.T) {
	t.Parallel()

	const canary = "arn:aws:ssm:canary"
	cause := fmt.Errorf("outside: %w", errors.New(canary))
	failed := failure.Because(cause, failure.StorageUnavailable, "read %s: the service answered %d", "the token", 503)

	if got, want := failed.Error(), "read the token: the service answered 503"; got != want {
		t.Errorf("Error: got %q, want %q", got, want)
	}

	wrapped := fmt.Errorf("rotate: %w", failed)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		if printed := fmt.Sprintf(verb, failed) + fmt.Sprintf(verb, wrapped); strings.Contains(printed, canary) {
			t.Errorf("%s prints the cause: %s", verb, printed)
		}
	}

	if !errors.Is(wrapped, cause) {
		t.Error("the cause is lost to errors.Is")
	}

	plain := failure.New(failure.InvalidInput, "field %q", "a")
	if plain.Error() != `field "a"` || plain.Unwrap() != nil {
		t.Errorf("a failure without a cause prints %q and unwraps to %v", plain.Error(), plain.Unwrap())
	}
}

func TestTheKindOfAnErrorIsItsOutermostFailures(t *testing.T) {
	t.Parallel()

	inner := failure.New(failure.RateLimited, "slow down")
	outer := failure.Because(inner, failure.TokenUnavailable, "no token")

	for name, test := range map[string]struct {
		err  error
		want failure.Kind
	}{
		"nil":                            {nil, ""},
		"an error from outside":          {io.EOF, ""},
		"a failure":                      {inner, failure.RateLimited},
		"a wrapped failure":              {fmt.Errorf("read page 3: %w", inner), failure.RateLimited},
		"a failure that caused another":  {outer, failure.TokenUnavailable},
		"a failure joined with an error": {errors.Join(io.EOF, inner), failure.RateLimited},
		"an error that is a cause":       {failure.Because(io.EOF, failure.Forbidden, "no"), failure.Forbidden},
	} {
		if got := failure.KindOf(test.err); got != test.want {
			t.Errorf("KindOf %s: got %q, want %q", name, got, test.want)
		}

		for _, kind := range failure.Kinds() {
			if got, want := failure.Is(test.err, kind), kind == test.want; got != want {
				t.Errorf("Is(%s) of %s: got %v, want %v", kind, name, got, want)
			}
		}
	}
}
