package iamsim_test

import (
	"net/http"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/s3sim"
)

func TestARefusalIsInTheWordsOfAWSAndIsRecorded(t *testing.T) {
	t.Parallel()
	const (
		asks    = "User: arn:aws:sts::000000000000:assumed-role/stack-Reader/reader is not authorized to perform: "
		because = " because no identity-based policy allows the "
		denied  = `[{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"Never","Effect":"Deny","Action":"s3:*","Resource":"*"}]`
	)
	for name, test := range map[string]struct {
		request    request
		statements string
		status     int
		code       string // in the header; S3 has it in the body
		says       string
	}{
		"Parameter Store": {
			parameters("GetParameter", `{"Name":"/stack/token"}`), "", http.StatusBadRequest, "AccessDeniedException",
			asks + "ssm:GetParameter on resource: " + parameter + because + `ssm:GetParameter action"`,
		},
		"Secrets Manager": {
			secrets(`{"SecretId":"` + secret + `"}`), "", http.StatusBadRequest, "AccessDeniedException",
			asks + "secretsmanager:GetSecretValue on resource: " + secret + because + `secretsmanager:GetSecretValue action"`,
		},
		"Lambda": {
			functions(http.MethodPost, "f/invocations"), "", http.StatusForbidden, "AccessDeniedException",
			asks + "lambda:InvokeFunction on resource: " + function + because + `lambda:InvokeFunction action"`,
		},
		"S3": {
			objects(http.MethodPut, "/bucket/a/b"), "", http.StatusForbidden, "",
			"<Code>AccessDenied</Code><Message>" + asks + "s3:PutObject on resource: " + object + because + "s3:PutObject action</Message>",
		},
		"S3 about a HEAD": {objects(http.MethodHead, "/bucket/a/b"), "", http.StatusForbidden, "", ""},
		"an explicit denial": {
			objects(http.MethodGet, "/bucket/a/b"), denied, http.StatusForbidden, "",
			asks + "s3:GetObject on resource: " + object + " with an explicit deny in an identity-based policy</Message>",
		},
	} {
		if test.statements == "" {
			test.statements = `[{"Effect":"Allow","Action":"a:B","Resource":"*"}]`
		}
		guard := guarding(t, "", test.statements)
		reply := test.request.sent(t, guard)
		body := reply.Body.String()
		if reply.Code != test.status || reply.Header().Get("X-Amzn-Errortype") != test.code ||
			!strings.Contains(body, test.says) || test.says == "" && body != "" {
			t.Errorf("%s: got %d %s, want %s", name, reply.Code, body, test.says)
		}
		if uses := guard.Uses(); len(uses) != 1 || uses[0].Allowed || (uses[0].Statement == "Never") != (test.statements == denied) {
			t.Errorf("%s: the record is %+v, want one denial", name, uses)
		}
	}
}

func TestTheDeveloperMayDoEverythingAndIsNotRecorded(t *testing.T) {
	t.Parallel()
	guard := guarding(t, key, `[{"Effect":"Allow","Action":"a:B","Resource":"*"}]`)
	for _, accessKey := range []string{"local", "", "read"} {
		if reply := objects(http.MethodGet, "/bucket/a").sentBy(t, accessKey, guard, http.NotFoundHandler()); reply.Code != http.StatusNotFound {
			t.Errorf("%q got %d, want what is behind the guard", accessKey, reply.Code)
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
			if got := ask.sentBy(t, "reader", guard, store).Code; got != sent.want {
				t.Errorf("%s: %s %s got %d, want %d", name, sent.method, sent.target, got, sent.want)
			}
		}
	}
}
