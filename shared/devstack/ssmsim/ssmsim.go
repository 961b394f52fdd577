// Package ssmsim is AWS Systems Manager's Parameter Store on one machine, as far as an application uses it: the AWS SDKs
// and the AWS CLI take it for the real one.
//
// It keeps what AWS enforces and other emulators leave out: the tiers and their sizes, the one-way road from standard to
// advanced, the hundred versions, the reserved names, and that nobody reads a SecureString without decryption.
// Source of the rules: the Systems Manager API reference and Parameter Store's user guide.
//
// Rules: values are held in memory alone and are gone with the process; no value appears in an error. Signatures are not
// checked, and a request without one is served too. Tags are taken and forgotten. Requests are answered one at a time, which is what makes a put atomic.
package ssmsim

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"genesys-cloud-export/shared/devstack/awsjson"
)

// target is the service's prefix in X-Amz-Target.
const target = "AmazonSSM"

// DefaultKey is the KMS key of a SecureString that was put without a KeyId.
const DefaultKey = "alias/aws/ssm"

// Config says whose parameter store this is.
type Config struct {
	// Region and Account stand in ARNs; "eu-central-1" and "000000000000" where empty.
	Region, Account string
	// DeniedKeys are KMS keys, written as KeyId is, that the caller may use neither to encrypt nor to decrypt.
	// [DefaultKey] denies Parameter Store's own key.
	DeniedKeys []string
}

// Endpoint is the service: an [http.Handler] that may be served by any number of goroutines.
type Endpoint struct {
	config  Config
	service awsjson.Service

	mu         sync.Mutex
	parameters map[string]*parameter
}

// New returns an empty parameter store. It starts nothing in the background; there is nothing to close.
func New(config Config) (*Endpoint, error) {
	if config.Region == "" {
		config.Region = "eu-central-1"
	}
	if config.Account == "" {
		config.Account = "000000000000"
	}
	config.DeniedKeys = slices.Clone(config.DeniedKeys)

	e := &Endpoint{config: config, parameters: make(map[string]*parameter)}
	e.service = awsjson.Service{Target: target, Operations: map[string]awsjson.Operation{
		"PutParameter":          awsjson.Typed(e.put),
		"LabelParameterVersion": awsjson.Typed(e.label),
		"GetParameter":          awsjson.Typed(e.get),
		"GetParameters":         awsjson.Typed(e.getMany),
		"GetParametersByPath":   awsjson.Typed(e.getByPath),
		"GetParameterHistory":   awsjson.Typed(e.history),
		"DescribeParameters":    awsjson.Typed(e.describe),
		"DeleteParameter":       awsjson.Typed(e.remove),
		"DeleteParameters":      awsjson.Typed(e.removeMany),
	}}

	return e, nil
}

// ServeHTTP answers one request of the AWS JSON 1.1 protocol.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.service.ServeHTTP(w, r) }

// DenyKeys replaces the keys of Config.DeniedKeys from now on, as when a policy changes under a running application.
func (e *Endpoint) DenyKeys(keys ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()

	e.config.DeniedKeys = slices.Clone(keys)
}

// Operation returns the operation that a request asks for, such as "PutParameter", and "" where it names none. A
// fault-injecting handler in front of the endpoint tells requests apart by it; the body stays unread.
func Operation(r *http.Request) string { return awsjson.OperationName(r, target) }

// arn returns a parameter's ARN, in which a leading slash does not stand twice.
func (e *Endpoint) arn(name string) string {
	return "arn:aws:ssm:" + e.config.Region + ":" + e.config.Account + ":parameter/" + strings.TrimPrefix(name, "/")
}

// plainName returns the name in an ARN of this store, or what was given.
func (e *Endpoint) plainName(nameOrARN string) string {
	rest, found := strings.CutPrefix(nameOrARN, e.arn(""))
	if !found {
		return nameOrARN
	}
	if _, stored := e.parameters["/"+bare(rest)]; stored {
		return "/" + rest
	}

	return rest
}

// bare returns a name without the selector behind its colon.
func bare(name string) string {
	before, _, _ := strings.Cut(name, ":")

	return before
}

// denied reports whether the caller may not use the key of a version.
func (e *Endpoint) denied(keyID string) bool { return slices.Contains(e.config.DeniedKeys, keyID) }
