package ssmsim_test

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/ssmsim"
)

func TestTheTiersHoldWhatTheyHold(t *testing.T) {
	t.Parallel()
	const standard, advanced, intelligent = types.ParameterTierStandard, types.ParameterTierAdvanced,
		types.ParameterTierIntelligentTiering

	for name, test := range map[string]struct {
		tier types.ParameterTier
		size int
		want types.ParameterTier
		code string
	}{
		"none named, 4,096":    {"", 4096, standard, ""},
		"none named, 4,097":    {"", 4097, "", "ValidationException"},
		"standard, 4,096":      {standard, 4096, standard, ""},
		"standard, 4,097":      {standard, 4097, "", "ValidationException"},
		"advanced, 1":          {advanced, 1, advanced, ""},
		"advanced, 8,192":      {advanced, 8192, advanced, ""},
		"advanced, 8,193":      {advanced, 8193, "", "ValidationException"},
		"intelligent, 4,096":   {intelligent, 4096, standard, ""},
		"intelligent, 4,097":   {intelligent, 4097, advanced, ""},
		"intelligent, 8,193":   {intelligent, 8193, "", "ValidationException"},
		"a tier there is none": {"Golden", 1, "", "ValidationException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := serve(t, ssmsim.Config{})
			out, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{
				Name: aws.String("/p"), Value: aws.String(strings.Repeat("x", test.size)),
				Type: types.ParameterTypeSecureString, Tier: test.tier,
			})
			wantCode(t, err, test.code)
			if err == nil && out.Tier != test.want {
				t.Errorf("got tier %s, want %s", out.Tier, test.want)
			}
		})
	}
}

func TestAnAdvancedParameterStaysAdvanced(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{})
	put(t, client, "/p", strings.Repeat("x", 5000))

	for tier, want := range map[types.ParameterTier]string{
		types.ParameterTierStandard: "ValidationException", types.ParameterTierIntelligentTiering: "", "": "",
	} {
		out, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{
			Name: aws.String("/p"), Value: aws.String("small"), Overwrite: aws.Bool(true), Tier: tier,
		})
		wantCode(t, err, want)
		if err == nil && out.Tier != types.ParameterTierAdvanced {
			t.Errorf("put as %q: got tier %s, want Advanced", tier, out.Tier)
		}
	}
}

func TestNamesThatAWSRefuses(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{})

	for name, want := range map[string]string{
		"/aws/x/y":                      "AccessDeniedException",
		"/AWS-x":                        "ValidationException",
		"awsome":                        "ValidationException",
		"/ssm/x":                        "ValidationException",
		"SSMx":                          "ValidationException",
		"a/b":                           "ValidationException",
		"/a//b":                         "ValidationException",
		"/a/":                           "ValidationException",
		"/a b":                          "ValidationException",
		"/ümlaut":                       "ValidationException",
		"/a:1":                          "ValidationException",
		"/" + strings.Repeat("x", 1011): "ValidationException",
		strings.Repeat("/x", 16):        "HierarchyLevelLimitExceededException",
		strings.Repeat("/x", 15):        "",
		"/my/aws/x":                     "",
		"plain_Name-1.2":                "",
		"/" + strings.Repeat("x", 1010): "",
	} {
		_, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{
			Name: &name, Value: aws.String("v"), Type: types.ParameterTypeString,
		})
		if got := code(err); got != want {
			t.Errorf("%.40s: got %q, want %q", name, got, want)
		}
	}
}

func TestATypeIsNeededOnceAndNeverChanges(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{})
	in := &ssm.PutParameterInput{Name: aws.String("/p"), Value: aws.String("v"), Overwrite: aws.Bool(true)}

	_, err := client.PutParameter(t.Context(), in)
	wantCode(t, err, "ValidationException")
	in.Type = types.ParameterTypeSecureString
	_, err = client.PutParameter(t.Context(), in)
	wantCode(t, err, "")
	in.Type = types.ParameterTypeString
	_, err = client.PutParameter(t.Context(), in)
	wantCode(t, err, "HierarchyTypeMismatchException")
	in.Type = ""
	_, err = client.PutParameter(t.Context(), in)
	wantCode(t, err, "")

	got, err := get(t, client, "/p")
	if err != nil || got.Type != types.ParameterTypeSecureString || got.Version != 2 {
		t.Errorf("got %+v, %v, want a SecureString of version 2", got, err)
	}
}

func TestAPatternBindsEveryVersion(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{})
	in := &ssm.PutParameterInput{
		Name: aws.String("/p"), Value: aws.String("12"), Type: types.ParameterTypeString,
		AllowedPattern: aws.String(`^\d+$`), Overwrite: aws.Bool(true),
	}
	_, err := client.PutParameter(t.Context(), in)
	wantCode(t, err, "")
	in.AllowedPattern, in.Value = nil, aws.String("x")
	_, err = client.PutParameter(t.Context(), in)
	wantCode(t, err, "ParameterPatternMismatchException")
	in.AllowedPattern = aws.String(`(`)
	_, err = client.PutParameter(t.Context(), in)
	wantCode(t, err, "InvalidAllowedPatternException")
}

func TestAHundredVersionsAreKeptAndLabelsHoldTheirs(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{})
	for i := 1; i <= 101; i++ {
		put(t, client, "/p", strconv.Itoa(i))
	}

	_, err := get(t, client, "/p:1")
	wantCode(t, err, "ParameterVersionNotFound")
	oldest, err := get(t, client, "/p:2")
	if err != nil || *oldest.Value != "2" || *oldest.Selector != ":2" {
		t.Errorf("got %+v, %v, want version 2", oldest, err)
	}

	labelled, err := client.LabelParameterVersion(t.Context(), &ssm.LabelParameterVersionInput{
		Name: aws.String("/p"), ParameterVersion: aws.Int64(2), Labels: []string{"kept", "2bad", "awsbad"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"2bad", "awsbad"}, labelled.InvalidLabels); diff != "" {
		t.Errorf("invalid labels (-want +got):\n%s", diff)
	}
	byLabel, err := get(t, client, "/p:kept")
	if err != nil || byLabel.Version != 2 {
		t.Errorf("got %+v, %v, want version 2 by its label", byLabel, err)
	}
	_, err = client.PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String("/p"), Value: aws.String("102"), Overwrite: aws.Bool(true),
	})
	wantCode(t, err, "ParameterMaxVersionLimitExceeded")

	_, err = client.LabelParameterVersion(t.Context(), &ssm.LabelParameterVersionInput{
		Name: aws.String("/p"), Labels: []string{"kept"},
	})
	wantCode(t, err, "")
	if out := put(t, client, "/p", "102"); out.Version != 102 {
		t.Errorf("got version %d once the label has moved, want 102", out.Version)
	}
}

func TestHistoryIsPagedFromTheOldest(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{})
	for i := 1; i <= 7; i++ {
		put(t, client, "/p", strconv.Itoa(i))
	}

	var got []string
	pages := ssm.NewGetParameterHistoryPaginator(client, &ssm.GetParameterHistoryInput{
		Name: aws.String("/p"), MaxResults: aws.Int32(3), WithDecryption: aws.Bool(true),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Parameters {
			got = append(got, *p.Value)
		}
	}
	if diff := cmp.Diff([]string{"1", "2", "3", "4", "5", "6", "7"}, got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestADeniedKeyNeitherEncryptsNorDecrypts(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{DeniedKeys: []string{"alias/theirs"}})
	in := &ssm.PutParameterInput{
		Name: aws.String("/p"), Value: aws.String("v"), Type: types.ParameterTypeSecureString,
		KeyId: aws.String("alias/theirs"),
	}
	_, err := client.PutParameter(t.Context(), in)
	wantCode(t, err, "AccessDeniedException")
	in.KeyId = aws.String("alias/ours")
	_, err = client.PutParameter(t.Context(), in)
	wantCode(t, err, "")
	_, err = get(t, client, "/p")
	wantCode(t, err, "")
}

func TestWithoutTheKeyOnlyTheCiphertextIsRead(t *testing.T) {
	t.Parallel()
	endpoint, err := ssmsim.New(ssmsim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(endpoint)
	t.Cleanup(server.Close)
	client := newClient(server.URL, server.Client())
	put(t, client, "/p", "v")

	endpoint.DenyKeys(ssmsim.DefaultKey)
	_, err = get(t, client, "/p")
	wantCode(t, err, "AccessDeniedException")
	_, err = client.GetParameters(t.Context(), &ssm.GetParametersInput{
		Names: []string{"/p"}, WithDecryption: aws.Bool(true),
	})
	wantCode(t, err, "AccessDeniedException")
	_, err = client.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/p")})
	wantCode(t, err, "")

	endpoint.DenyKeys()
	_, err = get(t, client, "/p")
	wantCode(t, err, "")
}
