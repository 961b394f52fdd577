package iamsim

import (
	"regexp"
	"slices"
	"strings"
)

// Role is a principal: who may do what.
type Role struct {
	// Name is what people call the role: its logical id in the template.
	Name string
	// User is what AWS calls whoever has assumed it, arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION.
	User string
	// Statements are those of all its policies.
	Statements []Statement
}

// Access is one thing that somebody asks to do.
type Access struct {
	// Action is such as "ssm:GetParameter".
	Action string
	// Resource is an ARN, or "*" where AWS knows no resource of the action.
	Resource string
	// Context are the values that conditions test, by key. A key that is not there is missing for AWS too.
	Context map[string]string
}

// Decision is IAM's answer.
type Decision struct {
	Allowed bool
	// Statement is the id of the statement that allowed or explicitly denied it, "" where there was none for it.
	Statement string
}

// Decide answers as IAM does of identity policies alone: a Deny wins over every Allow, and what nothing allows is denied.
// Of several Allows the first is named.
func (r Role) Decide(access Access) Decision {
	var decision Decision
	for _, statement := range r.Statements {
		switch {
		case !statement.applies(access):
		case statement.Deny:
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
	unmet := func(c Condition) bool { return !c.met(access.Context) }

	return slices.ContainsFunc(s.Actions, isAction) && slices.ContainsFunc(s.Resources, isResource) &&
		!slices.ContainsFunc(s.Conditions, unmet)
}

// comparison is what a condition operator does, nil where it is not known here.
func comparison(operator string) func(pattern, value string) bool {
	return map[string]func(pattern, value string) bool{
		"StringEquals": func(pattern, value string) bool { return pattern == value }, "StringLike": matches,
	}[operator]
}

// met says whether the condition is met by what is known of a request. The names of keys have no case, and a value that is
// not known is not there.
func (c Condition) met(context map[string]string) bool {
	for name, value := range context {
		if strings.EqualFold(name, c.Key) {
			return slices.ContainsFunc(c.Values, func(pattern string) bool { return comparison(c.Operator)(pattern, value) })
		}
	}

	return false
}

// matches compares a text with a pattern in which * stands for any characters and ? for one.
func matches(pattern, text string) bool {
	expression := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))

	return regexp.MustCompile(`(?s)\A` + expression + `\z`).MatchString(text)
}

// arnParts is in how many parts colons take an ARN apart; the last may have more colons.
const arnParts = 6

// matchesARN compares part by part, so that a * does not reach into the next one, but for the pattern's last.
func matchesARN(pattern, arn string) bool {
	patterns := strings.SplitN(pattern, ":", arnParts)
	parts := strings.SplitN(arn, ":", len(patterns))

	return slices.EqualFunc(patterns, parts, matches)
}
