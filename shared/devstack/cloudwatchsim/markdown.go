package cloudwatchsim

import (
	"html"
	"html/template"
	"regexp"
	"strings"
)

// markdown makes HTML of what a text widget usually has: headings, lists, paragraphs, bold, code and links. Anything else
// is shown as it is written.
func markdown(text string) template.HTML {
	var page strings.Builder

	list := false

	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)

		item, isItem := strings.CutPrefix(line, "- ")
		if isItem != list {
			page.WriteString(map[bool]string{true: "<ul>", false: "</ul>"}[isItem])
			list = isItem
		}

		page.WriteString(block(line, item, isItem))
	}

	if list {
		page.WriteString("</ul>")
	}

	return template.HTML(page.String()) //nolint:gosec // everything that was given is escaped by inline
}

func block(line, item string, isItem bool) string {
	level := len(line) - len(strings.TrimLeft(line, "#"))

	switch {
	case line == "":
		return ""
	case isItem:
		return "<li>" + inline(item) + "</li>"
	case level > 0 && level <= 6 && strings.HasPrefix(line[level:], " "):
		return "<h3>" + inline(strings.TrimSpace(line[level:])) + "</h3>"
	default:
		return "<p>" + inline(line) + "</p>"
	}
}

// inline escapes a line, and only then marks its parts.
func inline(line string) string {
	line = html.EscapeString(line)
	line = regexp.MustCompile("`([^`]+)`").ReplaceAllString(line, "<code>$1</code>")
	line = regexp.MustCompile(`\*\*([^*]+)\*\*`).ReplaceAllString(line, "<strong>$1</strong>")

	return regexp.MustCompile(`\[([^\]]+)\]\((https?://[^)\s]+)\)`).ReplaceAllString(line, `<a href="$2">$1</a>`)
}
