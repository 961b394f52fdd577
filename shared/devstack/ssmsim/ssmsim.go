// Package ssmsim is AWS Systems Manager's Parameter Store on one machine, as far as this project uses it.
//
// It keeps what AWS enforces and other emulators leave out: the sizes of the tiers, the hundred versions, and that nobody reads a
// SecureString without decryption. Source: the Systems Manager API reference and its user guide.
//
// Rules: values lie in memory alone and are gone with the process; no value appears in an error. Signatures are not checked.
// Parameters are found by name, not by ARN, version or label. A listing is one page.
package ssmsim

import (
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"genesys-cloud-export/shared/devstack/awsjson"
)

// target is the service's prefix in X-Amz-Target.
const target = "AmazonSSM"

// DefaultKey is the KMS key of a SecureString that was put without a KeyId.
const DefaultKey = "alias/aws/ssm"

// Endpoint is the service: an [http.Handler] that may be served by any number of goroutines.
type Endpoint struct {
	awsjson.Service

	denied     atomic.Pointer[[]string] // keys
	parameters map[string]*parameter
}

// parameter is one name with its versions, oldest first; there is at least one.
type parameter struct {
	name, kind string
	versions   []version
}

// version is one put. It never changes.
type version struct {
	value, tier string
	keyID       string // of a SecureString
	number      int64
	modified    time.Time
}

// newest returns the newest version, and an empty one where there is none yet.
func (p *parameter) newest() version {
	if len(p.versions) == 0 {
		return version{}
	}

	return p.versions[len(p.versions)-1]
}

// New returns an empty parameter store. It starts nothing in the background.
func New() *Endpoint {
	s := &Endpoint{parameters: make(map[string]*parameter)}
	s.Service = awsjson.Service{Target: target, Operations: map[string]awsjson.Operation{
		"PutParameter":        awsjson.Typed(s.put),
		"GetParameter":        awsjson.Typed(s.get),
		"GetParameterHistory": awsjson.Typed(s.history),
		"DescribeParameters":  awsjson.Typed(s.describe),
		"DeleteParameter":     awsjson.Typed(s.remove),
	}}

	return s
}

// DenyKeys says which KMS keys, written as KeyId is, the caller may not use from now on.
func (s *Endpoint) DenyKeys(keys ...string) { s.denied.Store(&keys) }

// mayUse refuses a key that is denied.
func (s *Endpoint) mayUse(keyID string) error {
	if denied := s.denied.Load(); denied != nil && slices.Contains(*denied, keyID) {
		return awsjson.Errorf("AccessDeniedException", "the caller may not use the parameter's KMS key")
	}

	return nil
}

// Operation returns the operation that a request asks for, such as "PutParameter", and "" where it names none of SSM's.
func Operation(r *http.Request) string { return awsjson.OperationName(r, target) }

func (s *Endpoint) find(name string) (*parameter, error) {
	p, found := s.parameters[name]
	switch {
	case found:
		return p, nil
	case name == "" || strings.Contains(name, ":"):
		return nil, awsjson.Errorf(invalid, "this local store finds parameters by name: not by ARN, version or label")
	default:
		return nil, awsjson.Errorf("ParameterNotFound", "there is no parameter %s", name)
	}
}

// shape is a version as replies show it. Without decryption, a SecureString shows nothing of its value.
func shape(p *parameter, v version, decrypt bool) awsjson.Reply {
	value := v.value
	if v.keyID != "" && !decrypt {
		value = rand.Text()
	}

	return awsjson.Reply{
		"Name": p.name, "Type": p.kind, "Value": value, "Version": v.number, "KeyId": v.keyID, "Tier": v.tier,
		"ARN":              awsjson.ARN("ssm", "parameter/"+strings.TrimPrefix(p.name, "/")),
		"LastModifiedDate": float64(v.modified.UnixMilli()) / 1000,
	}
}

type getInput struct {
	Name           string
	WithDecryption bool
}

// readable finds a parameter for a reader, and refuses to decrypt with a key that is denied.
func (s *Endpoint) readable(in getInput) (*parameter, error) {
	p, err := s.find(in.Name)
	if in.WithDecryption && err == nil {
		err = s.mayUse(p.newest().keyID)
	}

	return p, err
}

func (s *Endpoint) get(in getInput) (awsjson.Reply, error) {
	p, err := s.readable(in)
	if err != nil {
		return nil, err
	}

	return awsjson.Reply{"Parameter": shape(p, p.newest(), in.WithDecryption)}, nil
}

// history shows every version that is kept, oldest first.
func (s *Endpoint) history(in getInput) (awsjson.Reply, error) {
	p, err := s.readable(in)
	if err != nil {
		return nil, err
	}
	shown := make([]awsjson.Reply, len(p.versions))
	for i, v := range p.versions {
		shown[i] = shape(p, v, in.WithDecryption)
	}

	return awsjson.Reply{"Parameters": shown}, nil
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
		p := s.parameters[name]
		shown[i] = shape(p, p.newest(), false)
		delete(shown[i], "Value")
	}

	return awsjson.Reply{"Parameters": shown}, nil
}

func (s *Endpoint) remove(in struct{ Name string }) (awsjson.Reply, error) {
	_, err := s.find(in.Name)
	delete(s.parameters, in.Name)

	return awsjson.Reply{}, err
}
