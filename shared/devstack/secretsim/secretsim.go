// Package secretsim is AWS Secrets Manager on one machine, as far as this project uses it.
//
// Rules, from the Secrets Manager API reference: a secret may have no value; its current version is read; once marked for
// deletion it answers nothing. A staging label moves with the next put that names it, and a version without labels is forgotten.
// Values lie in memory alone and are gone with the process; no value appears in an error. Signatures are not checked.
package secretsim

import (
	"cmp"
	"crypto/rand"
	"maps"
	"net/http"
	"slices"

	"genesys-cloud-export/shared/devstack/awsjson"
)

const (
	target       = "secretsmanager" // the service's prefix in X-Amz-Target
	stageCurrent = "AWSCURRENT"     // the staging label of the version that readers get
	suffixLength = 7                // of what AWS appends to a name in its ARN: a hyphen and six random characters

	notFound = "ResourceNotFoundException"
)

// Endpoint is the service: an [http.Handler] that may be served by any number of goroutines.
type Endpoint struct {
	awsjson.Service

	secrets map[string]*secret // by name
}

// secret is one name with its versions, by staging label.
type secret struct {
	name, arn string
	stages    map[string]version
	deleted   bool // marked so, and not gone
}

// version is one value. It never changes.
type version struct {
	content
	id string
}

// content is a value as it was given: text, or bytes in base64; nil is what is not there.
type content struct{ SecretString, SecretBinary *string }

// New returns a Secrets Manager without secrets. It starts nothing in the background.
func New() *Endpoint {
	s := &Endpoint{secrets: make(map[string]*secret)}
	s.Service = awsjson.Service{Target: target, Operations: map[string]awsjson.Operation{
		"CreateSecret":   awsjson.Typed(s.create),
		"GetSecretValue": awsjson.Typed(s.get),
		"PutSecretValue": awsjson.Typed(s.put),
		"DescribeSecret": awsjson.Typed(s.describe),
		"DeleteSecret":   awsjson.Typed(s.remove),
	}}

	return s
}

// Operation returns the operation that a request asks for, such as "GetSecretValue", and "" where it names none of the service's.
func Operation(r *http.Request) string { return awsjson.OperationName(r, target) }

// find returns the secret of a name, an ARN, or an ARN without the characters at its end.
func (s *Endpoint) find(id string) (*secret, error) {
	for name, found := range s.secrets {
		if id != name && id != found.arn && id != found.arn[:len(found.arn)-suffixLength] {
			continue
		}
		if found.deleted {
			return nil, awsjson.Errorf("InvalidRequestException", "the secret %s is marked for deletion", name)
		}

		return found, nil
	}

	return nil, awsjson.Errorf(notFound, "Secrets Manager can't find the specified secret.")
}

// reply says which secret an operation was about, and which version where there is one.
func (s *secret) reply(v version) awsjson.Reply {
	return awsjson.Reply{"ARN": s.arn, "Name": s.name, "VersionId": v.id}
}

type createInput struct {
	content

	Name, ClientRequestToken string
}

func (s *Endpoint) create(in createInput) (awsjson.Reply, error) {
	if _, exists := s.secrets[in.Name]; exists || in.Name == "" {
		return nil, awsjson.Errorf("ResourceExistsException", "the secret %q exists, or no name was given", in.Name)
	}

	arn := awsjson.ARN(target, "secret:"+in.Name+"-"+rand.Text()[:suffixLength-1])
	made := &secret{name: in.Name, arn: arn, stages: make(map[string]version)}
	s.secrets[in.Name] = made
	if in.SecretString == nil && in.SecretBinary == nil {
		return made.reply(version{}), nil
	}

	return s.put(putInput{content: in.content, SecretID: in.Name, ClientRequestToken: in.ClientRequestToken})
}

type putInput struct {
	content

	SecretID           string `json:"SecretId"`
	ClientRequestToken string
	VersionStages      []string
}

// put adds a version under the labels, or as the current one where there are none.
func (s *Endpoint) put(in putInput) (awsjson.Reply, error) {
	found, err := s.find(in.SecretID)
	if err != nil {
		return nil, err
	}

	v := version{id: cmp.Or(in.ClientRequestToken, rand.Text()), content: in.content}
	if len(in.VersionStages) == 0 {
		in.VersionStages = []string{stageCurrent}
	}
	for _, label := range in.VersionStages {
		found.stages[label] = v
	}

	return found.reply(v), nil
}

type idInput struct {
	SecretID string `json:"SecretId"`
}

func (s *Endpoint) get(in idInput) (awsjson.Reply, error) {
	found, err := s.find(in.SecretID)
	if err != nil {
		return nil, err
	}
	current, is := found.stages[stageCurrent]
	if !is {
		return nil, awsjson.Errorf(notFound, "Secrets Manager can't find the specified secret value for staging label: %s", stageCurrent)
	}

	shown := found.reply(current)
	shown["SecretString"], shown["SecretBinary"] = current.SecretString, current.SecretBinary

	return shown, nil
}

func (s *Endpoint) describe(in idInput) (awsjson.Reply, error) {
	found, err := s.find(in.SecretID)
	if err != nil {
		return nil, err
	}

	stages := make(map[string][]string)
	for _, label := range slices.Sorted(maps.Keys(found.stages)) {
		id := found.stages[label].id
		stages[id] = append(stages[id], label)
	}

	return awsjson.Reply{"ARN": found.arn, "Name": found.name, "VersionIdsToStages": stages}, nil
}

func (s *Endpoint) remove(in idInput) (awsjson.Reply, error) {
	found, err := s.find(in.SecretID)
	if err != nil {
		return nil, err
	}
	found.deleted = true

	return found.reply(version{}), nil
}
