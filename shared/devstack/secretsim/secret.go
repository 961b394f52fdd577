package secretsim

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/devstack/awsjson"
)

// The staging labels that Secrets Manager moves by itself.
const (
	stageCurrent  = "AWSCURRENT"
	stagePrevious = "AWSPREVIOUS"
)

// The limits of Secrets Manager, from its quotas.
const (
	valueBytes       = 65536
	versionsKept     = 100
	stagesPerVersion = 20
)

// suffixLength is what stands at the end of a secret's ARN: a hyphen and six random characters.
const suffixLength = 7

// secret is one name with its versions, oldest first.
type secret struct {
	name, arn, description, keyID string
	tags                          []tag
	created, changed, accessed    time.Time
	deleted, deletion             time.Time
	versions                      []*version
}

// version is one value. Its value never changes; its staging labels move.
type version struct {
	id      string
	content content
	stages  []string
	created time.Time
}

// content is a value as it was given: a string or bytes, and nil for what is not there.
type content struct {
	SecretString *string
	SecretBinary []byte `json:",omitempty"`
}

func (c content) empty() bool { return c.SecretString == nil && len(c.SecretBinary) == 0 }

func (c content) equal(other content) bool {
	if (c.SecretString == nil) != (other.SecretString == nil) {
		return false
	}
	if c.SecretString != nil && *c.SecretString != *other.SecretString {
		return false
	}

	return bytes.Equal(c.SecretBinary, other.SecretBinary)
}

// check refuses a value that is two things at once, or too large.
func (c content) check() error {
	switch {
	case c.SecretString != nil && len(c.SecretBinary) > 0:
		return invalidParameter(
			"You can't specify both a binary secret value and a string secret value in the same secret.")
	case c.SecretString != nil && len(*c.SecretString) > valueBytes:
		return validation("1 validation error detected: Value at 'secretString' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", valueBytes)
	case len(c.SecretBinary) > valueBytes:
		return validation("1 validation error detected: Value at 'secretBinary' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", valueBytes)
	}

	return nil
}

type tag struct{ Key, Value string }

// partialARN returns the ARN without the random characters.
func (s *secret) partialARN() string { return s.arn[:len(s.arn)-suffixLength] }

func (s *secret) byID(id string) *version {
	i := slices.IndexFunc(s.versions, func(v *version) bool { return v.id == id })
	if i < 0 {
		return nil
	}

	return s.versions[i]
}

func (s *secret) byStage(stage string) *version {
	i := slices.IndexFunc(s.versions, func(v *version) bool { return slices.Contains(v.stages, stage) })
	if i < 0 {
		return nil
	}

	return s.versions[i]
}

// put adds a version and gives it the stages. The same token with the same value changes nothing and returns the version
// that is there; with another value it is refused.
func (s *secret) put(token string, value content, stages []string) (*version, error) {
	if token == "" {
		token = newToken()
	}
	if there := s.byID(token); there != nil {
		if !there.content.equal(value) {
			return nil, awsjson.Errorf("ResourceExistsException", "A version with the ClientRequestToken %s exists "+
				"already, with another value: a version can't be modified.", token)
		}

		return there, nil
	}

	v := &version{id: token, content: value, created: time.Now()}
	s.versions = append(s.versions, v)
	for _, stage := range stages {
		s.stage(v, stage)
	}
	if s.byStage(stageCurrent) == nil {
		s.stage(v, stageCurrent)
	}
	s.prune()
	s.changed = v.created

	return v, nil
}

// stage puts a label on a version and takes it off any other. The version that was current becomes the previous one.
func (s *secret) stage(v *version, label string) {
	before := s.byStage(label)
	if before == v {
		return
	}
	if before != nil {
		before.unstage(label)
	}
	v.stages = append(v.stages, label)
	if label != stageCurrent {
		return
	}
	v.unstage(stagePrevious)
	if before != nil {
		s.stage(before, stagePrevious)
	}
}

func (v *version) unstage(label string) {
	v.stages = slices.DeleteFunc(v.stages, func(have string) bool { return have == label })
}

// prune forgets the oldest versions without labels while there are more than a hundred. (AWS waits a day before it does.)
func (s *secret) prune() {
	surplus := len(s.versions) - versionsKept
	s.versions = slices.DeleteFunc(s.versions, func(v *version) bool {
		if surplus <= 0 || len(v.stages) > 0 {
			return false
		}
		surplus--

		return true
	})
}

// newToken returns a random UUID, which an SDK would have sent as ClientRequestToken.
func newToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80

	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newSuffix returns the end of a secret's ARN.
func newSuffix() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	suffix := []byte("-")
	for len(suffix) < suffixLength {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			panic(err) // crypto/rand never fails: it ends the program itself
		}
		suffix = append(suffix, letters[n.Int64()])
	}

	return string(suffix)
}

// checkName refuses names that no secret may have.
func checkName(name string) error {
	const maxLength = 512
	if name == "" || len(name) > maxLength {
		return validation("1 validation error detected: Value at 'name' failed to satisfy constraint: "+
			"Member must have length between 1 and %d", maxLength)
	}
	legal := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("/_+=.@-!", c)
	}
	if strings.ContainsFunc(name, func(c rune) bool { return !legal(c) }) {
		return validation("Invalid name. Must be a valid name containing alphanumeric characters, " +
			"or any of the following: -/_+=.@!")
	}

	return nil
}

// checkToken refuses a ClientRequestToken of a length that AWS does not take.
func checkToken(token string) error {
	const shortest, longest = 32, 64
	if token != "" && (len(token) < shortest || len(token) > longest) {
		return invalidParameter("The ClientRequestToken must have %d to %d characters.", shortest, longest)
	}

	return nil
}
