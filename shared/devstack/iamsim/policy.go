package iamsim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// What is known of policies' words.
const (
	allow, deny  = "Allow", "Deny"
	equals, like = "StringEquals", "StringLike"
)

// Statement is one statement of an identity policy. [Statements] makes them.
type Statement struct {
	ID        string   `json:"Sid"` // "policy[number]" where it has none
	Effect    string   // allow or deny
	Actions   []string `json:"Action"`   // patterns with * and ?
	Resources []string `json:"Resource"` // patterns too
	// Conditions are values by the operator, StringEquals or StringLike, and the key, such as "s3:prefix". Every key has to have one
	// of its values.
	Conditions map[string]map[string][]string `json:"Condition"`
}

// Statements reads a policy's document as an evaluated template has it. What it does not know is an error, which lists every problem.
func Statements(policy string, document any) ([]Statement, error) {
	var read struct {
		Version   string
		Statement []Statement
	}
	content, err := json.Marshal(document)
	if err == nil {
		err = json.Unmarshal(content, &read, json.RejectUnknownMembers(true), json.WithUnmarshalers(json.UnmarshalFunc(readTexts)))
	}
	problems := []error{err}
	if err == nil && len(read.Statement) == 0 {
		problems = append(problems, errors.New("it has no list of Statements"))
	}
	for i := range read.Statement {
		s, place := &read.Statement[i], fmt.Sprintf("%s[%d]", policy, i)
		if problem := s.unknown(); problem != "" {
			problems = append(problems, fmt.Errorf("%s: %s", place, problem))
		}
		s.ID = cmp.Or(s.ID, place)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("read the policy %s: %w", policy, err)
	}

	return read.Statement, nil
}

// readTexts reads one text or a list of texts.
func readTexts(content []byte, into *[]string) error {
	if content[0] == '[' {
		return json.Unmarshal(content, into)
	}
	*into = make([]string, 1)

	return json.Unmarshal(content, &(*into)[0])
}

// unknown says what is not known here, "" where everything is.
func (s Statement) unknown() string {
	patterns := slices.Concat(s.Actions, s.Resources)
	for operator, tests := range s.Conditions {
		if operator != equals && operator != like {
			return "the condition operator " + operator + " is not known here"
		}
		for _, values := range tests {
			patterns = append(patterns, values...)
		}
	}
	switch {
	case strings.Contains(strings.Join(patterns, " "), "${"):
		return "policy variables are not known here"
	case s.Effect != allow && s.Effect != deny:
		return "the Effect is neither Allow nor Deny"
	default:
		return ""
	}
}
