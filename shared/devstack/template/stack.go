package template

// Stack is a template decided for one deployment: what its conditions leave out is not there, and no function is left.
type Stack struct {
	// Parameters are the values by name, defaults included.
	Parameters map[string]string `json:"-"`
	// Conditions says of every condition whether it is true.
	Conditions map[string]bool
	// Resources by logical id.
	Resources map[string]Resource
	// Outputs by name.
	Outputs map[string]Output
}

// Resource is one resource of a stack.
type Resource struct {
	// LogicalID is its name in the template, Name is what it is called in AWS, but for the random characters at the end; ""
	// where that is not known of the type.
	LogicalID string `json:"-"`
	Name      string `json:"-"`
	// Type is such as "AWS::Serverless::Function".
	Type string
	// Properties are what the template says, Globals included: text, int, float64, bool, []any and map[string]any; a
	// parameter is always text, also where its type is Number.
	Properties map[string]any `json:",omitempty"`
	// DeletionPolicy and UpdateReplacePolicy are as the template has them; "" is "Delete".
	DeletionPolicy      string `json:",omitempty"`
	UpdateReplacePolicy string `json:",omitempty"`
}

// Output is one output of a stack.
type Output struct {
	// Description is the template's, or "".
	Description string `json:",omitempty"`
	// Value is text, a number or a bool.
	Value any
}

// OfType returns the stack's resources of a type, sorted by logical id.
func (s *Stack) OfType(t string) (all []Resource) {
	for _, id := range sortedKeys(s.Resources) {
		if s.Resources[id].Type == t {
			all = append(all, s.Resources[id])
		}
	}

	return all
}
