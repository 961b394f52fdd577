package iamsim_test

import (
	"encoding/json"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/iamsim"
)

// role has statements that are a list in JSON.
func role(t *testing.T, list string) iamsim.Role {
	t.Helper()
	var decoded any
	if err := json.Unmarshal([]byte(`{"Version":"2012-10-17","Statement":`+list+`}`), &decoded); err != nil {
		t.Fatal(err)
	}
	statements, err := iamsim.Statements("policy", decoded)
	if err != nil {
		t.Fatal(err)
	}

	return iamsim.Role{
		Name: "Reader", User: "arn:aws:sts::000000000000:assumed-role/stack-Reader/reader", Statements: statements,
	}
}

func TestAPolicyIsEvaluatedAsIAMDoes(t *testing.T) {
	t.Parallel()
	const get, put = "s3:GetObject", "xray:PutTraceSegments"
	// one has the Sid One and allows what it says, in JSON.
	one := func(action, resource string) string {
		return `[{"Sid":"One","Effect":"Allow","Action":` + action + `,"Resource":"` + resource + `"}]`
	}
	allowed, denied := iamsim.Decision{Allowed: true, Statement: "One"}, iamsim.Decision{}
	for name, test := range map[string]struct {
		statements, action, resource string
		want                         iamsim.Decision
	}{
		"what nothing allows is denied":            {one(`"ssm:*"`, "*"), get, object, denied},
		"what is named is allowed":                 {one(`"s3:GetObject"`, object), get, object, allowed},
		"actions have no case, and wildcards":      {one(`["S3:put*","s3:GET?bject"]`, "*"), get, object, allowed},
		"resources have case":                      {one(`"s3:*"`, "arn:aws:s3:::bucket/A/*"), get, object, denied},
		"another action is not meant":              {one(`"s3:GetObject"`, "*"), "s3:GetObjectVersion", object, denied},
		"a wildcard reaches over slashes":          {one(`"*"`, "arn:aws:s3:::bucket/*"), get, object, allowed},
		"a wildcard stays in its part of an ARN":   {one(`"*"`, "arn:aws:lambda:*:function:f"), "lambda:InvokeFunction", function, denied},
		"the bucket is not its objects":            {one(`"*"`, "arn:aws:s3:::bucket"), get, object, denied},
		"an action without resources needs a star": {one(`"xray:*"`, "arn:aws:xray:r:1:group/*"), put, "*", denied},
		"a statement without a Sid has its number": {
			`[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]`, get, object, iamsim.Decision{Allowed: true, Statement: "policy[0]"},
		},
		"a denial wins, wherever it stands": {
			`[{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"Two","Effect":"Deny","Action":"s3:*","Resource":"*"}]`,
			get, object,
			iamsim.Decision{Statement: "Two"},
		},
	} {
		got := role(t, test.statements).Decide(iamsim.Access{Action: test.action, Resource: test.resource})
		if got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

func TestConditionsAreMetAsIAMSays(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		condition string
		context   map[string]string
		want      bool
	}{
		"equal":                      {`{"StringEquals":{"k":"v"}}`, map[string]string{"k": "v"}, true},
		"another case of the value":  {`{"StringEquals":{"k":"v"}}`, map[string]string{"k": "V"}, false},
		"another case of the key":    {`{"StringEquals":{"kms:ViaService":"v"}}`, map[string]string{"KMS:viaservice": "v"}, true},
		"no wildcard":                {`{"StringEquals":{"k":"v*"}}`, map[string]string{"k": "vv"}, false},
		"one of several values":      {`{"StringEquals":{"k":["u","v"]}}`, map[string]string{"k": "v"}, true},
		"one of two keys only":       {`{"StringEquals":{"k":"v","l":"w"}}`, map[string]string{"k": "v"}, false},
		"one of two operators only":  {`{"StringEquals":{"k":"v"},"StringLike":{"k":"w*"}}`, map[string]string{"k": "v"}, false},
		"a missing value":            {`{"StringLike":{"k":"*"}}`, nil, false},
		"like":                       {`{"StringLike":{"k":"a/*/?z"}}`, map[string]string{"k": "a/b/c/yz"}, true},
		"unlike":                     {`{"StringLike":{"k":"a/*/?z"}}`, map[string]string{"k": "a/b/z"}, false},
		"no signs of other patterns": {`{"StringLike":{"k":"a.[b]+"}}`, map[string]string{"k": "axb"}, false},
	} {
		r := role(t, `[{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":`+test.condition+`}]`)
		if got := r.Decide(iamsim.Access{Action: "a:B", Resource: "*", Context: test.context}).Allowed; got != test.want {
			t.Errorf("%s: %s of %v: got %t, want %t", name, test.condition, test.context, got, test.want)
		}
	}
}

func TestWhatAPolicySaysThatIsNotKnownIsNeverPassedOver(t *testing.T) {
	t.Parallel()
	const rest = `"Effect":"Allow","Action":"a:B","Resource":"*"`
	for name, test := range map[string]struct{ document, says string }{
		"no map":                       {`[]`, "unmarshal JSON array"},
		"another element":              {`{"Statements":[]}`, `unknown object member name "Statements"`},
		"no statement":                 {`{}`, "it has no list of Statements"},
		"another statement's element":  {`{"Statement":[{` + rest + `,"NotAction":"*"}]}`, `unknown object member name "NotAction" within "/Statement/0"`},
		"another effect":               {`{"Statement":[{"Effect":"allow","Action":"a:B","Resource":"*"}]}`, "mine[0]: the Effect is neither Allow nor Deny"},
		"a map for a list":             {`{"Statement":[{"Effect":"Allow","Action":{},"Resource":"*"}]}`, `within "/Statement/0/Action"`},
		"a policy variable":            {`{"Statement":[{"Effect":"Allow","Action":"a:B","Resource":"arn:${aws:username}"}]}`, "policy variables"},
		"another operator":             {`{"Statement":[{` + rest + `,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}`, "operator IpAddress is not known"},
		"an operator over many values": {`{"Statement":[{` + rest + `,"Condition":{"ForAllValues:StringEquals":{"k":"v"}}}]}`, "ForAllValues:StringEquals is not known"},
		"conditions that are no map":   {`{"Statement":[{` + rest + `,"Condition":"k"}]}`, `within "/Statement/0/Condition"`},
	} {
		var decoded any
		if err := json.Unmarshal([]byte(test.document), &decoded); err != nil {
			t.Fatal(err)
		}
		_, err := iamsim.Statements("mine", decoded)
		if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "read the policy mine") {
			t.Errorf("%s: got %v, want an error of the policy mine that says %q", name, err, test.says)
		}
	}
}
