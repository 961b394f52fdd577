// Package ssmsim is AWS Systems Manager's Parameter Store on one machine, as far as this project uses it.
//
// It keeps what AWS enforces and other emulators leave out: the sizes of the tiers, the hundred versions, and that nobody reads a
// SecureString without decryption. Source: the Systems Manager API reference and its user guide.
//
// Rules: values lie in memory alone and are gone with the process; no value appears in an error. Signatures are not checked.
// Parameters are found by name, not by ARN, version or label. A listing is one page.
package ssmsim

import (
	"cmp"
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"genesys-cloud-export/shared/devstack/awsjson"
)

// The types and the tiers; the numbers are from "Parameter Store quotas".
const (
	typeString       = "String"
	typeSecureString = "SecureString"
	tierStandard     = "Standard"
	tierAdvanced     = "Advanced"
	tierIntelligent  = "Intelligent-Tiering"

	standardBytes = 4096
	advancedBytes = 8192
	versionsKept  = 100
)

const invalid = "ValidationException"

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

type putInput struct {
	Name, Value, Type, Tier string
	KeyID                   string `json:"KeyId"`
	Overwrite               bool
}

func (s *Endpoint) put(in putInput) (awsjson.Reply, error) {
	p, exists := s.parameters[in.Name]
	if !exists {
		p = &parameter{name: in.Name, kind: in.Type}
	}
	if err := in.check(p, exists); err != nil {
		return nil, err
	}

	before := p.newest()
	tier, err := chooseTier(in.Tier, before.tier, len(in.Value))
	if err != nil {
		return nil, err
	}
	v := version{value: in.Value, tier: tier, number: before.number + 1, modified: time.Now()}
	if p.kind == typeSecureString {
		v.keyID = cmp.Or(in.KeyID, before.keyID, DefaultKey)
	}
	if err := s.mayUse(v.keyID); err != nil {
		return nil, err
	}
	p.versions = append(p.versions, v)
	p.versions = p.versions[max(0, len(p.versions)-versionsKept):]
	s.parameters[in.Name] = p

	return awsjson.Reply{"Version": v.number, "Tier": v.tier}, nil
}

// check refuses what may not be put into a parameter.
func (in putInput) check(p *parameter, exists bool) error {
	switch {
	case in.Name == "" || strings.Contains(in.Name, ":") || in.Value == "":
		return awsjson.Errorf(invalid, "a parameter needs a name, without a colon, and a value")
	case p.kind != typeString && p.kind != typeSecureString:
		return awsjson.Errorf(invalid, "a new parameter needs a type, which here is %s or %s", typeString, typeSecureString)
	case exists && !in.Overwrite:
		return awsjson.Errorf("ParameterAlreadyExists", "the parameter %s exists: set Overwrite to replace its value", in.Name)
	case in.Type != "" && in.Type != p.kind:
		return awsjson.Errorf("HierarchyTypeMismatchException",
			"the type of %s is %s and cannot be changed: delete the parameter, or take another name", in.Name, p.kind)
	}

	return nil
}

// chooseTier returns the smallest tier that fits a value of size bytes. Only intelligent tiering makes a standard parameter an
// advanced one, and nothing makes an advanced one standard again.
func chooseTier(asked, before string, size int) (string, error) {
	switch {
	case asked != "" && asked != tierIntelligent:
		return "", awsjson.Errorf(invalid, "this local store chooses the tier: ask for none, or for %s", tierIntelligent)
	case size > advancedBytes, size > standardBytes && asked == "" && before != tierAdvanced:
		return "", awsjson.Errorf(invalid, "the value has %d bytes: a standard parameter holds %d, an advanced one %d", size, standardBytes, advancedBytes)
	case size > standardBytes, before == tierAdvanced:
		return tierAdvanced, nil
	default:
		return tierStandard, nil
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

// describe shows the newest version of every parameter, by name, without its value.
func (s *Endpoint) describe(struct{}) (awsjson.Reply, error) {
	names := slices.Sorted(maps.Keys(s.parameters))

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
