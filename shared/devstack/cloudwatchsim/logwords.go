package cloudwatchsim

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// queryWords splits a query into words: fields, signs, and what stands in quotes, backquotes or between slashes as one.
func queryWords(text string) ([]string, error) {
	var words []string

	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimLeftFunc(rest, unicode.IsSpace) {
		word, err := queryWord(rest)
		if err != nil {
			return nil, err
		}

		words = append(words, word)
		rest = rest[len(word):]
	}

	if len(words) == 0 {
		return nil, errors.New("it is empty")
	}

	return words, nil
}

func queryWord(text string) (string, error) {
	for _, sign := range []string{"!=", "<=", ">=", "=~", "=", "<", ">", "|", ",", "(", ")"} {
		if strings.HasPrefix(text, sign) {
			return sign, nil
		}
	}

	if quote := text[0]; strings.IndexByte("'\"`/", quote) >= 0 {
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case quote:
				return text[:i+1], nil
			}
		}

		return "", fmt.Errorf("a %c is not closed", quote)
	}

	word := leading(text, func(r rune) bool {
		return r == '-' || strings.ContainsRune("@._", r) || unicode.IsLetter(r) || unicode.IsDigit(r)
	})
	if word == "" {
		return "", fmt.Errorf("%q is no part of a query", []rune(text)[0])
	}

	return word, nil
}

// isField says whether a word names a field: bare, or in backquotes.
func isField(word string) bool {
	if len(word) > 2 && word[0] == '`' {
		return true
	}

	first := strings.TrimPrefix(word, "@")

	return first != "" && (first[0] == '_' || unicode.IsLetter([]rune(first)[0])) && word != "|"
}

func fieldName(word string) string { return strings.Trim(word, "`") }

// unquoted returns what stands in single or double quotes.
func unquoted(word string) (string, bool) {
	if len(word) < 2 || word[0] != '\'' && word[0] != '"' {
		return "", false
	}

	return strings.NewReplacer(`\\`, `\`, `\'`, `'`, `\"`, `"`).Replace(word[1 : len(word)-1]), true
}

// literal reads a value that a field is compared with.
func literal(word string) (any, bool) {
	if text, quoted := unquoted(word); quoted {
		return text, true
	}

	if slices.Contains([]string{"true", "false"}, word) {
		return word == "true", true
	}

	number, err := strconv.ParseFloat(word, 64)

	return number, err == nil
}

func splitWords(words []string, at string) [][]string {
	var parts [][]string

	for {
		end := slices.Index(words, at)
		if end < 0 {
			return append(parts, words)
		}

		parts = append(parts, words[:end])
		words = words[end+1:]
	}
}
