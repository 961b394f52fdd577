package iamsim_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"genesys-cloud-export/shared/devstack/iamsim"
)

func TestConditionsSeeWhatARequestSays(t *testing.T) {
	t.Parallel()

	via := func(service string) string { return service + ".eu-central-1.amazonaws.com" }

	for name, test := range map[string]struct {
		service, action, rest string
		context               map[string]string
		request               request
	}{
		"a listing": {
			"s3", "s3:ListBucket", "kms:*",
			map[string]string{"s3:prefix": "a/b"},
			request{method: "GET", target: "/bucket?list-type=2&prefix=a/b"},
		},
		"a parameter's key": {
			"ssm", "kms:*", "ssm:*",
			map[string]string{"kms:ViaService": via("ssm"), "kms:EncryptionContext:PARAMETER_ARN": parameter},
			request{body: `{"Name":"/stack/token","WithDecryption":true}`, header: operation("AmazonSSM.GetParameter")},
		},
		"a secret's key": {
			"secretsmanager", "kms:*", "secretsmanager:*",
			map[string]string{"kms:ViaService": via("secretsmanager"), "kms:EncryptionContext:SecretARN": secret},
			request{body: `{"SecretId":"` + secret + `"}`, header: operation("secretsmanager.GetSecretValue")},
		},
		"an object's key": {
			"s3", "kms:*", "s3:*",
			map[string]string{
				"kms:ViaService": via("s3"), "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::bucket/a", "kms:CallerAccount": "000000000000",
			},
			request{method: "PUT", target: "/bucket/a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			allowed := func(context map[string]string) bool {
				condition, err := json.Marshal(map[string]any{"StringEquals": context})
				if err != nil {
					t.Fatal(err)
				}

				policy := role(t, `{"Statement":[{"Effect":"Allow","Action":"`+test.rest+`","Resource":"*"},
					{"Effect":"Allow","Action":"`+test.action+`","Resource":"*","Condition":`+string(condition)+`}]}`)
				reply := httptest.NewRecorder()
				service(test.service)(newGuard(map[string]iamsim.Role{"reader": policy}, key), http.HandlerFunc(echo)).
					ServeHTTP(reply, test.request.signed(t, "reader"))

				return reply.Code == http.StatusOK
			}

			if !allowed(test.context) {
				t.Error("refused, where the condition holds")
			}

			for name := range test.context {
				other := maps.Clone(test.context)
				other[name] = "other"

				if allowed(other) {
					t.Errorf("allowed, where %s is another", name)
				}
			}
		})
	}
}
