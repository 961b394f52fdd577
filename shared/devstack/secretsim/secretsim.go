// Package secretsim is AWS Secrets Manager on one machine, as far as an application uses it: the AWS SDKs and the AWS CLI
// take it for the real one.
//
// It keeps the life of a secret as AWS does: versions told apart by client request tokens, staging labels that move on by
// themselves, deletion with a recovery window that runs out. Source of the rules: the Secrets Manager API reference.
//
// Rules: values are held in memory alone and are gone with the process; no value appears in an error. Signatures are not
// checked, and a request without one is served too. Rotation functions, replication and resource policies are unknown
// operations. Nothing runs in the background: a recovery window that has run out is noticed by the next request.
package secretsim

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"genesys-cloud-export/shared/devstack/awsjson"
)

// target is the service's prefix in X-Amz-Target.
const target = "secretsmanager"

// DefaultKey is the KMS key of a secret that names none.
const DefaultKey = "alias/aws/secretsmanager"

// Config says whose secrets these are.
type Config struct {
	// Region and Account stand in ARNs; "eu-central-1" and "000000000000" where empty.
	Region, Account string
	// DeniedKeys are KMS keys, written as KmsKeyId is, that the caller may not use. [DefaultKey] denies AWS's own key.
	DeniedKeys []string
}

// Endpoint is the service: an [http.Handler] that may be served by any number of goroutines.
type Endpoint struct {
	config  Config
	service awsjson.Service

	mu      sync.Mutex
	secrets map[string]*secret
}

// New returns a Secrets Manager without secrets. It starts nothing in the background; there is nothing to close.
func New(config Config) (*Endpoint, error) {
	if config.Region == "" {
		config.Region = "eu-central-1"
	}
	if config.Account == "" {
		config.Account = "000000000000"
	}
	config.DeniedKeys = slices.Clone(config.DeniedKeys)

	e := &Endpoint{config: config, secrets: make(map[string]*secret)}
	e.service = awsjson.Service{Target: target, Operations: map[string]awsjson.Operation{
		"CreateSecret":             awsjson.Typed(e.create),
		"GetSecretValue":           awsjson.Typed(e.getValue),
		"PutSecretValue":           awsjson.Typed(e.putValue),
		"UpdateSecret":             awsjson.Typed(e.update),
		"UpdateSecretVersionStage": awsjson.Typed(e.moveStage),
		"DescribeSecret":           awsjson.Typed(e.describe),
		"ListSecrets":              awsjson.Typed(e.list),
		"ListSecretVersionIds":     awsjson.Typed(e.listVersions),
		"DeleteSecret":             awsjson.Typed(e.remove),
		"RestoreSecret":            awsjson.Typed(e.restore),
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

// Operation returns the operation that a request asks for, such as "GetSecretValue", and "" where it names none. A
// fault-injecting handler in front of the endpoint tells requests apart by it; the body stays unread.
func Operation(r *http.Request) string { return awsjson.OperationName(r, target) }

// find returns the secret of a name, an ARN, or an ARN without the six characters at its end. It must be called with the
// lock held. Secrets whose recovery window has run out are forgotten first.
func (e *Endpoint) find(id string) (*secret, error) {
	if id == "" {
		return nil, validation("1 validation error detected: Value null at 'secretId' failed to satisfy constraint: " +
			"Member must not be null")
	}
	e.expire()
	if s, found := e.secrets[id]; found {
		return s, nil
	}
	for _, s := range e.secrets {
		if s.arn == id || strings.HasPrefix(id, "arn:") && s.partialARN() == id {
			return s, nil
		}
	}

	return nil, awsjson.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

// live returns the secret as find does, and refuses one that was marked deleted.
func (e *Endpoint) live(id string) (*secret, error) {
	s, err := e.find(id)
	if err != nil {
		return nil, err
	}
	if !s.deletion.IsZero() {
		return nil, invalidRequest(
			"You can't perform this operation on the secret because it was marked for deletion.")
	}

	return s, nil
}

// arn returns a new ARN for a secret of that name.
func (e *Endpoint) arn(name string) string {
	return "arn:aws:secretsmanager:" + e.config.Region + ":" + e.config.Account + ":secret:" + name + newSuffix()
}

// expire forgets the secrets whose recovery window has run out.
func (e *Endpoint) expire() {
	for name, s := range e.secrets {
		if !s.deletion.IsZero() && time.Now().After(s.deletion) {
			delete(e.secrets, name)
		}
	}
}

// checkKey refuses the use of a key that is denied.
func (e *Endpoint) checkKey(keyID string) error {
	if keyID == "" {
		keyID = DefaultKey
	}
	if slices.Contains(e.config.DeniedKeys, keyID) {
		return awsjson.Errorf("AccessDeniedException", "Access to KMS is not allowed")
	}

	return nil
}

func validation(format string, args ...any) error {
	return awsjson.Errorf("ValidationException", format, args...)
}

func invalidRequest(format string, args ...any) error {
	return awsjson.Errorf("InvalidRequestException", format, args...)
}

func invalidParameter(format string, args ...any) error {
	return awsjson.Errorf("InvalidParameterException", format, args...)
}
