package iamsim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/iamsim"
)

const (
	here      = ":eu-central-1:000000000000:"
	parameter = "arn:aws:ssm" + here + "parameter/stack/token"
	secret    = "arn:aws:secretsmanager" + here + "secret:stack/credentials-AbC123"
	key       = "arn:aws:kms" + here + "key/k"
	object    = "arn:aws:s3:::bucket/a/b"
	function  = "arn:aws:lambda" + here + "function:f"
)

// request is a request to the service whose front it is for.
type request struct {
	front                func(*iamsim.Guard, http.Handler) http.Handler
	method, target, body string
	header, value        string
}

func parameters(operation, body string) request {
	return request{(*iamsim.Guard).Parameters, http.MethodPost, "/", body, "X-Amz-Target", "AmazonSSM." + operation}
}

func secrets(body string) request {
	return request{(*iamsim.Guard).Secrets, http.MethodPost, "/", body, "X-Amz-Target", "secretsmanager.GetSecretValue"}
}

func objects(method, target string) request {
	return request{front: (*iamsim.Guard).Objects, method: method, target: target}
}

func functions(method, target string) request {
	return request{front: (*iamsim.Guard).Functions, method: method, target: "/2015-03-31/functions/" + target}
}

// signed is the request as the bearer of an access key sends it.
func (r request) signed(t *testing.T, accessKey string) *http.Request {
	t.Helper()

	made := httptest.NewRequestWithContext(t.Context(), r.method, r.target, strings.NewReader(r.body))
	made.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+accessKey+"/20260101/eu-central-1/s/aws4_request, SignedHeaders=host, Signature=0")
	made.Header.Set(r.header, r.value)

	return made
}

// sent is the reply to the request of whoever has the access key "reader"; what is let through is echoed.
func (r request) sent(t *testing.T, guard *iamsim.Guard) *httptest.ResponseRecorder {
	t.Helper()

	return r.sentTo(t, guard, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
}

// sentTo is the same with a service behind the guard.
func (r request) sentTo(t *testing.T, guard *iamsim.Guard, service http.Handler) *httptest.ResponseRecorder {
	t.Helper()

	reply := httptest.NewRecorder()
	r.front(guard, service).ServeHTTP(reply, r.signed(t, "reader"))

	return reply
}

// guarding is a guard for the access key "reader", which has these statements.
func guarding(t *testing.T, keyARN, statements string) *iamsim.Guard {
	t.Helper()

	return iamsim.New(iamsim.Config{
		Roles: map[string]iamsim.Role{"reader": role(t, statements)}, Region: "eu-central-1", Account: "000000000000", KeyARN: keyARN,
	})
}

func TestARequestAsksForItsActionsOnItsResources(t *testing.T) {
	t.Parallel()

	put := `{"Name":"/stack/token","Type":"SecureString","KeyId":"` + key + `","Value":"`
	rewritten := objects(http.MethodPut, "/bucket/a/b")
	rewritten.header, rewritten.value = "If-Match", `"e"`

	for name, test := range map[string]struct {
		request   request
		key, want string // action and resource
	}{
		"a parameter":                              {parameters("GetParameter", `{"Name":"/stack/token"}`), key, "ssm:GetParameter " + parameter},
		"a parameter that is not named":            {parameters("GetParameters", `{"Names":["/stack/token"]}`), "", "ssm:GetParameters *"},
		"a body that cannot be read":               {parameters("GetParameter", `{"Name":"/stack/token","Name":"/other"}`), "", "ssm:GetParameter *"},
		"a parameter decrypted by a customer key":  {parameters("GetParameter", `{"Name":"/stack/token","WithDecryption":true}`), key, "kms:Decrypt " + key + ", ssm:GetParameter " + parameter},
		"a standard parameter":                     {parameters("PutParameter", put+`v"}`), key, "kms:Encrypt " + key + ", ssm:PutParameter " + parameter},
		"a parameter over the standard tier":       {parameters("PutParameter", put+strings.Repeat("v", 4097)+`"}`), key, "kms:GenerateDataKey " + key + ", ssm:PutParameter " + parameter},
		"a parameter under AWS's own key":          {parameters("PutParameter", strings.Replace(put, key, "alias/aws/ssm", 1)+`v"}`), key, "ssm:PutParameter " + parameter},
		"a secret":                                 {secrets(`{"SecretId":"` + secret + `"}`), key, "kms:Decrypt " + key + ", secretsmanager:GetSecretValue " + secret},
		"a secret that is not called by its ARN":   {secrets(`{"SecretId":"stack/credentials"}`), "", "secretsmanager:GetSecretValue *"},
		"an object":                                {objects(http.MethodGet, "/bucket/a/b"), key, "kms:Decrypt " + key + ", s3:GetObject " + object},
		"its headers":                              {objects(http.MethodHead, "/bucket/a/b"), key, "s3:GetObject " + object},
		"a new object":                             {objects(http.MethodPut, "/bucket/a/b"), key, "kms:GenerateDataKey " + key + ", s3:PutObject " + object},
		"an object that is no more":                {objects(http.MethodDelete, "/bucket/a/b"), key, "s3:DeleteObject " + object},
		"an object written over one that is known": {rewritten, "", "s3:GetObject " + object + ", s3:PutObject " + object},
		"a listing":                                {objects(http.MethodGet, "/bucket?list-type=2&prefix=a/"), key, "s3:ListBucket arn:aws:s3:::bucket"},
		"an unknown operation of S3":               {objects(http.MethodGet, "/bucket/a/b?acl"), "", "s3:UnknownOperation " + object},
		"an invocation":                            {functions(http.MethodPost, "f/invocations"), "", "lambda:InvokeFunction " + function},
		"an invocation by ARN":                     {functions(http.MethodPost, function+"/invocations"), "", "lambda:InvokeFunction " + function},
		"an invocation of a version":               {functions(http.MethodPost, "f/invocations?Qualifier=7"), "", "lambda:UnknownOperation *"},
		"an unknown operation of Lambda":           {functions(http.MethodGet, "f"), "", "lambda:UnknownOperation *"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			guard := guarding(t, test.key, `[{"Sid":"S","Effect":"Allow","Action":"*","Resource":"*"}]`)
			if reply := test.request.sent(t, guard); reply.Code != http.StatusOK || reply.Body.String() != test.request.body {
				t.Errorf("got %d and the body %q, want the body to be readable once more", reply.Code, reply.Body)
			}

			var got []string
			for _, use := range guard.Uses() {
				got = append(got, use.Action+" "+use.Resource)

				if !use.Allowed || use.Statement != "S" || use.Role != "Reader" {
					t.Errorf("the record has %+v", use)
				}
			}

			slices.Sort(got)

			if diff := cmp.Diff(test.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("what was asked for (-want +got):\n%s", diff)
			}
		})
	}
}
