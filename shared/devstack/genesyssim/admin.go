package genesyssim

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	//go:embed page.html
	pageSource string
	//go:embed README.md
	readme string
)

// RevokeTokens revokes every token that the client has.
func (s *Simulator) RevokeTokens() { s.change(func(o *organisation) { clear(o.tokens) }) }

// answerAdmin does what a request under /_sim/ asks for; nil: it has written the reply itself. It asks for no token, so serve it on the
// loopback alone. What another site's page sends is refused.
func (s *Simulator) answerAdmin(x *exchange) *reply {
	if new(http.CrossOriginProtection).Check(x.request) != nil {
		return x.refuse(newError(http.StatusForbidden, "not.allowed", "Another site's page sent this; use the admin page itself"))
	}
	var err error
	switch x.request.Method + " " + x.request.URL.Path {
	case "GET /_sim/":
		return s.answerPage(x)
	case "GET /_sim/stats":
		return x.json(http.StatusOK, s.Stats())
	case "POST /_sim/faults":
		var faults []Fault
		if faults, err = ParseFaults(x.request.Body); err == nil {
			err = s.SetFaults(faults)
		}
	case "POST /_sim/revoke-tokens":
		s.RevokeTokens()
	case "POST /_sim/client":
		err = s.adminClient(x.request.Body)
	default:
		return s.adminEntities(x)
	}
	if err != nil {
		return x.refuse(errBadRequest(err.Error()))
	}

	return &reply{status: http.StatusNoContent}
}

// adminClient disables the OAuth client, which kills its tokens at once, or enables it, which brings none back.
func (s *Simulator) adminClient(body io.Reader) error {
	var asked struct {
		Disabled bool `json:"disabled"`
	}
	if err := decodeStrictly(body, &asked); err != nil {
		return err
	}
	s.change(func(o *organisation) { o.disabled = asked.Disabled })
	if asked.Disabled {
		s.RevokeTokens()
	}

	return nil
}

// answerPage serves the admin page. It has no token and no secret to show.
func (s *Simulator) answerPage(x *exchange) *reply {
	stats := jsontext.Value(marshal(s.Stats()))
	_ = stats.Indent() // it is JSON
	texts := template.FuncMap{"json": func(value any) string { return string(marshal(value)) }}
	var page bytes.Buffer
	err := template.Must(template.New("").Funcs(texts).Parse(pageSource)).Execute(&page, map[string]any{
		"Stats": stats.String(), "Faults": s.Faults(), "Readme": readme,
	})
	if err != nil {
		panic(fmt.Sprintf("genesyssim: render the admin page: %v", err)) // the page is part of the program
	}
	x.header.Set("Cache-Control", "no-store")
	x.header.Set("Content-Security-Policy", "frame-ancestors 'none'")

	return x.reply(http.StatusOK, "text/html; charset=utf-8", page.Bytes())
}
