package ssmsim

import (
	"strings"

	"genesys-cloud-export/shared/devstack/awsjson"
)

// The limits of a parameter's name: 15 levels, and 1,011 characters with the ARN's share taken off 2,048.
const (
	maxLevels     = 15
	maxNameLength = 1011
)

func validation(format string, args ...any) error {
	return awsjson.Errorf("ValidationException", format, args...)
}

// missing is what AWS says of a required member that is not there.
func missing(member string) error {
	return validation("1 validation error detected: Value null at '%s' failed to satisfy constraint: "+
		"Member must not be null", member)
}

// checkName refuses a name that a new parameter may not have.
func checkName(name string) error {
	switch {
	case name == "":
		return missing("name")
	case len(name) > maxNameLength:
		return validation("the parameter name has %d characters, %d are allowed", len(name), maxNameLength)
	case !plain(name):
		return validation("Parameter name: letters, digits and the symbols _.-/ are allowed, the last as a separator")
	case strings.Contains(name, "/") && !strings.HasPrefix(name, "/"):
		return validation("Parameter name must be a fully qualified name: one with a slash in it begins with a slash.")
	case strings.HasSuffix(name, "/") || strings.Contains(name, "//"):
		return validation("Parameter name must not end with a slash, nor have an empty level.")
	}
	if levels := strings.Count(name, "/"); levels > maxLevels {
		return awsjson.Errorf("HierarchyLevelLimitExceededException",
			"Hierarchical parameters may have %d levels, this one has %d.", maxLevels, levels)
	}

	return checkReserved(name)
}

// checkReserved refuses the names that AWS keeps for itself, upper or lower case: those that begin with aws or ssm.
func checkReserved(name string) error {
	first := strings.ToLower(strings.TrimPrefix(name, "/"))
	hierarchy := strings.Count(name, "/") > 1

	switch {
	case strings.HasPrefix(first, "aws") && hierarchy:
		return awsjson.Errorf("AccessDeniedException", "No access to reserved parameter name: %s.", name)
	case strings.HasPrefix(first, "aws"), strings.HasPrefix(first, "ssm"):
		return validation(`Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive).`)
	}

	return nil
}

func plain(name string) bool {
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("_.-/", c) >= 0:
		default:
			return false
		}
	}

	return true
}
