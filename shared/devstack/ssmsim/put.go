package ssmsim

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/devstack/awsjson"
)

type putInput struct {
	Name           string
	Value          *string
	Type           string
	KeyID          string `json:"KeyId"`
	Overwrite      bool
	Tier           string
	Description    *string
	AllowedPattern *string
	DataType       string
	Policies       string
	Tags           []tag
}

type tag struct{ Key, Value string }

type putOutput struct {
	Version int64
	Tier    string
}

func (e *Endpoint) put(in putInput) (putOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	if err := in.check(); err != nil {
		return putOutput{}, err
	}

	name := e.plainName(in.Name)
	p, exists := e.parameters[name]
	if !exists {
		if err := checkName(name); err != nil {
			return putOutput{}, err
		}
		if in.Type == "" {
			return putOutput{}, validation("A parameter type is required when you create a parameter.")
		}
		p = &parameter{name: name, kind: in.Type}
	} else if err := in.checkOverwrite(p); err != nil {
		return putOutput{}, err
	}

	v, err := e.draft(p, in)
	if err != nil {
		return putOutput{}, err
	}
	if err := p.add(v); err != nil {
		return putOutput{}, err
	}
	e.parameters[name] = p

	return putOutput{Version: v.number, Tier: v.tier}, nil
}

// check refuses what no put may hold, whatever is stored.
func (in putInput) check() error {
	kinds := []string{typeString, typeStringList, typeSecureString}
	tiers := []string{tierStandard, tierAdvanced, tierIntelligent}

	switch {
	case in.Name == "":
		return missing("name")
	case in.Value == nil:
		return missing("value")
	case *in.Value == "":
		return validation("1 validation error detected: Value at 'value' failed to satisfy constraint: " +
			"Member must have length greater than or equal to 1")
	case in.Type != "" && !slices.Contains(kinds, in.Type):
		return validation("1 validation error detected: Value '%s' at 'type' failed to satisfy constraint: "+
			"Member must satisfy enum value set: [SecureString, StringList, String]", in.Type)
	case in.Tier != "" && !slices.Contains(tiers, in.Tier):
		return validation("1 validation error detected: Value '%s' at 'tier' failed to satisfy constraint: "+
			"Member must satisfy enum value set: [Advanced, Standard, Intelligent-Tiering]", in.Tier)
	case in.Overwrite && len(in.Tags) > 0:
		return validation("Invalid request: tags and overwrite can't be used together.")
	case in.Policies != "" && in.Policies != "[]":
		return validation("Parameter policies are not kept by this local parameter store.")
	case in.DataType != "" && in.DataType != "text":
		return validation("The data type %s is not known to this local parameter store; text is.", in.DataType)
	}

	return nil
}

// checkOverwrite refuses what does not fit the parameter that is there.
func (in putInput) checkOverwrite(p *parameter) error {
	switch {
	case !in.Overwrite:
		return awsjson.Errorf("ParameterAlreadyExists", "The parameter already exists. "+
			"To overwrite this value, set the overwrite option in the request to true.")
	case in.Type != "" && in.Type != p.kind:
		return awsjson.Errorf("HierarchyTypeMismatchException",
			"The type of %s is %s and cannot be changed to %s: delete the parameter, or take another name.",
			p.name, p.kind, in.Type)
	}

	return nil
}

// draft makes the version that a put asks for, by p's latest where it says nothing.
func (e *Endpoint) draft(p *parameter, in putInput) (*version, error) {
	v := &version{number: 1, value: *in.Value, dataType: "text", modified: time.Now()}
	before := &version{}
	if len(p.versions) > 0 {
		before = p.latest()
		v.number = before.number + 1
		v.description, v.pattern, v.keyID = before.description, before.pattern, before.keyID
	}
	if in.Description != nil {
		v.description = *in.Description
	}
	if in.AllowedPattern != nil {
		v.pattern = *in.AllowedPattern
	}

	var err error
	if v.tier, err = chooseTier(in.Tier, before.tier, len(v.value)); err != nil {
		return nil, err
	}
	if err := checkPattern(v.pattern, v.value); err != nil {
		return nil, err
	}
	if p.kind == typeSecureString {
		if err := e.encrypt(v, in.KeyID); err != nil {
			return nil, err
		}
	}

	return v, nil
}

// encrypt seals a version's value with the key that was asked for, else the one of the version before, else AWS's own.
func (e *Endpoint) encrypt(v *version, keyID string) error {
	switch {
	case keyID != "":
		v.keyID = keyID
	case v.keyID == "":
		v.keyID = DefaultKey
	}
	if e.denied(v.keyID) {
		return awsjson.Errorf("AccessDeniedException", "User is not authorized to perform: kms:GenerateDataKey "+
			"on the key that the request names, because no identity-based policy allows the action")
	}
	v.ciphertext = seal(v.value)

	return nil
}

// chooseTier returns the tier of a put of size bytes: asked for, or as it was before. Advanced is never left again.
func chooseTier(asked, before string, size int) (string, error) {
	tier := asked
	switch {
	case asked == "" && before != "":
		tier = before
	case asked == "":
		tier = tierStandard
	case asked == tierIntelligent && (size > standardBytes || before == tierAdvanced):
		tier = tierAdvanced
	case asked == tierIntelligent:
		tier = tierStandard
	}

	switch {
	case tier == tierStandard && before == tierAdvanced:
		return "", validation("This parameter uses the advanced-parameter tier. You can't downgrade a parameter from " +
			"the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced " +
			"parameter and recreate it as a standard parameter.")
	case tier == tierStandard && size > standardBytes:
		return "", validation("Standard tier parameters support a maximum parameter value of %d characters. "+
			"To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.", standardBytes)
	case size > advancedBytes:
		return "", validation("Advanced tier parameters support a maximum parameter value of %d characters.",
			advancedBytes)
	}

	return tier, nil
}

func checkPattern(pattern, value string) error {
	if pattern == "" {
		return nil
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return awsjson.Errorf("InvalidAllowedPatternException", "the pattern is not a regular expression")
	}
	if !compiled.MatchString(value) {
		return awsjson.Errorf("ParameterPatternMismatchException",
			"Parameter value, cannot be validated against allowedPattern: %s", pattern)
	}

	return nil
}

type labelInput struct {
	Name             string
	ParameterVersion int64
	Labels           []string
}

type labelOutput struct {
	InvalidLabels    []string
	ParameterVersion int64
}

// label puts labels on a version, and takes them off the one that had them.
func (e *Endpoint) label(in labelInput) (labelOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	p, found := e.parameters[e.plainName(in.Name)]
	if !found {
		return labelOutput{}, notFound(in.Name)
	}
	v := p.latest()
	if in.ParameterVersion != 0 {
		i := slices.IndexFunc(p.versions, func(v *version) bool { return v.number == in.ParameterVersion })
		if i < 0 {
			return labelOutput{}, awsjson.Errorf("ParameterVersionNotFound",
				"Systems Manager could not find version %d of %s.", in.ParameterVersion, p.name)
		}
		v = p.versions[i]
	}

	out := labelOutput{InvalidLabels: []string{}, ParameterVersion: v.number}
	valid := slices.DeleteFunc(slices.Clone(in.Labels), func(label string) bool { return !validLabel(label) })
	for _, label := range in.Labels {
		if !validLabel(label) {
			out.InvalidLabels = append(out.InvalidLabels, label)
		}
	}

	fresh := slices.DeleteFunc(slices.Clone(valid), func(label string) bool { return slices.Contains(v.labels, label) })
	if len(v.labels)+len(fresh) > labelsPerVersion {
		return labelOutput{}, awsjson.Errorf("ParameterVersionLabelLimitExceeded",
			"A parameter version may have %d labels.", labelsPerVersion)
	}
	for _, other := range p.versions {
		other.labels = slices.DeleteFunc(other.labels, func(label string) bool { return slices.Contains(fresh, label) })
	}
	v.labels = append(v.labels, fresh...)

	return out, nil
}

// validLabel follows the rules in "Working with parameter labels".
func validLabel(label string) bool {
	const maxLength = 100
	first := strings.ToLower(label)

	return label != "" && len(label) <= maxLength && plain(label) && !strings.Contains(label, "/") &&
		(label[0] < '0' || label[0] > '9') && !strings.HasPrefix(first, "aws") && !strings.HasPrefix(first, "ssm")
}
