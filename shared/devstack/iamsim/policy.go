package iamsim

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// Statement is one statement of an identity policy. [Statements] makes them.
type Statement struct {
	// ID is the statement's Sid, or "policy[number]" where it has none.
	ID string
	// Deny tells a Deny from an Allow.
	Deny bool
	// Actions and Resources are patterns with * and ?.
	Actions, Resources []string
	// Conditions have to hold all.
	Conditions []Condition
}

// Condition is one test of a value that belongs to a request.
type Condition struct {
	// Operator is such as "StringLike".
	Operator string
	// Key is the name of the value, such as "s3:prefix".
	Key string
	// Values are what the operator compares with; one of them is enough.
	Values []string
}

// written is a policy as it is written.
type written struct {
	Version   string
	Statement []struct {
		Sid, Effect      string
		Action, Resource texts
		Condition        map[string]map[string]texts
	}
}

// texts are one text or a list of texts.
type texts []string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *texts) UnmarshalJSON(content []byte) error {
	if content[0] == '[' {
		return json.Unmarshal(content, (*[]string)(t))
	}

	*t = make(texts, 1)

	return json.Unmarshal(content, &(*t)[0])
}

// Statements reads the document of a policy of that name: a map of Version and a list of Statements, as a template has it
// after its evaluation. What it does not know is an error and is never passed over; the error lists every problem.
func Statements(policy string, document any) ([]Statement, error) {
	content, err := json.Marshal(document)

	var read written
	if err == nil {
		err = json.Unmarshal(content, &read, json.RejectUnknownMembers(true))
	}

	if err != nil {
		return nil, fmt.Errorf("read the policy %s: %w", policy, err)
	}

	var problems []error
	if len(read.Statement) == 0 {
		problems = append(problems, errors.New("it has no list of Statements"))
	}

	statements := make([]Statement, len(read.Statement))

	for i, s := range read.Statement {
		place := fmt.Sprintf("%s[%d]", policy, i)
		statements[i] = Statement{
			ID: cmp.Or(s.Sid, place), Deny: s.Effect == "Deny", Actions: s.Action, Resources: s.Resource, Conditions: conditions(s.Condition),
		}

		if problem := statements[i].unknown(); problem != "" {
			problems = append(problems, fmt.Errorf("%s: %s", place, problem))
		}

		if s.Effect != "Allow" && s.Effect != "Deny" {
			problems = append(problems, fmt.Errorf("%s: the Effect is neither Allow nor Deny", place))
		}
	}

	if len(problems) > 0 {
		return nil, fmt.Errorf("read the policy %s: %w", policy, errors.Join(problems...))
	}

	return statements, nil
}

// conditions are the tests of a Condition block, sorted by operator and key.
func conditions(block map[string]map[string]texts) []Condition {
	var all []Condition

	for _, operator := range slices.Sorted(maps.Keys(block)) {
		for _, key := range slices.Sorted(maps.Keys(block[operator])) {
			all = append(all, Condition{Operator: operator, Key: key, Values: block[operator][key]})
		}
	}

	return all
}

// unknown says what is not known here, "" where everything is.
func (s Statement) unknown() string {
	patterns := slices.Concat(s.Actions, s.Resources)

	for _, c := range s.Conditions {
		if patterns = append(patterns, c.Values...); comparison(c.Operator) == nil {
			return "the condition operator " + c.Operator + " is not known here"
		}
	}

	if strings.Contains(strings.Join(patterns, " "), "${") {
		return "policy variables are not known here"
	}

	return ""
}
