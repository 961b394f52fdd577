package secretsim_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/secretsim"
)

func TestUpdateChangesWhatItNames(t *testing.T) {
	t.Parallel()
	client, _ := serve(t)
	create(t, client, "s", "1")
	_, err := client.UpdateSecret(t.Context(), &secretsmanager.UpdateSecretInput{
		SecretId: aws.String("s"), Description: aws.String("d"), SecretBinary: []byte("2"),
	})
	wantCode(t, err, "")
	_, err = client.UpdateSecret(t.Context(), &secretsmanager.UpdateSecretInput{
		SecretId: aws.String("s"), KmsKeyId: aws.String("alias/k"),
	})
	wantCode(t, err, "")

	got, err := client.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: aws.String("s")})
	if err != nil {
		t.Fatal(err)
	}
	if *got.Description != "d" || *got.KmsKeyId != "alias/k" || len(got.VersionIdsToStages) != 2 {
		t.Errorf("got %q, %q and %v, want d, alias/k and two versions", *got.Description, *got.KmsKeyId,
			got.VersionIdsToStages)
	}
	out, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("s")})
	if err != nil || string(out.SecretBinary) != "2" || out.SecretString != nil {
		t.Errorf("got %+v, %v, want the bytes alone", out, err)
	}
}

func TestADeniedKeyKeepsTheValue(t *testing.T) {
	t.Parallel()
	client, endpoint := serve(t)
	create(t, client, "s", "v")
	endpoint.DenyKeys(secretsim.DefaultKey)
	if got := value(t, client, "s", ""); got != "AccessDeniedException" {
		t.Errorf("got %s, want AccessDeniedException", got)
	}
	endpoint.DenyKeys()
	if got := value(t, client, "s", ""); got != "v" {
		t.Errorf("got %s, want v", got)
	}
}

func TestListingsArePagedAndFiltered(t *testing.T) {
	t.Parallel()
	client, _ := serve(t)
	for _, name := range []string{"a/1", "a/2", "b/1"} {
		create(t, client, name, "v")
	}

	list := func(in *secretsmanager.ListSecretsInput) []string {
		t.Helper()
		var names []string
		pages := secretsmanager.NewListSecretsPaginator(client, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page.SecretList {
				names = append(names, *s.Name)
			}
		}

		return names
	}
	all := list(&secretsmanager.ListSecretsInput{MaxResults: aws.Int32(1), SortOrder: types.SortOrderTypeAsc})
	if diff := cmp.Diff([]string{"a/1", "a/2", "b/1"}, all); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	filtered := list(&secretsmanager.ListSecretsInput{Filters: []types.Filter{
		{Key: types.FilterNameStringTypeName, Values: []string{"a/"}},
		{Key: types.FilterNameStringTypeName, Values: []string{"!a/1"}},
	}})
	if diff := cmp.Diff([]string{"a/2"}, filtered); diff != "" {
		t.Errorf("filtered (-want +got):\n%s", diff)
	}
	_, err := client.ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{NextToken: aws.String("!")})
	wantCode(t, err, "InvalidNextTokenException")
}

func TestVersionsWithoutAStageAreDeprecatedAndPruned(t *testing.T) {
	t.Parallel()
	client, _ := serve(t)
	create(t, client, "s", "0")
	for range 120 {
		put(t, client, "s", "v")
	}

	for deprecated, want := range map[bool]int{false: 2, true: 100} {
		out, err := client.ListSecretVersionIds(t.Context(), &secretsmanager.ListSecretVersionIdsInput{
			SecretId: aws.String("s"), IncludeDeprecated: &deprecated,
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Versions) != want {
			t.Errorf("deprecated %t: got %d versions, want %d", deprecated, len(out.Versions), want)
		}
	}
}

func TestForcedDeletionIsAtOnceAndRepeatable(t *testing.T) {
	t.Parallel()
	client, _ := serve(t)
	create(t, client, "s", "v")

	in := &secretsmanager.DeleteSecretInput{
		SecretId: aws.String("s"), ForceDeleteWithoutRecovery: aws.Bool(true), RecoveryWindowInDays: aws.Int64(7),
	}
	_, err := client.DeleteSecret(t.Context(), in)
	wantCode(t, err, "InvalidParameterException")
	in.RecoveryWindowInDays = nil
	for range 2 {
		_, err = client.DeleteSecret(t.Context(), in)
		wantCode(t, err, "")
	}
	if got := value(t, client, "s", ""); got != "ResourceNotFoundException" {
		t.Errorf("got %s, want ResourceNotFoundException", got)
	}
	create(t, client, "s", "again")
}

func TestTheRecoveryWindowRunsOutInVirtualTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		endpoint, err := secretsim.New(secretsim.Config{})
		if err != nil {
			t.Fatal(err)
		}
		network := memnet.New()
		stop, err := network.Serve("secrets.local:80", endpoint)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		transport := network.Transport()
		defer transport.CloseIdleConnections()
		client := newClient("http://secrets.local:80", &http.Client{Transport: transport})
		remove := &secretsmanager.DeleteSecretInput{SecretId: aws.String("s"), RecoveryWindowInDays: aws.Int64(6)}

		create(t, client, "s", "v")
		_, err = client.DeleteSecret(t.Context(), remove)
		wantCode(t, err, "InvalidParameterException")
		remove.RecoveryWindowInDays = aws.Int64(7)
		_, err = client.DeleteSecret(t.Context(), remove)
		wantCode(t, err, "")
		if got := value(t, client, "s", ""); got != "InvalidRequestException" {
			t.Errorf("marked deleted: got %s, want InvalidRequestException", got)
		}
		_, err = client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("s")})
		wantCode(t, err, "InvalidRequestException")

		_, err = client.RestoreSecret(t.Context(), &secretsmanager.RestoreSecretInput{SecretId: aws.String("s")})
		wantCode(t, err, "")
		if got := value(t, client, "s", ""); got != "v" {
			t.Errorf("restored: got %s, want v", got)
		}

		_, err = client.DeleteSecret(t.Context(), remove)
		wantCode(t, err, "")
		time.Sleep(7*24*time.Hour + time.Second)
		if got := value(t, client, "s", ""); got != "ResourceNotFoundException" {
			t.Errorf("after the window: got %s, want ResourceNotFoundException", got)
		}
		create(t, client, "s", "new")
	})
}
