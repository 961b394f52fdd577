package iamsim

import (
	"regexp"
	"slices"
	"strings"
)

// Role is a principal: who may do what.
type Role struct {
	Name       string      // its logical id in the template
	User       string      // who has assumed it: arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
	Statements []Statement // of all its policies
}

// Access is one thing that somebody asks to do.
type Access struct {
	Action   string            // such as "ssm:GetParameter"
	Resource string            // an ARN, or "*" where AWS knows no resource of the action
	Context  map[string]string // the values that conditions test, by key
}

// Decision is IAM's answer.
type Decision struct {
	Allowed   bool
	Statement string // the id of the one that allowed or explicitly denied it, "" for none
}

// Decide answers as IAM does: a Deny wins, and what nothing allows is denied. Of several Allows the first is named.
func (r Role) Decide(access Access) Decision {
	var decision Decision
	for _, statement := range r.Statements {
		switch {
		case !statement.applies(access):
		case statement.Effect == deny:
			return Decision{Statement: statement.ID}
		case !decision.Allowed:
			decision = Decision{Allowed: true, Statement: statement.ID}
		}
	}

	return decision
}

func (s Statement) applies(access Access) bool {
	isAction := func(pattern string) bool { return matches(strings.ToLower(pattern), strings.ToLower(access.Action)) }
	isResource := func(pattern string) bool { return pattern == "*" || matchesARN(pattern, access.Resource) }
	for operator, tests := range s.Conditions {
		for key, patterns := range tests {
			if !access.has(key, patterns, operator) {
				return false
			}
		}
	}

	return slices.ContainsFunc(s.Actions, isAction) && slices.ContainsFunc(s.Resources, isResource)
}

// has says whether the value of a key, whose name has no case, is one of the patterns. A value that is not known is not there.
func (a Access) has(key string, patterns []string, operator string) bool {
	for name, value := range a.Context {
		if strings.EqualFold(name, key) {
			return slices.ContainsFunc(patterns, func(pattern string) bool {
				return pattern == value || operator == like && matches(pattern, value)
			})
		}
	}

	return false
}

// matches compares a text with a pattern in which * stands for any characters and ? for one.
func matches(pattern, text string) bool {
	expression := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))

	return regexp.MustCompile(`(?s)\A` + expression + `\z`).MatchString(text)
}

// matchesARN compares part by part, so that a * does not reach into the next one. The sixth part may have more colons.
func matchesARN(pattern, arn string) bool {
	patterns := strings.SplitN(pattern, ":", 6)
	parts := strings.SplitN(arn, ":", len(patterns))

	return slices.EqualFunc(patterns, parts, matches)
}
