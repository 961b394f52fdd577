package ssmsim

import (
	"slices"
	"strings"

	"genesys-cloud-export/shared/devstack/awsjson"
)

// namesPerCall bounds GetParameters and DeleteParameters; AWS's limit.
const namesPerCall = 10

type getInput struct {
	Name           string
	WithDecryption bool
}

type getOutput struct{ Parameter shape }

func (e *Endpoint) get(in getInput) (getOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	if in.Name == "" {
		return getOutput{}, missing("name")
	}
	p, v, selector, err := e.lookup(in.Name)
	if err != nil {
		return getOutput{}, err
	}
	shown, err := e.show(p, v, selector, in.WithDecryption)

	return getOutput{Parameter: shown}, err
}

type namesInput struct {
	Names          []string
	WithDecryption bool
}

type getManyOutput struct {
	Parameters        []shape
	InvalidParameters []string
}

func (e *Endpoint) getMany(in namesInput) (getManyOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	if err := checkNames(in.Names); err != nil {
		return getManyOutput{}, err
	}

	out := getManyOutput{Parameters: []shape{}, InvalidParameters: []string{}}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(in.Names))) {
		p, v, selector, err := e.lookup(name)
		if err != nil {
			out.InvalidParameters = append(out.InvalidParameters, name)

			continue
		}
		shown, err := e.show(p, v, selector, in.WithDecryption)
		if err != nil {
			return getManyOutput{}, err
		}
		out.Parameters = append(out.Parameters, shown)
	}

	return out, nil
}

func checkNames(names []string) error {
	if len(names) < 1 || len(names) > namesPerCall {
		return validation("1 validation error detected: Value at 'names' failed to satisfy constraint: "+
			"Member must have length between 1 and %d", namesPerCall)
	}

	return nil
}

type byPathInput struct {
	Path             string
	Recursive        bool
	WithDecryption   bool
	ParameterFilters []filter
	MaxResults       *int
	NextToken        string
}

type pageOutput struct {
	Parameters []shape
	NextToken  string `json:",omitempty"`
}

func (e *Endpoint) getByPath(in byPathInput) (pageOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	if in.Path == "" {
		return pageOutput{}, missing("path")
	}
	if !strings.HasPrefix(in.Path, "/") {
		return pageOutput{}, validation("The parameter path must begin with a slash.")
	}
	scope := filter{Key: "Path", Option: "OneLevel", Values: []string{in.Path}}
	if in.Recursive {
		scope.Option = "Recursive"
	}
	matched, err := e.matching(append([]filter{scope}, in.ParameterFilters...))
	if err != nil {
		return pageOutput{}, err
	}

	const largest = 10
	page, next, err := paged(matched, in.NextToken, in.MaxResults, largest)
	if err != nil {
		return pageOutput{}, err
	}

	out := pageOutput{Parameters: []shape{}, NextToken: next}
	for _, p := range page {
		shown, err := e.show(p, p.latest(), "", in.WithDecryption)
		if err != nil {
			return pageOutput{}, err
		}
		out.Parameters = append(out.Parameters, shown)
	}

	return out, nil
}

// paged cuts a page out of all; the size asked for is bounded as AWS does, and refused outside.
func paged[T any](all []T, token string, asked *int, largest int) ([]T, string, error) {
	size := largest
	if asked != nil {
		size = *asked
	}
	if size < 1 || size > largest {
		return nil, "", validation("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy "+
			"constraint: Member must be between 1 and %d", size, largest)
	}
	page, next, err := awsjson.Page(all, token, size)
	if err != nil {
		return nil, "", awsjson.Errorf("InvalidNextToken", "The specified token isn't valid.")
	}

	return page, next, nil
}

type removeInput struct{ Name string }

func (e *Endpoint) remove(in removeInput) (struct{}, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	if in.Name == "" {
		return struct{}{}, missing("name")
	}
	name := e.plainName(in.Name)
	if _, found := e.parameters[name]; !found {
		return struct{}{}, notFound(name)
	}
	delete(e.parameters, name)

	return struct{}{}, nil
}

type removeManyOutput struct {
	DeletedParameters []string
	InvalidParameters []string
}

func (e *Endpoint) removeMany(in namesInput) (removeManyOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	if err := checkNames(in.Names); err != nil {
		return removeManyOutput{}, err
	}

	out := removeManyOutput{DeletedParameters: []string{}, InvalidParameters: []string{}}
	for _, given := range in.Names {
		name := e.plainName(given)
		if _, found := e.parameters[name]; !found {
			out.InvalidParameters = append(out.InvalidParameters, given)

			continue
		}
		delete(e.parameters, name)
		out.DeletedParameters = append(out.DeletedParameters, given)
	}

	return out, nil
}
