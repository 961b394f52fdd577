package ssmsim

import (
	"maps"
	"slices"
	"strings"

	"genesys-cloud-export/shared/devstack/awsjson"
)

// caller is who changed every parameter.
const caller = "arn:aws:iam::000000000000:user/local"

// metadata is a parameter's version as DescribeParameters and GetParameterHistory show it; the latter with value and
// labels.
type metadata struct {
	Name             string
	ARN              string `json:",omitempty"`
	Type             string
	KeyID            string `json:"KeyId,omitempty"`
	LastModifiedDate awsjson.Timestamp
	LastModifiedUser string
	Description      string   `json:",omitempty"`
	Value            string   `json:",omitempty"`
	AllowedPattern   string   `json:",omitempty"`
	Version          int64    `json:"Version"`
	Labels           []string `json:",omitzero"`
	Tier             string
	Policies         []string
	DataType         string
}

func describeVersion(p *parameter, v *version) metadata {
	return metadata{
		Name: p.name, Type: p.kind, KeyID: v.keyID, LastModifiedDate: awsjson.At(v.modified), LastModifiedUser: caller,
		Description: v.description, AllowedPattern: v.pattern, Version: v.number, Tier: v.tier, DataType: v.dataType,
	}
}

type historyInput struct {
	Name           string
	WithDecryption bool
	MaxResults     *int
	NextToken      string
}

type metadataOutput struct {
	Parameters []metadata
	NextToken  string `json:",omitempty"`
}

// largestPage bounds the pages of GetParameterHistory and DescribeParameters; AWS's limit.
const largestPage = 50

func (e *Endpoint) history(in historyInput) (metadataOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	if in.Name == "" {
		return metadataOutput{}, missing("name")
	}
	name := e.plainName(in.Name)
	p, found := e.parameters[name]
	if !found {
		return metadataOutput{}, notFound(name)
	}
	page, next, err := paged(p.versions, in.NextToken, in.MaxResults, largestPage)
	if err != nil {
		return metadataOutput{}, err
	}

	out := metadataOutput{Parameters: []metadata{}, NextToken: next}
	for _, v := range page {
		shown, err := e.show(p, v, "", in.WithDecryption)
		if err != nil {
			return metadataOutput{}, err
		}
		m := describeVersion(p, v)
		m.Value = shown.Value
		m.Labels = append([]string{}, v.labels...)
		out.Parameters = append(out.Parameters, m)
	}

	return out, nil
}

type describeInput struct {
	Filters          []legacyFilter
	ParameterFilters []filter
	MaxResults       *int
	NextToken        string
}

func (e *Endpoint) describe(in describeInput) (metadataOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()

	if len(in.Filters) > 0 && len(in.ParameterFilters) > 0 {
		return metadataOutput{}, validation("You can use either Filters or ParameterFilters in a single request.")
	}
	filters := in.ParameterFilters
	for _, old := range in.Filters {
		filters = append(filters, filter{Key: old.Key, Values: old.Values, Option: old.option()})
	}
	matched, err := e.matching(filters)
	if err != nil {
		return metadataOutput{}, err
	}
	page, next, err := paged(matched, in.NextToken, in.MaxResults, largestPage)
	if err != nil {
		return metadataOutput{}, err
	}

	out := metadataOutput{Parameters: []metadata{}, NextToken: next}
	for _, p := range page {
		m := describeVersion(p, p.latest())
		m.ARN = e.arn(p.name)
		out.Parameters = append(out.Parameters, m)
	}

	return out, nil
}

// filter is one condition of a listing; all must hold, each by any of its values.
type filter struct {
	Key    string
	Option string
	Values []string
}

// legacyFilter is a condition of DescribeParameters as it was before there were options: names by their beginning.
type legacyFilter struct {
	Key    string
	Values []string
}

func (f legacyFilter) option() string {
	if f.Key == "Name" {
		return "BeginsWith"
	}

	return "Equals"
}

// matching returns the parameters that pass all filters, by name. It must be called with the lock held.
func (e *Endpoint) matching(filters []filter) ([]*parameter, error) {
	var all []*parameter
	for _, name := range slices.Sorted(maps.Keys(e.parameters)) {
		all = append(all, e.parameters[name])
	}

	for _, f := range filters {
		values, err := f.field()
		if err != nil {
			return nil, err
		}
		accepts, err := f.comparison()
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(all, func(p *parameter) bool {
			return !slices.ContainsFunc(values(p), func(have string) bool {
				return slices.ContainsFunc(f.Values, func(want string) bool { return accepts(have, want) })
			})
		})
	}

	return all, nil
}

// field returns what of a parameter the filter looks at.
func (f filter) field() (func(*parameter) []string, error) {
	one := func(value func(*parameter) string) func(*parameter) []string {
		return func(p *parameter) []string { return []string{value(p)} }
	}

	switch f.Key {
	case "Name", "Path":
		return one(func(p *parameter) string { return p.name }), nil
	case "Type":
		return one(func(p *parameter) string { return p.kind }), nil
	case "KeyId":
		return one(func(p *parameter) string { return p.latest().keyID }), nil
	case "Tier":
		return one(func(p *parameter) string { return p.latest().tier }), nil
	case "DataType":
		return one(func(p *parameter) string { return p.latest().dataType }), nil
	case "Label":
		return func(p *parameter) []string { return p.latest().labels }, nil
	default:
		return nil, awsjson.Errorf("InvalidFilterKey", "The filter key %s is not known here.", f.Key)
	}
}

// comparison returns how a value is held against the filter's.
func (f filter) comparison() (func(have, want string) bool, error) {
	option := f.Option
	if option == "" {
		option = "Equals"
		if f.Key == "Path" {
			option = "OneLevel"
		}
	}

	switch {
	case f.Key == "Path" && option == "Recursive":
		return func(have, want string) bool { return strings.HasPrefix(have, folder(want)) }, nil
	case f.Key == "Path" && option == "OneLevel":
		return func(have, want string) bool {
			rest, inside := strings.CutPrefix(have, folder(want))

			return inside && !strings.Contains(rest, "/")
		}, nil
	case f.Key == "Path":
	case option == "Equals":
		return func(have, want string) bool { return have == want }, nil
	case option == "BeginsWith":
		return strings.HasPrefix, nil
	case option == "Contains" && f.Key == "Name":
		return strings.Contains, nil
	}

	return nil, awsjson.Errorf("InvalidFilterOption", "The filter option %s does not fit the key %s.", option, f.Key)
}

// folder returns a path with one slash at its end.
func folder(path string) string { return strings.TrimRight(path, "/") + "/" }
