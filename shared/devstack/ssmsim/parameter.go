package ssmsim

import (
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"genesys-cloud-export/shared/devstack/awsjson"
)

// The kinds of a parameter.
const (
	typeString       = "String"
	typeStringList   = "StringList"
	typeSecureString = "SecureString"
)

// The tiers, and what a put may ask for beside them.
const (
	tierStandard    = "Standard"
	tierAdvanced    = "Advanced"
	tierIntelligent = "Intelligent-Tiering"
)

// The limits of Parameter Store, from "Parameter Store quotas" and the API reference.
const (
	standardBytes    = 4096
	advancedBytes    = 8192
	versionsKept     = 100
	labelsPerVersion = 10
)

// parameter is one name with its versions, oldest first; there is at least one.
type parameter struct {
	name     string
	kind     string
	versions []*version
}

// version is one put. It never changes but for its labels.
type version struct {
	number      int64
	value       string
	ciphertext  string
	keyID       string
	tier        string
	dataType    string
	description string
	pattern     string
	modified    time.Time
	labels      []string
}

func (p *parameter) latest() *version { return p.versions[len(p.versions)-1] }

// find returns the version that a selector names: "" the latest, digits a number, anything else a label.
func (p *parameter) find(selector string) (*version, bool) {
	if selector == "" {
		return p.latest(), true
	}

	number, err := strconv.ParseInt(selector, 10, 64)
	i := slices.IndexFunc(p.versions, func(v *version) bool {
		if err == nil {
			return v.number == number
		}

		return slices.Contains(v.labels, selector)
	})
	if i < 0 {
		return nil, false
	}

	return p.versions[i], true
}

// add appends a version, and drops the oldest where there are more than a hundred. A labelled one is not dropped: the
// put is refused.
func (p *parameter) add(v *version) error {
	if len(p.versions) >= versionsKept {
		oldest := p.versions[0]
		if len(oldest.labels) > 0 {
			return awsjson.Errorf("ParameterMaxVersionLimitExceeded",
				"version %d, the oldest of %s, has a label and cannot be deleted: move the label to another version",
				oldest.number, p.name)
		}
		p.versions = slices.Delete(p.versions, 0, 1)
	}
	p.versions = append(p.versions, v)

	return nil
}

// seal returns what a reader without decryption gets: random bytes of about the length that KMS would give, in base64.
// They hold nothing of the value, so that nothing can be read out of them.
func seal(value string) string {
	const overhead = 160
	blob := make([]byte, overhead+len(value))
	_, _ = rand.Read(blob)
	copy(blob, []byte{1, 2, 2, 0})

	return base64.StdEncoding.EncodeToString(blob)
}

// shape is a parameter's version as GetParameter and its kin show it.
type shape struct {
	Name             string
	Type             string
	Value            string
	Version          int64
	Selector         string `json:",omitempty"`
	LastModifiedDate awsjson.Timestamp
	ARN              string
	DataType         string
}

// show returns a version as readers see it. Decryption with a denied key is refused as AWS does.
func (e *Endpoint) show(p *parameter, v *version, selector string, decrypt bool) (shape, error) {
	value := v.value
	if p.kind == typeSecureString {
		switch {
		case !decrypt:
			value = v.ciphertext
		case e.denied(v.keyID):
			return shape{}, deniedDecrypt()
		}
	}
	if selector != "" {
		selector = ":" + selector
	}

	return shape{
		Name: p.name, Type: p.kind, Value: value, Version: v.number, Selector: selector,
		LastModifiedDate: awsjson.At(v.modified), ARN: e.arn(p.name), DataType: v.dataType,
	}, nil
}

func deniedDecrypt() error {
	return awsjson.Errorf("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, "+
		"does not exist in this region, or you are not allowed to access.")
}

func notFound(name string) error {
	return awsjson.Errorf("ParameterNotFound", "there is no parameter %s", name)
}

// lookup returns the parameter and version that "name", "name:3", "name:label" or an ARN of these names.
func (e *Endpoint) lookup(nameOrARN string) (*parameter, *version, string, error) {
	full := e.plainName(nameOrARN)
	name, selector, selected := strings.Cut(full, ":")
	if selected && selector == "" {
		return nil, nil, "", validation("the selector behind the colon of %s is empty", full)
	}

	p, found := e.parameters[name]
	if !found {
		return nil, nil, "", notFound(name)
	}
	v, found := p.find(selector)
	if !found {
		return nil, nil, "", awsjson.Errorf("ParameterVersionNotFound",
			"Systems Manager could not find version %s of %s. Verify the version and try again.", selector, name)
	}

	return p, v, selector, nil
}
