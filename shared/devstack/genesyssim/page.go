package genesyssim

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"time"
)

// pageSource is the admin page: one document with its style and script in it, so that it asks for nothing else.
//
//go:embed page.html
var pageSource string

// The two parts of pageSource.
const (
	wholePage = "page"
	livePart  = "live" // what changes by itself, and is fetched again and again
)

func parsePage() (*template.Template, error) {
	parsed, err := template.New("").Parse(pageSource)
	if err != nil {
		return nil, fmt.Errorf("parse the admin page: %w", err)
	}

	return parsed, nil
}

// answerPage serves the admin page.
func (s *Simulator) answerPage() *reply { return s.renderPage(http.StatusOK, s.view()) }

// answerLive serves the part of the admin page that changes by itself.
func (s *Simulator) answerLive() *reply { return s.render(http.StatusOK, livePart, s.liveView()) }

// answerForm does what a form of the admin page asks for, and leads back to the page; where it asks for nonsense, it shows
// the page again with the error and what was typed.
func (s *Simulator) answerForm(r *http.Request) *reply {
	if err := s.obeyForm(r); err != nil {
		view := s.view()
		view.Failed = err.Error()
		if r.PostForm.Get("do") == "faults" {
			view.Script = r.PostForm.Get("script")
		}

		return s.renderPage(http.StatusBadRequest, view)
	}
	answer := newReply(http.StatusSeeOther, "", nil)
	answer.header.Set("Location", adminPrefix)

	return answer
}

func (s *Simulator) obeyForm(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("the form cannot be read: %w", err)
	}
	switch asked := r.PostForm.Get("do"); asked {
	case "reset-stats":
		s.ResetStats()
	case "revoke-tokens":
		s.RevokeTokens()
	case "token-lifetime":
		seconds, err := strconv.ParseInt(r.PostForm.Get("seconds"), 10, 32)
		if err != nil {
			return errors.New("the token lifetime is no whole number of seconds")
		}

		return s.SetTokenLifetime(time.Duration(seconds) * time.Second)
	case "faults":
		faults, err := ParseFaults(bytes.NewReader([]byte(r.PostForm.Get("script"))))
		if err != nil {
			return err
		}

		return s.SetFaults(faults)
	default:
		return fmt.Errorf("there is no form %q", asked)
	}

	return nil
}

// renderPage renders the whole page, and forbids it everything but its own style and script.
func (s *Simulator) renderPage(status int, view pageView) *reply {
	view.Nonce = rand.Text()
	answer := s.render(status, wholePage, view)
	answer.header.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+view.Nonce+"'; script-src 'nonce-"+view.Nonce+
		"'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")

	return answer
}

func (s *Simulator) render(status int, part string, view any) *reply {
	var page bytes.Buffer
	parsed, err := s.page()
	if err == nil {
		err = parsed.ExecuteTemplate(&page, part, view)
	}
	if err != nil {
		panic(fmt.Sprintf("genesyssim: render the admin page: %v", err)) // the page is part of the program
	}
	answer := newReply(status, "text/html; charset=utf-8", page.Bytes())
	answer.header.Set("Cache-Control", "no-store")
	answer.header.Set("X-Content-Type-Options", "nosniff")

	return answer
}
