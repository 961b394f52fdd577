package iamsim_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/s3sim"
)

// client is an SDK's configuration for a service behind the guard, with the access key "reader".
func client(t *testing.T, handler http.Handler) aws.Config {
	t.Helper()

	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)

	return aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("reader", "any", ""),
	}
}

func TestTheSDKSeesARefusalInTheWordsOfAWS(t *testing.T) {
	t.Parallel()

	guard := guarding(t, "", `[{"Effect":"Allow","Action":"a:B","Resource":"*"}]`)
	never := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was let through") })
	behind := func(front func(*iamsim.Guard, http.Handler) http.Handler) aws.Config {
		return client(t, front(guard, never))
	}

	_, errParameter := ssm.NewFromConfig(behind((*iamsim.Guard).Parameters)).
		GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/stack/token")})
	_, errSecret := secretsmanager.NewFromConfig(behind((*iamsim.Guard).Secrets)).
		GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String(secret)})
	_, errObject := s3.NewFromConfig(behind((*iamsim.Guard).Objects)).
		PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("a/b")})
	_, errFunction := lambda.NewFromConfig(behind((*iamsim.Guard).Functions)).
		Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")})

	for _, test := range []struct {
		err                   error
		status                int
		code, asked, resource string
	}{
		{errParameter, 400, "AccessDeniedException", "ssm:GetParameter", parameter},
		{errSecret, 400, "AccessDeniedException", "secretsmanager:GetSecretValue", secret},
		{errObject, 403, "AccessDenied", "s3:PutObject", object},
		{errFunction, 403, "AccessDeniedException", "lambda:InvokeFunction", function},
	} {
		answered, isAnswer := errors.AsType[smithy.APIError](test.err)
		response, isResponse := errors.AsType[*awshttp.ResponseError](test.err)

		if !isAnswer || !isResponse {
			t.Errorf("%s: got %v, want the service's refusal", test.asked, test.err)

			continue
		}

		want := fmt.Sprintf("%d %s: User: arn:aws:sts::000000000000:assumed-role/stack-Reader/reader is not authorized to perform: %s on resource: %s"+
			" because no identity-based policy allows the %[3]s action", test.status, test.code, test.asked, test.resource)
		got := fmt.Sprintf("%d %s: %s", response.HTTPStatusCode(), answered.ErrorCode(), answered.ErrorMessage())

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the refusal (-want +got):\n%s", diff)
		}
	}
}

func TestAnExplicitDenialIsReportedAsOne(t *testing.T) {
	t.Parallel()

	guard := guarding(t, "", `[{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"Never","Effect":"Deny","Action":"s3:*","Resource":"*"}]`)
	reply := objects(http.MethodGet, "/bucket/a").sent(t, guard)

	if reply.Code != http.StatusForbidden || !strings.Contains(reply.Body.String(), "with an explicit deny in an identity-based policy") {
		t.Errorf("got %d: %s", reply.Code, reply.Body)
	}

	if uses := guard.Uses(); len(uses) != 1 || uses[0].Allowed || uses[0].Statement != "Never" {
		t.Errorf("the record is %+v, want one denial by Never", uses)
	}
}

func TestTheDeveloperMayDoEverythingAndIsNotRecorded(t *testing.T) {
	t.Parallel()

	guard := guarding(t, key, `[{"Effect":"Allow","Action":"a:B","Resource":"*"}]`)
	ask := objects(http.MethodGet, "/bucket/a")
	unsigned := ask.signed(t, "")
	unsigned.Header.Del("Authorization")

	for name, sent := range map[string]*http.Request{
		"another key": ask.signed(t, "local"), "no signature": unsigned, "a key's beginning": ask.signed(t, "read"),
	} {
		reply := httptest.NewRecorder()
		guard.Objects(http.NotFoundHandler()).ServeHTTP(reply, sent)

		if reply.Code != http.StatusNotFound {
			t.Errorf("%s: got %d, want what is behind the guard", name, reply.Code)
		}
	}

	if uses := guard.Uses(); len(uses) != 0 {
		t.Errorf("the record is %+v, want none", uses)
	}
}

func TestAMissingKeyIsForbiddenToWhoMayNotListTheWholeBucket(t *testing.T) {
	t.Parallel()

	const (
		read = `{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::bucket/*"}`
		list = `,{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::`
	)

	for name, test := range map[string]struct {
		statements string
		missing    int
	}{
		"nothing may be listed":        {read, http.StatusForbidden},
		"the bucket may be listed":     {read + list + `bucket"}`, http.StatusNotFound},
		"another bucket may be listed": {read + list + `other"}`, http.StatusForbidden},
		"a prefix may be listed":       {read + list + `bucket","Condition":{"StringLike":{"s3:prefix":"*"}}}`, http.StatusForbidden},
	} {
		store, err := s3sim.New(s3sim.Config{Folder: t.TempDir(), Buckets: []string{"bucket"}})
		if err != nil {
			t.Fatal(err)
		}

		guard := guarding(t, "", "["+test.statements+"]")

		for _, sent := range []struct {
			method, target string
			want           int
		}{
			{http.MethodGet, "/bucket/missing", test.missing},
			{http.MethodHead, "/bucket/missing", test.missing},
			{http.MethodPut, "/bucket/there", http.StatusOK},
			{http.MethodGet, "/bucket/there", http.StatusOK},
			{http.MethodDelete, "/bucket/missing", http.StatusNoContent},
		} {
			ask := objects(sent.method, sent.target)
			ask.body = "text"

			if got := ask.sentTo(t, guard, store).Code; got != sent.want {
				t.Errorf("%s: %s %s got %d, want %d", name, sent.method, sent.target, got, sent.want)
			}
		}
	}
}
