package iamsim

import (
	"fmt"
	"slices"
	"strings"
)

// operator is what a condition operator means.
type operator struct {
	// matches compares one value of the policy with the request's; nil is the operator Null.
	matches func(pattern, value string) bool
	// negated operators hold where no value matches, and where the request has none.
	negated bool
	// ifExists makes the condition hold where the request has no such value.
	ifExists bool
}

// parseOperator reads the name of an operator. One that is not known here is an error.
func parseOperator(name string) (operator, error) {
	base, ifExists := strings.CutSuffix(name, "IfExists")
	if name == "Null" {
		return operator{}, nil
	}

	for _, prefix := range []string{"String", "Arn"} {
		if rest, negated := strings.CutPrefix(base, prefix+"Not"); negated {
			return operator{matches: comparison(prefix + rest), negated: true, ifExists: ifExists}, known(name, prefix+rest)
		}
	}

	return operator{matches: comparison(base), ifExists: ifExists}, known(name, base)
}

func known(name, base string) error {
	if comparison(base) == nil {
		return fmt.Errorf("the condition operator %s is not known here", name)
	}

	return nil
}

// comparison is what an operator that is not negated does, nil where it is not known.
func comparison(name string) func(pattern, value string) bool {
	switch name {
	case "StringEquals":
		return func(pattern, value string) bool { return pattern == value }
	case "StringEqualsIgnoreCase", "Bool":
		return strings.EqualFold
	case "StringLike":
		return matches
	case "ArnEquals", "ArnLike": // AWS does not tell them apart
		return func(pattern, value string) bool {
			return strings.HasPrefix(value, "arn:") && matchesARN(pattern, value)
		}
	default:
		return nil
	}
}

// holds says whether the condition is met by what is known of a request. A value that is not known is not there.
func (c Condition) holds(context map[string]string) bool {
	value, there := lookUp(context, c.Key)

	switch {
	case c.test.matches == nil: // Null says whether the value is missing
		return slices.ContainsFunc(c.Values, func(missing string) bool { return strings.EqualFold(missing, "true") != there })
	case !there:
		return c.test.negated || c.test.ifExists
	default:
		return c.test.negated != slices.ContainsFunc(c.Values, func(pattern string) bool { return c.test.matches(pattern, value) })
	}
}

// lookUp finds a value; the names of keys have no case.
func lookUp(context map[string]string, key string) (string, bool) {
	for name, value := range context {
		if strings.EqualFold(name, key) {
			return value, true
		}
	}

	return "", false
}

// matches compares a text with a pattern in which * stands for any characters and ? for one.
func matches(pattern, text string) bool {
	star, resume := -1, 0 // the last * in the pattern, and where in the text what follows it is tried next

	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			resume++
			p, t = star+1, resume
		default:
			return false
		}
	}

	return strings.Trim(pattern[p:], "*") == ""
}

// arnParts is in how many parts colons take an ARN apart; the last may have more colons.
const arnParts = 6

// matchesARN compares part by part, so that a * does not reach into the next one, but for the pattern's last.
func matchesARN(pattern, arn string) bool {
	patterns := strings.SplitN(pattern, ":", arnParts)

	parts := strings.SplitN(arn, ":", len(patterns))
	if len(parts) != len(patterns) {
		return false
	}

	for i := range parts {
		if !matches(patterns[i], parts[i]) {
			return false
		}
	}

	return true
}
