package iamsim

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/devstack/ssmsim"
)

const (
	// maxBody bounds what is read of a body, in bytes; the services take no more.
	maxBody = 1 << 20
	// maxStandard is the size of the largest value, in bytes, of a parameter of the standard tier.
	maxStandard = 4096
	// everything is what a request is taken to be about where it does not say, or not readably.
	everything = "*"
)

// parameterRequest is what matters of a request to Parameter Store.
type parameterRequest struct {
	Name, Path     string
	Names          []string
	Type, Tier     string
	Value          string
	KeyID          string `json:"KeyId"`
	WithDecryption bool
}

// secretRequest is what matters of a request to Secrets Manager.
type secretRequest struct {
	SecretID string `json:"SecretId"`
	Name     string
}

// body reads the JSON of a request and leaves it to be read again. What cannot be read is empty.
func body[T any](r *http.Request) T {
	content, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(content), r.Body), r.Body}

	var decoded T
	if err != nil || json.Unmarshal(content, &decoded) != nil {
		return *new(T)
	}

	return decoded
}

func (g *Guard) parameterAccess(r *http.Request) []Access {
	asked := body[parameterRequest](r)

	names := slices.Clone(asked.Names)
	for _, name := range []string{asked.Name, asked.Path} {
		if name != "" {
			names = append(names, name)
		}
	}

	if len(names) == 0 {
		return []Access{{Action: "ssm:" + ssmsim.Operation(r), Resource: everything}}
	}

	var all []Access

	for _, name := range names {
		resource := whole(name, func(name string) string { return g.arn("ssm", "parameter/"+strings.TrimPrefix(name, "/")) })
		all = append(all, Access{Action: "ssm:" + ssmsim.Operation(r), Resource: resource})

		if action, key := g.parameterKey(ssmsim.Operation(r), asked); key != "" {
			all = append(all, g.useOfKey(action, key, "ssm", "PARAMETER_ARN", resource))
		}
	}

	return all
}

// parameterKey is what Parameter Store asks KMS for, and of which key; "" is none, or one of AWS's own. A standard parameter
// is encrypted by KMS itself, an advanced one by a data key.
func (g *Guard) parameterKey(operation string, asked parameterRequest) (action, key string) {
	switch {
	case operation == "PutParameter" && asked.Type == "SecureString":
		action, key = "kms:Encrypt", asked.KeyID
		if asked.Tier == "Advanced" || len(asked.Value) > maxStandard {
			action = "kms:GenerateDataKey"
		}
	case strings.HasPrefix(operation, "GetParameter") && asked.WithDecryption:
		action, key = "kms:Decrypt", g.config.KeyARN
	}

	if key == ssmsim.DefaultKey {
		key = ""
	}

	return action, key
}

func (g *Guard) secretAccess(r *http.Request) []Access {
	asked := body[secretRequest](r)
	operation := secretsim.Operation(r)

	called := asked.SecretID
	if operation == "CreateSecret" {
		called = asked.Name
	}

	resource := g.secretARN(called)
	all := []Access{{Action: "secretsmanager:" + operation, Resource: resource}}

	if g.config.KeyARN == "" {
		return all
	}

	use := func(action string) {
		all = append(all, g.useOfKey(action, g.config.KeyARN, "secretsmanager", "SecretARN", resource))
	}

	switch operation {
	case "GetSecretValue":
		use("kms:Decrypt")
	case "CreateSecret", "PutSecretValue", "UpdateSecret":
		use("kms:GenerateDataKey")
		use("kms:Decrypt")
	}

	return all
}

// secretSuffix is how many characters AWS appends to a secret's name in its ARN, with the hyphen before them.
const secretSuffix = 7

// secretARN is the whole ARN of a secret that may be called by its name or by an ARN without the characters at its end. One
// that is not there is called as it was called.
func (g *Guard) secretARN(id string) string {
	if id == "" {
		return everything
	}

	called := whole(id, func(name string) string { return g.arn("secretsmanager", "secret:"+name) })

	for _, arn := range g.config.Secrets {
		if called == arn || called == arn[:max(0, len(arn)-secretSuffix)] {
			return arn
		}
	}

	return called
}

// useOfKey is what a service asks of KMS on a caller's behalf, with the encryption context that it gives.
func (g *Guard) useOfKey(action, key, service, contextKey, contextValue string) Access {
	return Access{
		Action: action, Resource: whole(key, func(id string) string { return g.arn("kms", "key/"+id) }),
		Context: map[string]string{
			"kms:ViaService":                      service + "." + g.config.Region + ".amazonaws.com",
			"kms:EncryptionContext:" + contextKey: contextValue,
			"kms:CallerAccount":                   g.config.Account,
		},
	}
}
