package ssmsim

import (
	"cmp"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/devstack/awsjson"
)

// The types, the tiers, and what a put may ask for beside these.
const (
	typeString       = "String"
	typeSecureString = "SecureString"
	tierStandard     = "Standard"
	tierAdvanced     = "Advanced"
	tierIntelligent  = "Intelligent-Tiering"

	standardBytes = 4096 // of the largest value; from "Parameter Store quotas", as the others
	advancedBytes = 8192
	versionsKept  = 100
)

// version is one put. It never changes but for its labels.
type version struct {
	name, kind, value, tier string
	sealed                  string // what is read without decryption: of a SecureString, nothing of the value
	keyID                   string // of a SecureString
	number                  int64
	modified                time.Time
	labels                  []string
}

// latest returns the newest version, and an empty one where there is none.
func latest(versions []*version) version {
	if len(versions) == 0 {
		return version{}
	}

	return *versions[len(versions)-1]
}

// mayUse refuses a key that is denied.
func (s *Endpoint) mayUse(keyID string) error {
	if denied := s.denied.Load(); denied != nil && slices.Contains(*denied, keyID) {
		return awsjson.Errorf("AccessDeniedException", "the caller may not use the parameter's KMS key")
	}

	return nil
}

// shape is a version as GetParameter shows it.
func (s *Endpoint) shape(v version, decrypt bool) awsjson.Reply {
	value := v.sealed
	if decrypt {
		value = v.value
	}

	return awsjson.Reply{
		"Name": v.name, "Type": v.kind, "Value": value, "Version": v.number,
		"ARN":              awsjson.ARN("ssm", s.config.Region, s.config.Account, "parameter/"+strings.TrimPrefix(v.name, "/")),
		"LastModifiedDate": float64(v.modified.UnixMilli()) / 1000,
	}
}

// metadata is a version as listings show it.
func (s *Endpoint) metadata(v version, decrypt bool) awsjson.Reply {
	shown := s.shape(v, decrypt)
	shown["KeyId"], shown["Tier"] = v.keyID, v.tier

	return shown
}

type putInput struct {
	Name, Value, Type, Tier string
	KeyID                   string `json:"KeyId"`
	Overwrite               bool
}

func (s *Endpoint) put(in putInput) (awsjson.Reply, error) {
	before := latest(s.parameters[in.Name])
	tier, err := in.check(before)
	if err != nil {
		return nil, err
	}

	v := version{
		name: in.Name, kind: cmp.Or(before.kind, in.Type), value: in.Value, sealed: in.Value, tier: tier,
		number: before.number + 1, modified: time.Now(),
	}
	if v.kind == typeSecureString {
		v.sealed, v.keyID = rand.Text(), cmp.Or(in.KeyID, before.keyID, DefaultKey)
	}
	if err := s.mayUse(v.keyID); err != nil {
		return nil, err
	}

	return awsjson.Reply{"Version": v.number, "Tier": v.tier}, s.add(&v)
}

// check refuses what may not be put after the version before, which is empty where the parameter is new, and chooses the tier.
func (in putInput) check(before version) (tier string, err error) {
	isNew := before.number == 0

	switch {
	case in.Name == "" || strings.Contains(in.Name, ":") || in.Value == "":
		return "", awsjson.Errorf(invalid, "a parameter needs a name, without a colon, and a value")
	case isNew && in.Type != typeString && in.Type != typeSecureString:
		return "", awsjson.Errorf(invalid, "a new parameter needs a type, which here is %s or %s", typeString, typeSecureString)
	case !isNew && !in.Overwrite:
		return "", awsjson.Errorf("ParameterAlreadyExists", "the parameter %s exists: set Overwrite to replace its value", in.Name)
	case !isNew && in.Type != "" && in.Type != before.kind:
		return "", awsjson.Errorf("HierarchyTypeMismatchException",
			"the type of %s is %s and cannot be changed: delete the parameter, or take another name", in.Name, before.kind)
	default:
		return chooseTier(in.Tier, before.tier, len(in.Value))
	}
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

// add appends a version, and drops the oldest where there are more than a hundred. A labelled one is not dropped: the put is
// refused.
func (s *Endpoint) add(v *version) error {
	versions := s.parameters[v.name]
	if len(versions) == versionsKept {
		if len(versions[0].labels) > 0 {
			return awsjson.Errorf("ParameterMaxVersionLimitExceeded",
				"version %d, the oldest of %s, has a label and cannot be deleted: move the label to another version", versions[0].number, v.name)
		}
		versions = slices.Delete(versions, 0, 1)
	}
	s.parameters[v.name] = append(versions, v)

	return nil
}

type labelInput struct {
	Name             string
	ParameterVersion int64
	Labels           []string
}

// label puts labels on a version, and takes them off those that had them.
func (s *Endpoint) label(in labelInput) (awsjson.Reply, error) {
	versions, err := s.find(in.Name)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(versions, func(v *version) bool { return v.number == in.ParameterVersion })
	if i < 0 {
		return nil, awsjson.Errorf("ParameterVersionNotFound", "%s has no version %d", in.Name, in.ParameterVersion)
	}

	for _, v := range versions {
		v.labels = slices.DeleteFunc(v.labels, func(label string) bool { return slices.Contains(in.Labels, label) })
	}
	versions[i].labels = append(versions[i].labels, in.Labels...)

	return awsjson.Reply{"ParameterVersion": in.ParameterVersion}, nil
}
