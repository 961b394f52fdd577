package ssmsim

import (
	"cmp"
	"strings"
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
