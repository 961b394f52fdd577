package iamsim

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"

	"genesys-cloud-export/shared/devstack/awsjson"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/devstack/ssmsim"
)

const (
	// maxStandard is the size of the largest value, in bytes, of a parameter of the standard tier.
	maxStandard = 4096
	// everything is the resource of a request that does not name one, or not readably.
	everything = "*"
	// unknown is the operation of any other request: a role may send it only where it may do all of the service.
	unknown = "UnknownOperation"
)

// body is what matters of a request to Parameter Store or Secrets Manager.
type body struct {
	Name, Type, Value string
	SecretID          string `json:"SecretId"`
	KeyID             string `json:"KeyId"`
	WithDecryption    bool
}

// readBody reads the JSON of a request and leaves it to be read again. What cannot be read is empty.
func readBody(r *http.Request) (read body) {
	content, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(content))
	if err != nil || json.Unmarshal(content, &read) != nil {
		return body{}
	}

	return read
}

func (g *Guard) parameterAccess(r *http.Request) []Access {
	asked, operation, resource := readBody(r), ssmsim.Operation(r), everything
	if asked.Name != "" {
		resource = awsjson.ARN("ssm", "parameter/"+strings.TrimPrefix(asked.Name, "/"))
	}

	// What Parameter Store asks KMS for, of which key. KMS itself encrypts a standard parameter, and a data key an advanced one.
	var action, key string
	switch reads := strings.HasPrefix(operation, "GetParameter"); {
	case reads && asked.WithDecryption:
		action, key = "kms:Decrypt", g.config.KeyARN
	case operation != "PutParameter" || asked.Type != "SecureString":
	case len(asked.Value) > maxStandard:
		action, key = "kms:GenerateDataKey", asked.KeyID
	default:
		action, key = "kms:Encrypt", asked.KeyID
	}
	all := []Access{{Action: "ssm:" + operation, Resource: resource}}
	if key != "" && key != ssmsim.DefaultKey {
		all = append(all, useOfKey(action, key, "ssm", "PARAMETER_ARN", resource))
	}

	return all
}

// secretAccess knows a secret by its ARN.
func (g *Guard) secretAccess(r *http.Request) []Access {
	operation, resource := secretsim.Operation(r), everything
	if id := readBody(r).SecretID; strings.HasPrefix(id, "arn:") {
		resource = id
	}
	all := []Access{{Action: "secretsmanager:" + operation, Resource: resource}}
	if operation == "GetSecretValue" && g.config.KeyARN != "" {
		all = append(all, useOfKey("kms:Decrypt", g.config.KeyARN, "secretsmanager", "SecretARN", resource))
	}

	return all
}

func (g *Guard) objectAccess(r *http.Request) []Access {
	bucket, key := s3sim.Location(r)
	operation := s3sim.Operation(r)
	access := Access{Action: "s3:" + operation, Resource: objectARN(bucket, key)} // which mostly has the operation's name
	switch operation {
	case "":
		access.Action += unknown
	case "HeadObject":
		access.Action = "s3:GetObject"
	case "ListObjectsV2":
		access.Action = "s3:ListBucket"
		if query := r.URL.Query(); query.Has("prefix") {
			access.Context = map[string]string{"s3:prefix": query.Get("prefix")}
		}
	}
	all := []Access{access}
	if operation == "PutObject" && r.Header.Get("If-Match") != "" { // whose answer is about the object that is there
		all = append(all, Access{Action: "s3:GetObject", Resource: access.Resource})
	}

	// A HEAD reads nothing that is encrypted.
	action := map[string]string{"GetObject": "kms:Decrypt", "PutObject": "kms:GenerateDataKey"}[operation]
	if action != "" && g.config.KeyARN != "" {
		all = append(all, useOfKey(action, g.config.KeyARN, "s3", "aws:s3:arn", access.Resource))
	}

	return all
}

func objectARN(bucket, key string) string {
	if key != "" {
		key = "/" + key
	}

	return "arn:aws:s3:::" + bucket + key
}

// invocation is the path of an invocation, with the function's name or ARN.
var invocation = regexp.MustCompile(`^/2015-03-31/functions/([^/]+)/invocations/?$`)

func functionAccess(r *http.Request) []Access {
	path := invocation.FindStringSubmatch(r.URL.Path)
	if path == nil || r.URL.Query().Has("Qualifier") {
		return []Access{{Action: "lambda:" + unknown, Resource: everything}}
	}
	resource := path[1]
	if !strings.HasPrefix(resource, "arn:") {
		resource = awsjson.ARN("lambda", "function:"+resource)
	}

	return []Access{{Action: "lambda:InvokeFunction", Resource: resource}}
}

// useOfKey is what a service asks of KMS on a caller's behalf, with the encryption context that it gives.
func useOfKey(action, key, service, contextKey, contextValue string) Access {
	return Access{
		Action: action, Resource: key,
		Context: map[string]string{
			"kms:ViaService":                      service + "." + awsjson.Region + ".amazonaws.com",
			"kms:EncryptionContext:" + contextKey: contextValue,
		},
	}
}
