package failure_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

// contract lists the error types as Step Functions sees them. Callers catch them by name.
func contract() []failure.Kind {
	return []failure.Kind{
		"InvalidInput", "InvalidConfiguration", "InvalidCredentials", "Forbidden", "TokenUnavailable", "RateLimited",
		"UpstreamUnavailable", "UpstreamInvalid", "PaginationLoop", "CursorExpired", "CheckpointInvalid", "NoProgress",
		"StorageUnavailable",
	}
}

func TestTheKindsAreTheContracts(t *testing.T) {
	t.Parallel()

	if diff := cmp.Diff(contract(), failure.Kinds()); diff != "" {
		t.Errorf("kinds (-contract +code):\n%s", diff)
	}
}

func TestEveryDeclaredKindIsListed(t *testing.T) {
	t.Parallel()

	parsed, err := parser.ParseFile(token.NewFileSet(), "failure.go", nil, 0)
	if err != nil {
		t.Fatalf("parse the package: %v", err)
	}

	var declared []failure.Kind
	ast.Inspect(parsed, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Kind" {
			literal := spec.Values[0].(*ast.BasicLit) //nolint:forcetypeassert // a kind that is no literal has to fail here
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Errorf("unquote %s: %v", literal.Value, err)
			}
			if text != spec.Names[0].Name {
				t.Errorf("%s is %q on the wire, want its own name", spec.Names[0].Name, text)
			}
			declared = append(declared, failure.Kind(text))
		}

		return true
	})

	if diff := cmp.Diff(declared, failure.Kinds()); diff != "" {
		t.Errorf("kinds (-declared +listed):\n%s", diff)
	}
}

func TestKindsHandsOutACopy(t *testing.T) {
	t.Parallel()

	failure.Kinds()[0] = "Changed"

	if got := failure.Kinds()[0]; got != failure.InvalidInput {
		t.Errorf("after a caller changed its list: got %q, want %q", got, failure.InvalidInput)
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
}

func TestAMessageIsFormattedAsFmtDoes(t *testing.T) {
	t.Parallel()

	if got, want := failure.New(failure.InvalidInput, "field %q", "a").Error(), `field "a"`; got != want {
		t.Errorf("New: got %q, want %q", got, want)
	}
	if got := failure.New(failure.InvalidInput, "plain").Unwrap(); got != nil {
		t.Errorf("a failure without a cause unwraps to %v", got)
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
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if got := failure.KindOf(test.err); got != test.want {
				t.Errorf("KindOf: got %q, want %q", got, test.want)
			}

			for _, kind := range failure.Kinds() {
				if got, want := failure.Is(test.err, kind), kind == test.want; got != want {
					t.Errorf("Is(%s): got %v, want %v", kind, got, want)
				}
			}
		})
	}
}

func TestAKindIsAPlainName(t *testing.T) {
	t.Parallel()

	name := regexp.MustCompile(`^[A-Z][A-Za-z]+$`) // what ErrorEquals of a state machine and rotatorclient take
	for _, kind := range failure.Kinds() {
		if !name.MatchString(string(kind)) {
			t.Errorf("%q is no plain name", kind)
		}
	}
}
