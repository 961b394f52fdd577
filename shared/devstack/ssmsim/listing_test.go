package ssmsim_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/ssmsim"
)

func TestSeveralParametersAtOnce(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{})
	for _, name := range []string{"/a/1", "/a/2", "/a/b/3", "/c"} {
		put(t, client, name, name)
	}

	many, err := client.GetParameters(t.Context(), &ssm.GetParametersInput{
		Names: []string{"/a/1", "/none", "/c:9"}, WithDecryption: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/a/1"}, names(many.Parameters)); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/c:9", "/none"}, many.InvalidParameters); diff != "" {
		t.Errorf("invalid (-want +got):\n%s", diff)
	}
	_, err = client.GetParameters(t.Context(), &ssm.GetParametersInput{Names: make([]string, 11)})
	wantCode(t, err, "ValidationException")

	for recursive, want := range map[bool][]string{
		false: {"/a/1", "/a/2"}, true: {"/a/1", "/a/2", "/a/b/3"},
	} {
		var got []string
		pages := ssm.NewGetParametersByPathPaginator(client, &ssm.GetParametersByPathInput{
			Path: aws.String("/a"), Recursive: &recursive, MaxResults: aws.Int32(1),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, names(page.Parameters)...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by path, recursive %t (-want +got):\n%s", recursive, diff)
		}
	}
}

func names(parameters []types.Parameter) []string {
	var names []string
	for _, p := range parameters {
		names = append(names, *p.Name)
	}

	return names
}

func TestDescriptionsAreFiltered(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{})
	put(t, client, "/a/1", "v")
	put(t, client, "/a/2", strings.Repeat("x", 5000))
	_, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String("plain"), Value: aws.String("v"), Type: types.ParameterTypeString, Description: aws.String("d"),
	})
	wantCode(t, err, "")

	for _, test := range []struct {
		key, option string
		values      []string
		want        []string
	}{
		{"Name", "BeginsWith", []string{"/a"}, []string{"/a/1", "/a/2"}},
		{"Name", "Equals", []string{"plain", "/a/1"}, []string{"/a/1", "plain"}},
		{"Name", "Contains", []string{"lai"}, []string{"plain"}},
		{"Type", "", []string{"String"}, []string{"plain"}},
		{"Tier", "", []string{"Advanced"}, []string{"/a/2"}},
		{"KeyId", "", []string{ssmsim.DefaultKey}, []string{"/a/1", "/a/2"}},
		{"Path", "Recursive", []string{"/"}, []string{"/a/1", "/a/2"}},
	} {
		out, err := client.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{
			ParameterFilters: []types.ParameterStringFilter{
				{Key: aws.String(test.key), Option: none(test.option), Values: test.values},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range out.Parameters {
			got = append(got, *p.Name)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", test.key, test.option, diff)
		}
	}

	_, err = client.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{
		ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Nonsense"), Values: []string{"x"}}},
	})
	wantCode(t, err, "InvalidFilterKey")
	_, err = client.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{NextToken: aws.String("!")})
	wantCode(t, err, "InvalidNextToken")
}

func none(option string) *string {
	if option == "" {
		return nil
	}

	return &option
}

func TestWhatIsDeletedIsGone(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{})
	for _, name := range []string{"/1", "/2"} {
		put(t, client, name, "v")
	}

	_, err := client.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: aws.String("/1")})
	wantCode(t, err, "")
	_, err = client.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: aws.String("/1")})
	wantCode(t, err, "ParameterNotFound")
	_, err = get(t, client, "/1")
	wantCode(t, err, "ParameterNotFound")
	out, err := client.DeleteParameters(t.Context(), &ssm.DeleteParametersInput{Names: []string{"/1", "/2"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/2"}, out.DeletedParameters); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
	if again := put(t, client, "/1", "v"); again.Version != 1 {
		t.Errorf("got version %d after the deletion, want 1", again.Version)
	}
}
