package iamsim_test

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/iamsim"
)

const (
	here      = ":eu-central-1:000000000000:"
	parameter = "arn:aws:ssm" + here + "parameter/stack/token"
	secret    = "arn:aws:secretsmanager" + here + "secret:stack/credentials-AbC123"
	key       = "arn:aws:kms" + here + "key/k"
)

// request is signed with the key of a role that may do nothing, so that the record shows what was asked for first.
type request struct {
	method, target, body string
	header               map[string]string
}

func (r request) signed(t *testing.T, accessKey string) *http.Request {
	t.Helper()

	made := httptest.NewRequestWithContext(t.Context(), cmp.Or(r.method, http.MethodPost), cmp.Or(r.target, "/"), strings.NewReader(r.body))
	made.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+accessKey+"/20260101/eu-central-1/s/aws4_request, SignedHeaders=host, Signature=0")

	for name, value := range r.header {
		made.Header.Set(name, value)
	}

	return made
}

func service(name string) func(*iamsim.Guard, http.Handler) http.Handler {
	switch name {
	case "ssm":
		return (*iamsim.Guard).Parameters
	case "secretsmanager":
		return (*iamsim.Guard).Secrets
	case "s3":
		return (*iamsim.Guard).Objects
	default:
		return (*iamsim.Guard).Functions
	}
}

func operation(target string) map[string]string { return map[string]string{"X-Amz-Target": target} }

// echo answers with the body that it gets.
func echo(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }

func newGuard(roles map[string]iamsim.Role, keyARN string) *iamsim.Guard {
	return iamsim.New(iamsim.Config{
		Roles: roles, Region: "eu-central-1", Account: "000000000000", KeyARN: keyARN,
	})
}

func TestARequestAsksForItsActionsOnItsResources(t *testing.T) {
	t.Parallel()

	object := "arn:aws:s3:::bucket/a/b"

	for name, test := range map[string]struct {
		service string
		request request
		key     string
		want    []string // action and resource
	}{
		"a parameter": {
			"ssm",
			request{body: `{"Name":"/stack/token"}`, header: operation("AmazonSSM.GetParameter")},
			"",
			[]string{"ssm:GetParameter " + parameter},
		},
		"several parameters": {
			"ssm",
			request{body: `{"Names":["/stack/token","b"]}`, header: operation("AmazonSSM.GetParameters")},
			"",
			[]string{"ssm:GetParameters *"},
		},
		"parameters that are not named": {
			"ssm", request{body: `{}`, header: operation("AmazonSSM.DescribeParameters")}, "", []string{"ssm:DescribeParameters *"},
		},
		"a body that cannot be read": {
			"ssm",
			request{body: `{"Name":"/stack/token","Name":"/other"}`, header: operation("AmazonSSM.GetParameter")},
			"",
			[]string{"ssm:GetParameter *"},
		},
		"a parameter decrypted by a customer key": {
			"ssm",
			request{body: `{"Name":"/stack/token","WithDecryption":true}`, header: operation("AmazonSSM.GetParameter")},
			key,
			[]string{"kms:Decrypt " + key, "ssm:GetParameter " + parameter},
		},
		"a parameter left encrypted": {
			"ssm",
			request{body: `{"Name":"/stack/token"}`, header: operation("AmazonSSM.GetParameter")},
			key,
			[]string{"ssm:GetParameter " + parameter},
		},
		"a standard parameter": {
			"ssm",
			request{body: `{"Name":"/stack/token","Type":"SecureString","KeyId":"` + key + `","Value":"v"}`, header: operation("AmazonSSM.PutParameter")},
			key,
			[]string{"kms:Encrypt " + key, "ssm:PutParameter " + parameter},
		},
		"a parameter under AWS's own key": {
			"ssm",
			request{body: `{"Name":"/stack/token","Type":"SecureString","KeyId":"alias/aws/ssm"}`, header: operation("AmazonSSM.PutParameter")},
			key,
			[]string{"ssm:PutParameter " + parameter},
		},
		"an advanced parameter": {
			"ssm",
			request{
				body:   `{"Name":"/stack/token","Type":"SecureString","KeyId":"` + key + `","Value":"` + strings.Repeat("v", 4097) + `"}`,
				header: operation("AmazonSSM.PutParameter"),
			},
			key,
			[]string{"kms:GenerateDataKey " + key, "ssm:PutParameter " + parameter},
		},
		"a secret": {
			"secretsmanager",
			request{body: `{"SecretId":"` + secret + `"}`, header: operation("secretsmanager.GetSecretValue")},
			key,
			[]string{"kms:Decrypt " + key, "secretsmanager:GetSecretValue " + secret},
		},
		"a secret that is not called by its ARN": {
			"secretsmanager",
			request{body: `{"SecretId":"stack/credentials"}`, header: operation("secretsmanager.GetSecretValue")},
			"",
			[]string{"secretsmanager:GetSecretValue *"},
		},
		"an object":                 {"s3", request{method: "GET", target: "/bucket/a/b"}, key, []string{"kms:Decrypt " + key, "s3:GetObject " + object}},
		"its headers":               {"s3", request{method: "HEAD", target: "/bucket/a/b"}, key, []string{"s3:GetObject " + object}},
		"a new object":              {"s3", request{method: "PUT", target: "/bucket/a/b?x-id=PutObject"}, key, []string{"kms:GenerateDataKey " + key, "s3:PutObject " + object}},
		"an object that is no more": {"s3", request{method: "DELETE", target: "/bucket/a/b"}, key, []string{"s3:DeleteObject " + object}},
		"an object written over one that is known": {
			"s3",
			request{method: "PUT", target: "/bucket/a/b", header: map[string]string{"If-Match": `"e"`}},
			"",
			[]string{"s3:GetObject " + object, "s3:PutObject " + object},
		},
		"a listing":               {"s3", request{method: "GET", target: "/bucket?list-type=2&prefix=a/"}, "", []string{"s3:ListBucket arn:aws:s3:::bucket"}},
		"an unknown operation":    {"s3", request{method: "GET", target: "/bucket/a/b?acl"}, "", []string{"s3:UnknownOperation " + object}},
		"another function's call": {"lambda", request{method: "GET", target: "/2015-03-31/functions/f"}, "", []string{"lambda:UnknownOperation *"}},
		"a function's version":    {"lambda", request{target: "/2015-03-31/functions/f/invocations?Qualifier=7"}, "", []string{"lambda:UnknownOperation *"}},
		"an invocation by ARN": {
			"lambda",
			request{target: "/2015-03-31/functions/arn:aws:lambda" + here + "function:f/invocations"},
			"",
			[]string{"lambda:InvokeFunction arn:aws:lambda" + here + "function:f"},
		},
		"an invocation": {
			"lambda", request{target: "/2015-03-31/functions/f/invocations"}, "", []string{"lambda:InvokeFunction arn:aws:lambda" + here + "function:f"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			all := iamsim.Role{Name: "All", Statements: role(t, `{"Statement":[{"Sid":"S","Effect":"Allow","Action":"*","Resource":"*"}]}`).Statements}
			guard := newGuard(map[string]iamsim.Role{"reader": all}, test.key)
			reply := httptest.NewRecorder()
			service(test.service)(guard, http.HandlerFunc(echo)).ServeHTTP(reply, test.request.signed(t, "reader"))

			if reply.Code != http.StatusOK || reply.Body.String() != test.request.body {
				t.Errorf("got %d and the body %q, want the body to be readable once more", reply.Code, reply.Body)
			}

			var got []string
			for _, use := range guard.Uses() {
				got = append(got, use.Action+" "+use.Resource)

				if !use.Allowed || use.Statement != "S" || use.Role != "All" {
					t.Errorf("the record has %+v", use)
				}
			}

			slices.Sort(test.want)
			slices.Sort(got)

			if diff := gocmp.Diff(test.want, got); diff != "" {
				t.Errorf("what was asked for (-want +got):\n%s", diff)
			}
		})
	}
}
