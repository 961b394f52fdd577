package iamsim

import (
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
	return s.namesAction(access.Action) && s.namesResource(access.Resource) &&
		!slices.ContainsFunc(s.Conditions, func(c Condition) bool { return !c.holds(access.Context) })
}

func (s Statement) namesAction(action string) bool {
	named := func(pattern string) bool { return matches(strings.ToLower(pattern), strings.ToLower(action)) }
	if len(s.NotActions) > 0 {
		return !slices.ContainsFunc(s.NotActions, named)
	}

	return slices.ContainsFunc(s.Actions, named)
}

func (s Statement) namesResource(resource string) bool {
	named := func(pattern string) bool { return pattern == "*" || matchesARN(pattern, resource) }
	if len(s.NotResources) > 0 {
		return !slices.ContainsFunc(s.NotResources, named)
	}

	return slices.ContainsFunc(s.Resources, named)
}
