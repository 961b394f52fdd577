package template

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v3"
)

// jsonDocument reads a JSON text as the nodes that YAML would make of it. YAML's own reader takes most JSON, but neither
// tabs nor characters that are escaped in two halves.
func jsonDocument(content []byte) (*yaml.Node, error) {
	// Names that come twice are reported with all other problems.
	decoder := jsontext.NewDecoder(bytes.NewReader(content), jsontext.AllowDuplicateNames(true))

	root, err := jsonNode(decoder)
	if err != nil {
		return nil, err
	}

	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("it goes on after its end")
	}

	return root, nil
}

func jsonNode(decoder *jsontext.Decoder) (*yaml.Node, error) {
	token, err := decoder.ReadToken()
	if err != nil {
		return nil, err
	}

	node := &yaml.Node{Kind: yaml.ScalarNode, Value: token.String()}

	switch token.Kind() {
	case '{', '[':
		return jsonContainer(decoder, token.Kind())
	case 'n':
		node.Tag = "!!null"
	case 't', 'f':
		node.Tag = "!!bool"
	case '0':
		node.Tag = "!!float"
	default:
		node.Tag, node.Style = "!!str", yaml.DoubleQuotedStyle
	}

	return node, nil
}

func jsonContainer(decoder *jsontext.Decoder, open jsontext.Kind) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	end := jsontext.Kind('}')

	if open == '[' {
		node.Kind, node.Tag, end = yaml.SequenceNode, "!!seq", ']'
	}

	for decoder.PeekKind() != end {
		item, err := jsonNode(decoder)
		if err != nil {
			return nil, err
		}

		node.Content = append(node.Content, item)
	}

	_, err := decoder.ReadToken()

	return node, err
}
