package template

// Stack is a template decided for one deployment: what its conditions leave out is not there, and no function is left.
type Stack struct {
	Parameters map[string]string   `json:"-"` // by name, defaults included
	Conditions map[string]bool     // by name
	Resources  map[string]Resource // by logical id
	Outputs    map[string]Output   // by name
}

// Resource is one resource of a stack.
type Resource struct {
	LogicalID string `json:"-"`
	Name      string `json:"-"` // in AWS, but for the random characters at the end; "" where that is not known of the type
	Type      string // such as "AWS::Serverless::Function"
	// Properties are what the template says, Globals included: text, int, float64, bool, []any and map[string]any; a
	// parameter is always text, also where its type is Number.
	Properties map[string]any `json:",omitempty"`
}

// Output is one output of a stack.
type Output struct {
	Description string `json:",omitempty"`
	Value       any    // text, a number or a bool
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
