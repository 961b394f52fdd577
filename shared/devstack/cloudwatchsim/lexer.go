package cloudwatchsim

import (
	"fmt"
	"strings"
	"unicode"
)

// tokenKind tells the words of an expression apart.
type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenNumber
	tokenName
	tokenSign
)

type token struct {
	kind tokenKind
	text string
}

func (t token) String() string {
	if t.kind == tokenEnd {
		return "the end"
	}

	return fmt.Sprintf("%q", t.text)
}

// maxExpression is CloudWatch's limit of an expression, in characters. It bounds how deep parentheses go, too.
const maxExpression = 2048

// tokenize splits an expression into words. The last one is the end.
func tokenize(text string) ([]token, error) {
	if len(text) > maxExpression {
		return nil, fmt.Errorf("it has %d characters, CloudWatch takes %d", len(text), maxExpression)
	}

	var tokens []token

	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimLeftFunc(rest, unicode.IsSpace) {
		next, err := nextToken(rest)
		if err != nil {
			return nil, err
		}

		tokens = append(tokens, next)
		rest = rest[len(next.text):]
	}

	return append(tokens, token{}), nil
}

func nextToken(text string) (token, error) {
	for _, sign := range []string{"==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ","} {
		if strings.HasPrefix(text, sign) {
			return token{tokenSign, sign}, nil
		}
	}

	if name := leading(text, func(r rune) bool { return r == '_' || asciiLetter(r) || asciiDigit(r) }); name != "" && !asciiDigit(rune(name[0])) {
		return token{tokenName, name}, nil
	}

	if number := leading(text, func(r rune) bool { return r == '.' || asciiDigit(r) }); number != "" {
		return token{tokenNumber, number}, nil
	}

	return token{}, fmt.Errorf("%q is no part of an expression", []rune(text)[0])
}

// leading returns the beginning of a text of which every letter is one of those meant.
func leading(text string, meant func(rune) bool) string {
	if end := strings.IndexFunc(text, func(r rune) bool { return !meant(r) }); end >= 0 {
		return text[:end]
	}

	return text
}

func asciiLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func asciiDigit(r rune) bool { return r >= '0' && r <= '9' }
