package genesys

import (
	"net/http"
	"slices"
)

// inBody reports whether pages are asked for in the tutorial's dialect: by POST, with the query in the body.
func (p *pages) inBody() bool { return p.method == http.MethodPost }

// body is the tutorial's query. It knows no state and no order, which are sent only where they are not the API's defaults.
func (p *pages) body(link string) []byte {
	var query object

	query.add(p.definition.Paging.size(), p.pageSize)

	if link != "" {
		query.add("nextPageUri", link)
	}

	for _, option := range p.definition.Options {
		if values := p.values[option.Name]; !slices.Equal(values, option.defaults()) {
			query.add(option.Parameter, option.value(values))
		}
	}

	return query.closed()
}
