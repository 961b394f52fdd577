package iamsim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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

// sent is the reply to the request of whoever has the access key "reader"; what is let through is echoed.
func (r request) sent(t *testing.T, guard *iamsim.Guard) *httptest.ResponseRecorder {
	t.Helper()
	return r.sentBy(t, "reader", guard, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
}

// sentBy is the reply to whoever has that access key, or none, of a service behind the guard.
func (r request) sentBy(t *testing.T, accessKey string, guard *iamsim.Guard, service http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	made := httptest.NewRequestWithContext(t.Context(), r.method, r.target, strings.NewReader(r.body))
	made.Header.Set(r.header, r.value)
	if accessKey != "" {
		made.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+accessKey+"/20260101/eu-central-1/s/aws4_request, SignedHeaders=host, Signature=0")
	}
	reply := httptest.NewRecorder()
	r.front(guard, service).ServeHTTP(reply, made)

	return reply
}

// guarding is a guard for the access key "reader", which has these statements.
func guarding(t *testing.T, keyARN, statements string) *iamsim.Guard {
	t.Helper()
	return iamsim.New(iamsim.Config{Roles: map[string]iamsim.Role{"reader": role(t, statements)}, KeyARN: keyARN})
}

// A run under the template's roles shows the rest of what the functions ask for.
func TestARequestAsksForWhatItNeedsAndAnUnknownOneForTheWidestThatItCouldBe(t *testing.T) {
	t.Parallel()
	put := `{"Name":"/stack/token","Type":"SecureString","KeyId":"` + key + `","Value":"`
	rewritten := objects(http.MethodPut, "/bucket/a/b")
	rewritten.header, rewritten.value = "If-Match", `"e"`
	for name, test := range map[string]struct {
		request   request
		key, want string // action and resource
	}{
		"a parameter that is not named":            {parameters("GetParameters", `{"Names":["/stack/token"]}`), "", "ssm:GetParameters *"},
		"a body that cannot be read":               {parameters("GetParameter", `{"Name":"/stack/token","Name":"/other"}`), "", "ssm:GetParameter *"},
		"a parameter over the standard tier":       {parameters("PutParameter", put+strings.Repeat("v", 4097)+`"}`), key, "kms:GenerateDataKey " + key + ", ssm:PutParameter " + parameter},
		"a secret that is not called by its ARN":   {secrets(`{"SecretId":"stack/credentials"}`), "", "secretsmanager:GetSecretValue *"},
		"an object written over one that is known": {rewritten, "", "s3:GetObject " + object + ", s3:PutObject " + object},
		"an unknown operation of S3":               {objects(http.MethodGet, "/bucket/a/b?acl"), "", "s3:UnknownOperation " + object},
		"an invocation by ARN":                     {functions(http.MethodPost, function+"/invocations"), "", "lambda:InvokeFunction " + function},
		"an invocation of a version":               {functions(http.MethodPost, "f/invocations?Qualifier=7"), "", "lambda:UnknownOperation *"},
		"an unknown operation of Lambda":           {functions(http.MethodGet, "f"), "", "lambda:UnknownOperation *"},
	} {
		guard := guarding(t, test.key, `[{"Sid":"S","Effect":"Allow","Action":"*","Resource":"*"}]`)
		if reply := test.request.sent(t, guard); reply.Code != http.StatusOK || reply.Body.String() != test.request.body {
			t.Errorf("%s: got %d and the body %q, want the body to be readable once more", name, reply.Code, reply.Body)
		}
		var got []string
		for _, use := range guard.Uses() {
			got = append(got, use.Action+" "+use.Resource)
			if !use.Allowed || use.Statement != "S" || use.Role != "Reader" {
				t.Errorf("%s: the record has %+v", name, use)
			}
		}
		if asked := strings.Join(got, ", "); asked != test.want {
			t.Errorf("%s: asked for %s, want %s", name, asked, test.want)
		}
	}
}
