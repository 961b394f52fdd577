package ssmsim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/conformance"
	"genesys-cloud-export/shared/devstack/ssmsim"
)

const name = "/app/token"

// deniedKey is one that the caller may not use.
const deniedKey = "alias/theirs"

// store is the real SDK's client of a new parameter store.
type store struct{ *ssm.Client }

func newStore(t *testing.T) store {
	t.Helper()
	parameters := ssmsim.New()
	parameters.DenyKeys(deniedKey)
	endpoint := conformance.New(t, func() (http.Handler, error) { return parameters, nil })

	return store{ssm.NewFromConfig(endpoint.Config)}
}

// put overwrites the parameter as the rotator does, but for what change says, and returns the code of the error.
func (s store) put(t *testing.T, value string, change func(*ssm.PutParameterInput)) (*ssm.PutParameterOutput, string) {
	t.Helper()
	in := &ssm.PutParameterInput{
		Name: aws.String(name), Value: &value, Type: types.ParameterTypeSecureString, Overwrite: aws.Bool(true),
		Tier: types.ParameterTierIntelligentTiering,
	}
	if change != nil {
		change(in)
	}
	out, err := s.PutParameter(t.Context(), in)
	if err != nil && awsapi.Code(err) == "" {
		t.Fatal(err)
	}

	return out, awsapi.Code(err)
}

// What the rotator asks, and what is refused of it, shared/tokenstore's conformance tests, the AWS CLI and boto3 show.
func TestAPutThatAWSRefusesLeavesTheParameterAloneAndAnAdvancedOneStaysSoUntilItIsDeleted(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.put(t, "v", nil)

	for what, test := range map[string]struct {
		size   int
		change func(*ssm.PutParameterInput)
		code   string
	}{
		"a new one without a type":   {1, func(in *ssm.PutParameterInput) { in.Name, in.Type = aws.String("/b"), "" }, "ValidationException"},
		"a new one that is a list":   {1, func(in *ssm.PutParameterInput) { in.Name, in.Type = aws.String("/b"), "StringList" }, "ValidationException"},
		"a name with a version":      {1, func(in *ssm.PutParameterInput) { in.Name = aws.String(name + ":1") }, "ValidationException"},
		"a key that is denied":       {1, func(in *ssm.PutParameterInput) { in.KeyId = aws.String(deniedKey) }, "AccessDeniedException"},
		"no value":                   {0, nil, "ValidationException"},
		"a tier that is named":       {1, func(in *ssm.PutParameterInput) { in.Tier = types.ParameterTierStandard }, "ValidationException"},
		"8,193 bytes":                {8193, nil, "ValidationException"},
		"4,097 bytes without a tier": {4097, func(in *ssm.PutParameterInput) { in.Tier = "" }, "ValidationException"},
	} {
		if _, code := s.put(t, strings.Repeat("x", test.size), test.change); code != test.code {
			t.Errorf("%s: got error %q, want %q", what, code, test.code)
		}
	}

	// Neither a tier nor a type has to be named again, once a parameter is advanced, which it stays.
	untyped := func(in *ssm.PutParameterInput) { in.Tier, in.Type = "", "" }
	for i, test := range []struct {
		size   int
		change func(*ssm.PutParameterInput)
		tier   types.ParameterTier
	}{
		{4096, nil, types.ParameterTierStandard},
		{4097, nil, types.ParameterTierAdvanced},
		{1, nil, types.ParameterTierAdvanced},
		{8192, untyped, types.ParameterTierAdvanced},
	} {
		out, code := s.put(t, strings.Repeat("x", test.size), test.change)
		if version := int64(i + 2); code != "" || out.Tier != test.tier || out.Version != version {
			t.Errorf("%d bytes: got %+v, error %q, want version %d, %s", test.size, out, code, version, test.tier)
		}
	}

	if _, err := s.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: aws.String(name)}); err != nil {
		t.Fatal(err)
	}
	if out, code := s.put(t, "v", nil); code != "" || out.Version != 1 || out.Tier != types.ParameterTierStandard {
		t.Errorf("after a deletion: got %+v, error %q, want version 1, %s", out, code, types.ParameterTierStandard)
	}
}

func TestReadersAreRefusedWhatIsNotHere(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.put(t, "v", nil)
	found, err := s.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String(name)})
	if err != nil {
		t.Fatal(err)
	}

	for id, want := range map[string]string{
		"/none": "ParameterNotFound", name + ":1": "ValidationException", *found.Parameter.ARN: "ValidationException",
	} {
		if _, err := s.GetParameter(t.Context(), &ssm.GetParameterInput{Name: &id}); awsapi.Code(err) != want {
			t.Errorf("%s: got %v, want %s", id, err, want)
		}
	}
}
