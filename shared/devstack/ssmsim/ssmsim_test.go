package ssmsim_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/conformance"
	"genesys-cloud-export/shared/devstack/ssmsim"
)

const name = "/app/token"

// store is the real SDK's client of a new parameter store.
type store struct{ *ssm.Client }

func newStore(t *testing.T, config ssmsim.Config) store {
	t.Helper()

	return store{ssm.NewFromConfig(conformance.New(t, func() (http.Handler, error) { return ssmsim.New(config), nil }).Config)}
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

// get reads the parameter with decryption.
func (s store) get(t *testing.T) *types.Parameter {
	t.Helper()
	out, err := s.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String(name), WithDecryption: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}

	return out.Parameter
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	if got := awsapi.Code(err); got != want || err != nil && got == "" {
		t.Errorf("got error %q (%v), want %q", got, err, want)
	}
}

func TestAPutIsReadBackWithEverythingThatAWSTells(t *testing.T) {
	t.Parallel()
	s := newStore(t, ssmsim.Config{Region: "eu-west-1", Account: "123456789012"})

	before := time.Now().Truncate(time.Millisecond)
	if out, code := s.put(t, "first", nil); code != "" || out.Version != 1 || out.Tier != types.ParameterTierStandard {
		t.Fatalf("got %+v, error %q, want version 1 of the tier Standard", out, code)
	}

	got := s.get(t)
	if got.LastModifiedDate.Before(before) || got.LastModifiedDate.After(time.Now()) {
		t.Errorf("got last modified %s, want now", got.LastModifiedDate)
	}
	want := map[string]any{
		"name": name, "value": "first", "type": types.ParameterTypeSecureString, "version": int64(1),
		"arn": "arn:aws:ssm:eu-west-1:123456789012:parameter/app/token",
	}
	have := map[string]any{"name": *got.Name, "value": *got.Value, "type": got.Type, "version": got.Version, "arn": *got.ARN}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("parameter (-want +got):\n%s", diff)
	}
}

func TestAPutWithoutOverwriteCreatesOnly(t *testing.T) {
	t.Parallel()
	s := newStore(t, ssmsim.Config{})
	create := func(in *ssm.PutParameterInput) { in.Overwrite = nil }

	for i, want := range []string{"", "ParameterAlreadyExists"} {
		if _, code := s.put(t, strconv.Itoa(i), create); code != want {
			t.Errorf("put %d: got error %q, want %q", i, code, want)
		}
	}
	if got := s.get(t); *got.Value != "0" || got.Version != 1 {
		t.Errorf("got version %d, want the first untouched", got.Version)
	}
}

func TestASecureStringIsNeverReadableWithoutDecryption(t *testing.T) {
	t.Parallel()
	s := newStore(t, ssmsim.Config{})
	s.put(t, "canary", nil)

	one, err := s.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String(name)})
	wantCode(t, err, "")
	all, err := s.GetParameterHistory(t.Context(), &ssm.GetParameterHistoryInput{Name: aws.String(name)})
	wantCode(t, err, "")
	for _, value := range []*string{one.Parameter.Value, all.Parameters[0].Value} {
		if *value == "" || strings.Contains(*value, "canary") {
			t.Errorf("got %q, want something else than the value", *value)
		}
	}
}

func TestTheTiersHoldWhatTheyHold(t *testing.T) {
	t.Parallel()
	const none, intelligent, standard, advanced = "", types.ParameterTierIntelligentTiering, types.ParameterTierStandard, types.ParameterTierAdvanced

	for what, test := range map[string]struct {
		asked  types.ParameterTier
		before int // bytes of an earlier value, in the tier that fits
		size   int
		want   types.ParameterTier
		code   string
	}{
		"none named, 4,096":             {none, 0, 4096, standard, ""},
		"none named, 4,097":             {none, 0, 4097, "", "ValidationException"},
		"none named, 4,097, advanced":   {none, 5000, 4097, advanced, ""},
		"intelligent, 4,096":            {intelligent, 0, 4096, standard, ""},
		"intelligent, 4,097":            {intelligent, 0, 4097, advanced, ""},
		"intelligent, 8,192":            {intelligent, 0, 8192, advanced, ""},
		"intelligent, 8,193":            {intelligent, 0, 8193, "", "ValidationException"},
		"intelligent, 1, but standard":  {intelligent, 1, 1, standard, ""},
		"intelligent, 1, but advanced":  {intelligent, 5000, 1, advanced, ""},
		"a tier that is named":          {standard, 0, 1, "", "ValidationException"},
		"a value that is not there":     {none, 0, 0, "", "ValidationException"},
		"none named, 8,193, advanced":   {none, 5000, 8193, "", "ValidationException"},
		"none named, 1, after advanced": {none, 5000, 1, advanced, ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, ssmsim.Config{})
			if test.before > 0 {
				s.put(t, strings.Repeat("x", test.before), nil)
			}
			out, code := s.put(t, strings.Repeat("x", test.size), func(in *ssm.PutParameterInput) { in.Tier = test.asked })
			if code != test.code || code == "" && out.Tier != test.want {
				t.Errorf("got %+v, error %q, want the tier %q, error %q", out, code, test.want, test.code)
			}
		})
	}
}

func TestATypeIsNeededOnceAndNeverChanges(t *testing.T) {
	t.Parallel()
	s := newStore(t, ssmsim.Config{})
	for _, test := range []struct {
		kind types.ParameterType
		code string
	}{
		{"", "ValidationException"},
		{types.ParameterTypeStringList, "ValidationException"},
		{types.ParameterTypeString, ""},
		{types.ParameterTypeSecureString, "HierarchyTypeMismatchException"},
		{"", ""},
	} {
		if _, code := s.put(t, "v", func(in *ssm.PutParameterInput) { in.Type = test.kind }); code != test.code {
			t.Errorf("put as %q: got error %q, want %q", test.kind, code, test.code)
		}
	}
	if got := s.get(t); got.Type != types.ParameterTypeString || got.Version != 2 {
		t.Errorf("got a %s of version %d, want a String of version 2", got.Type, got.Version)
	}
}

func TestAHundredVersionsAreKeptAndALabelKeepsTheOldest(t *testing.T) {
	t.Parallel()
	s := newStore(t, ssmsim.Config{})
	for i := range 101 {
		s.put(t, strconv.Itoa(i), nil)
	}
	kept, err := s.GetParameterHistory(t.Context(), &ssm.GetParameterHistoryInput{Name: aws.String(name), WithDecryption: aws.Bool(true)})
	wantCode(t, err, "")
	if all := kept.Parameters; len(all) != 100 || *all[0].Value != "1" || *all[99].Value != "100" || *all[0].KeyId != ssmsim.DefaultKey {
		t.Errorf("got %d versions, want the newest 100 of 101, oldest first", len(all))
	}

	for _, step := range []struct {
		version   int64
		code, put string
	}{
		{1, "ParameterVersionNotFound", ""}, {3, "", "ParameterMaxVersionLimitExceeded"}, {102, "", ""},
	} {
		_, err := s.LabelParameterVersion(t.Context(), &ssm.LabelParameterVersionInput{
			Name: aws.String(name), ParameterVersion: &step.version, Labels: []string{"kept"},
		})
		wantCode(t, err, step.code)
		if _, code := s.put(t, "v", nil); code != step.put {
			t.Errorf("put with the label on version %d: got error %q, want %q", step.version, code, step.put)
		}
	}
}

func TestADeniedKeyNeitherEncryptsNorDecrypts(t *testing.T) {
	t.Parallel()
	endpoint := ssmsim.New(ssmsim.Config{})
	s := store{ssm.NewFromConfig(conformance.New(t, func() (http.Handler, error) { return endpoint, nil }).Config)}
	endpoint.DenyKeys("alias/theirs")
	for _, test := range []struct{ key, code string }{{"alias/theirs", "AccessDeniedException"}, {"alias/ours", ""}} {
		if _, code := s.put(t, "v", func(in *ssm.PutParameterInput) { in.KeyId = &test.key }); code != test.code {
			t.Errorf("%s: got error %q, want %q", test.key, code, test.code)
		}
	}
	if got := s.get(t); got.Version != 1 {
		t.Errorf("got version %d, want 1: the refused put wrote nothing", got.Version)
	}

	endpoint.DenyKeys("alias/ours")
	for decrypt, want := range map[bool]string{true: "AccessDeniedException", false: ""} {
		_, err := s.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String(name), WithDecryption: &decrypt})
		wantCode(t, err, want)
		_, err = s.GetParameterHistory(t.Context(), &ssm.GetParameterHistoryInput{Name: aws.String(name), WithDecryption: &decrypt})
		wantCode(t, err, want)
	}
}

func TestParametersAreDescribedByName(t *testing.T) {
	t.Parallel()
	s := newStore(t, ssmsim.Config{})
	for _, other := range []string{"/b", name, "/a"} {
		s.put(t, "canary", func(in *ssm.PutParameterInput) { in.Name, in.KeyId = &other, aws.String("alias/ours") })
	}
	equals := func(key, option string) []types.ParameterStringFilter {
		return []types.ParameterStringFilter{{Key: &key, Option: &option, Values: []string{name, "/none"}}}
	}

	for want, filters := range map[string][]types.ParameterStringFilter{"/a /app/token /b": nil, name: equals("Name", "Equals")} {
		out, err := s.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{ParameterFilters: filters})
		wantCode(t, err, "")
		var got []string
		for _, p := range out.Parameters {
			got = append(got, *p.Name)
			if *p.KeyId != "alias/ours" || p.Tier != types.ParameterTierStandard || p.Version != 1 {
				t.Errorf("got %+v, want key, tier and version", p)
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("described (-want +got):\n%s", diff)
		}
	}
	for _, filters := range [][]types.ParameterStringFilter{equals("Name", "BeginsWith"), equals("Tier", "Equals")} {
		_, err := s.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{ParameterFilters: filters})
		wantCode(t, err, "InvalidFilterKey")
	}
}

func TestADeletedParameterBeginsAtVersionOneAgain(t *testing.T) {
	t.Parallel()
	s := newStore(t, ssmsim.Config{})
	s.put(t, "v", nil)
	s.put(t, "v", nil)

	for _, want := range []string{"", "ParameterNotFound"} {
		_, err := s.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: aws.String(name)})
		wantCode(t, err, want)
	}
	if out, code := s.put(t, "v", nil); code != "" || out.Version != 1 {
		t.Errorf("got %+v, error %q, want version 1", out, code)
	}
}

func TestAParameterIsFoundByItsNameAlone(t *testing.T) {
	t.Parallel()
	s := newStore(t, ssmsim.Config{})
	s.put(t, "v", nil)

	for id, want := range map[string]string{
		name: "", "/none": "ParameterNotFound", name + ":1": "ValidationException", *s.get(t).ARN: "ValidationException",
	} {
		_, err := s.GetParameter(t.Context(), &ssm.GetParameterInput{Name: &id})
		wantCode(t, err, want)
	}
	if _, code := s.put(t, "v", func(in *ssm.PutParameterInput) { in.Name = aws.String(name + ":1") }); code != "ValidationException" {
		t.Errorf("put: got error %q, want ValidationException", code)
	}
}
