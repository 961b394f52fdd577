package iamsim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Statement is one statement of an identity policy. [Statements] makes them.
type Statement struct {
	// ID is the statement's Sid, or "policy[number]" where it has none.
	ID string
	// Deny tells a Deny from an Allow.
	Deny bool
	// Actions or NotActions, and Resources or NotResources, are patterns with * and ?; one of the two has at least one.
	Actions, NotActions     []string
	Resources, NotResources []string
	// Conditions have to hold all.
	Conditions []Condition
}

// Condition is one test of a value that belongs to a request.
type Condition struct {
	// Operator is such as "StringLike", as the policy writes it.
	Operator string
	// Key is the name of the value, such as "s3:prefix".
	Key string
	// Values are what the operator compares with; one of them is enough.
	Values []string

	test operator
}

// Statements reads the document of a policy of that name: a map of Version and Statement, as a template has it after its
// evaluation. What it does not know is an error and is never passed over; the error lists every problem.
func Statements(policy string, document any) ([]Statement, error) {
	whole, is := document.(map[string]any)
	if !is {
		return nil, fmt.Errorf("read the policy %s: it is no map", policy)
	}

	var problems []error

	for element := range whole {
		if !slices.Contains([]string{"Version", "Id", "Statement"}, element) {
			problems = append(problems, fmt.Errorf("%s is no element of a policy", element))
		}
	}

	list, is := whole["Statement"].([]any)
	if !is {
		list = []any{whole["Statement"]} // a policy of one statement may do without the list
	}

	statements := make([]Statement, 0, len(list))

	for i, content := range list {
		id := policy + "[" + strconv.Itoa(i) + "]"

		statement, err := readStatement(id, content)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", id, err))
		}

		statements = append(statements, statement)
	}

	if len(problems) > 0 {
		return nil, fmt.Errorf("read the policy %s: %w", policy, errors.Join(problems...))
	}

	return statements, nil
}

func readStatement(id string, content any) (Statement, error) {
	elements, is := content.(map[string]any)
	if !is {
		return Statement{}, errors.New("the statement is no map")
	}

	statement := Statement{ID: id}

	var problems []error

	for _, name := range slices.Sorted(maps.Keys(elements)) {
		if err := statement.set(name, elements[name]); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	}

	return statement, errors.Join(append(problems, statement.complete(elements["Effect"]))...)
}

// set takes one element.
func (s *Statement) set(name string, content any) (err error) {
	switch name {
	case "Sid":
		if id, is := content.(string); is && id != "" {
			s.ID = id
		}
	case "Effect":
		s.Deny = content == "Deny"
	case "Action":
		s.Actions, err = actions(content)
	case "NotAction":
		s.NotActions, err = actions(content)
	case "Resource":
		s.Resources, err = patterns(content)
	case "NotResource":
		s.NotResources, err = patterns(content)
	case "Condition":
		s.Conditions, err = readConditions(content)
	default:
		err = errors.New("this is no element of an identity policy's statement")
	}

	return err
}

// complete reports what a statement lacks or has twice.
func (s *Statement) complete(effect any) error {
	var problems []error
	if effect != "Allow" && effect != "Deny" {
		problems = append(problems, errors.New("the Effect is neither Allow nor Deny"))
	}

	if (len(s.Actions) == 0) == (len(s.NotActions) == 0) {
		problems = append(problems, errors.New("it takes one of Action and NotAction"))
	}

	if (len(s.Resources) == 0) == (len(s.NotResources) == 0) {
		problems = append(problems, errors.New("it takes one of Resource and NotResource"))
	}

	return errors.Join(problems...)
}

func actions(content any) ([]string, error) {
	all, err := patterns(content)
	for _, action := range all {
		if action != "*" && !strings.Contains(action, ":") {
			err = errors.Join(err, fmt.Errorf("%q is not service:action", action))
		}
	}

	return all, err
}

// patterns are one text or a list of texts.
func patterns(content any) ([]string, error) {
	list, is := content.([]any)
	if !is {
		list = []any{content}
	}

	all := make([]string, 0, len(list))

	for _, item := range list {
		switch item := item.(type) {
		case string:
			all = append(all, item)
		case bool, int:
			all = append(all, fmt.Sprint(item))
		default:
			return nil, errors.New("it is neither text nor a list of texts")
		}

		if strings.Contains(all[len(all)-1], "${") {
			return nil, errors.New("policy variables are not known here")
		}
	}

	return all, nil
}

// readConditions are the tests of a Condition block, sorted by operator and key.
func readConditions(content any) ([]Condition, error) {
	block, is := content.(map[string]any)
	if !is {
		return nil, errors.New("it is no map")
	}

	var (
		all      []Condition
		problems []error
	)

	for _, name := range slices.Sorted(maps.Keys(block)) {
		test, err := parseOperator(name)
		if err != nil {
			problems = append(problems, err)

			continue
		}

		keys, is := block[name].(map[string]any)
		if !is {
			problems = append(problems, fmt.Errorf("%s is no map", name))
		}

		for _, key := range slices.Sorted(maps.Keys(keys)) {
			values, err := patterns(keys[key])
			if err != nil {
				problems = append(problems, fmt.Errorf("%s of %s: %w", name, key, err))
			}

			all = append(all, Condition{Operator: name, Key: key, Values: values, test: test})
		}
	}

	return all, errors.Join(problems...)
}
