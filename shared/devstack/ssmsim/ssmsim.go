// Package ssmsim is AWS Systems Manager's Parameter Store on one machine, as far as this project uses it: the AWS SDKs and the
// AWS CLI take it for the real one.
//
// It keeps what AWS enforces and other emulators leave out: the sizes of the tiers, the hundred versions and the labels that keep
// them, and that nobody reads a SecureString without decryption. Source: the Systems Manager API reference and its user guide.
//
// Rules: values lie in memory alone and are gone with the process; no value appears in an error. Signatures are not checked.
// Parameters are found by name, not by ARN, version or label. A listing is one page.
package ssmsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"genesys-cloud-export/shared/devstack/awsjson"
)

// target is the service's prefix in X-Amz-Target.
const target = "AmazonSSM"

// DefaultKey is the KMS key of a SecureString that was put without a KeyId.
const DefaultKey = "alias/aws/ssm"

const invalid = "ValidationException"

// Config says whose parameter store this is.
type Config struct {
	// Region and Account stand in ARNs; see [awsjson.ARN] where they are empty.
	Region, Account string
}

// Endpoint is the service: an [http.Handler] that may be served by any number of goroutines.
type Endpoint struct {
	awsjson.Service

	config     Config
	denied     atomic.Pointer[[]string] // keys
	parameters map[string][]*version    // each name's versions, oldest first; there is at least one
}

// New returns an empty parameter store. It starts nothing in the background.
func New(config Config) *Endpoint {
	s := &Endpoint{config: config, parameters: make(map[string][]*version)}
	s.Service = awsjson.Service{Target: target, Operations: map[string]awsjson.Operation{
		"PutParameter":          awsjson.Typed(s.put),
		"LabelParameterVersion": awsjson.Typed(s.label),
		"GetParameter":          awsjson.Typed(s.get),
		"GetParameterHistory":   awsjson.Typed(s.history),
		"DescribeParameters":    awsjson.Typed(s.describe),
		"DeleteParameter":       awsjson.Typed(s.remove),
	}}

	return s
}

// DenyKeys says which KMS keys, written as KeyId is, the caller may not use from now on.
func (s *Endpoint) DenyKeys(keys ...string) { s.denied.Store(&keys) }

// Operation returns the operation that a request asks for, such as "PutParameter", and "" where it names none of SSM's.
func Operation(r *http.Request) string { return awsjson.OperationName(r, target) }

// find returns the versions of a parameter, oldest first.
func (s *Endpoint) find(name string) ([]*version, error) {
	versions, found := s.parameters[name]
	switch {
	case found:
		return versions, nil
	case name == "" || strings.Contains(name, ":"):
		return nil, awsjson.Errorf(invalid, "this local store finds parameters by name: not by ARN, version or label")
	default:
		return nil, awsjson.Errorf("ParameterNotFound", "there is no parameter %s", name)
	}
}

type getInput struct {
	Name           string
	WithDecryption bool
}

// readable finds the versions for a reader, and refuses to decrypt with a key that is denied.
func (s *Endpoint) readable(in getInput) ([]*version, error) {
	versions, err := s.find(in.Name)
	if in.WithDecryption && err == nil {
		err = s.mayUse(latest(versions).keyID)
	}

	return versions, err
}

func (s *Endpoint) get(in getInput) (awsjson.Reply, error) {
	versions, err := s.readable(in)

	return awsjson.Reply{"Parameter": s.shape(latest(versions), in.WithDecryption)}, err
}

// history shows every version that is kept, oldest first.
func (s *Endpoint) history(in getInput) (awsjson.Reply, error) {
	versions, err := s.readable(in)
	shown := make([]awsjson.Reply, len(versions))
	for i, v := range versions {
		shown[i] = s.metadata(*v, in.WithDecryption)
	}

	return awsjson.Reply{"Parameters": shown}, err
}

type describeInput struct {
	// ParameterFilters must all hold, each by any of its values.
	ParameterFilters []struct {
		Key, Option string
		Values      []string
	}
}

// describe shows the newest version of every parameter that passes the filters, by name, without its value.
func (s *Endpoint) describe(in describeInput) (awsjson.Reply, error) {
	names := slices.Sorted(maps.Keys(s.parameters))
	for _, f := range in.ParameterFilters {
		if f.Key != "Name" || f.Option != "" && f.Option != "Equals" {
			return nil, awsjson.Errorf("InvalidFilterKey", "this local store filters by names that are equal, and by nothing else")
		}
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(f.Values, name) })
	}

	shown := make([]awsjson.Reply, len(names))
	for i, name := range names {
		shown[i] = s.metadata(latest(s.parameters[name]), false)
		delete(shown[i], "Value")
	}

	return awsjson.Reply{"Parameters": shown}, nil
}

func (s *Endpoint) remove(in struct{ Name string }) (awsjson.Reply, error) {
	_, err := s.find(in.Name)
	delete(s.parameters, in.Name)

	return awsjson.Reply{}, err
}
