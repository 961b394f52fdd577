package iamsim

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"genesys-cloud-export/shared/devstack/s3sim"
)

// unknown is the operation of a request that is not known here: a role may do it only where it may do all of the service.
const unknown = "UnknownOperation"

func objectARN(bucket, key string) string {
	arn := "arn:aws:s3:::" + bucket
	if key != "" {
		arn += "/" + key
	}

	return arn
}

func (g *Guard) objectAccess(r *http.Request) []Access {
	bucket, key := s3sim.Location(r)
	operation := s3sim.Operation(r)
	access := Access{Action: "s3:" + objectAction(operation), Resource: objectARN(bucket, key)}
	all := []Access{access}

	switch operation {
	case "ListObjectsV2":
		all[0].Context = listing(r.URL.Query())
	case "PutObject":
		if r.Header.Get("If-Match") != "" { // whose answer tells of the object that is there
			all = append(all, Access{Action: "s3:GetObject", Resource: access.Resource})
		}
	}

	return append(all, g.objectKey(operation, bucket, key)...)
}

// objectAction is the action of an operation, which mostly has its name.
func objectAction(operation string) string {
	switch operation {
	case "":
		return unknown
	case "HeadObject":
		return "GetObject"
	case "ListObjectsV2":
		return "ListBucket"
	default:
		return operation
	}
}

// objectKey is what S3 asks of KMS. A HEAD reads nothing that is encrypted.
func (g *Guard) objectKey(operation, bucket, key string) []Access {
	var actions []string

	switch operation {
	case "PutObject":
		actions = []string{"kms:GenerateDataKey"}
	case "GetObject":
		actions = []string{"kms:Decrypt"}
	}

	if g.config.KeyARN == "" {
		return nil
	}

	all := make([]Access, 0, len(actions))
	for _, action := range actions {
		all = append(all, g.useOfKey(action, g.config.KeyARN, "s3", "aws:s3:arn", objectARN(bucket, key)))
	}

	return all
}

// listing are the values that conditions of a listing may test: those that the request gives.
func listing(query url.Values) map[string]string {
	context := make(map[string]string)

	for _, name := range []string{"prefix", "delimiter", "max-keys"} {
		if query.Has(name) {
			context["s3:"+name] = query.Get(name)
		}
	}

	return context
}

// functionPath takes a path of the Lambda API apart: a function's name and what is asked of it.
var functionPath = regexp.MustCompile(`^/2015-03-31/functions(?:/([^/]*)(?:/([a-z]+))?)?$`)

func (g *Guard) functionAccess(r *http.Request) []Access {
	path := functionPath.FindStringSubmatch(strings.TrimSuffix(r.URL.Path, "/"))
	if path == nil {
		return []Access{{Action: "lambda:" + unknown, Resource: everything}}
	}

	operation, resource := unknown, g.functionARN(path[1])

	switch {
	case r.Method == http.MethodPost && path[2] == "invocations":
		operation = "InvokeFunction"
	case r.Method == http.MethodGet && path[1] == "":
		operation, resource = "ListFunctions", everything
	case r.Method == http.MethodGet && path[2] == "configuration":
		operation = "GetFunctionConfiguration"
	case r.Method == http.MethodGet && path[2] == "":
		operation = "GetFunction"
	}

	if qualifier := r.URL.Query().Get("Qualifier"); qualifier != "" {
		resource += ":" + qualifier
	}

	return []Access{{Action: "lambda:" + operation, Resource: resource}}
}

// functionARN is the ARN of a function that is called by its name, by its ARN or by the end of its ARN.
func (g *Guard) functionARN(name string) string {
	return whole(name, func(name string) string {
		return g.arn("lambda", "function:"+name[strings.LastIndex("function:"+name, "function:"):])
	})
}
