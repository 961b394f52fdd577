package template

import (
	"errors"
	"maps"
	"slices"
	"strconv"
)

// place is where something stands in a template, such as Resources.Rotator.Properties.Timeout.
type place struct {
	path string
	// static is set where nothing is known yet but the parameters: in conditions and rules.
	static bool
}

func (p place) key(name string) place {
	if p.path != "" {
		name = p.path + "." + name
	}

	return place{path: name, static: p.static}
}

func (p place) index(i int) place {
	return place{path: p.path + "[" + strconv.Itoa(i) + "]", static: p.static}
}

// problems are what is wrong with a template. The same problem at the same place counts once. The zero value has none.
type problems struct {
	found map[string]struct{}
}

func (p *problems) add(at place, text string) {
	if p.found == nil {
		p.found = map[string]struct{}{}
	}

	p.found[at.path+": "+text] = struct{}{}
}

// err joins the problems, sorted by place, or is nil where there are none.
func (p *problems) err() error {
	var all []error

	for _, text := range slices.Sorted(maps.Keys(p.found)) {
		all = append(all, errors.New(text))
	}

	return errors.Join(all...)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
