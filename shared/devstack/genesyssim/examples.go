package genesyssim

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// exampleFiles holds the examples of the repository: what the admin page shows is what the tests run.
//
//go:embed testdata/faults/*.jsonl
var exampleFiles embed.FS

// Example is a fault script of the folder testdata/faults, which has one for each kind of fault.
type Example struct {
	// Name is the file's, without its ending.
	Name string
	// Script is the file's content.
	Script string
	// Faults is the script, parsed.
	Faults []Fault
}

// Examples returns the example of each kind of fault, sorted by name.
func Examples() ([]Example, error) {
	names, err := fs.Glob(exampleFiles, "testdata/faults/*.jsonl")
	if err != nil {
		return nil, fmt.Errorf("list the example fault scripts: %w", err)
	}

	examples := make([]Example, 0, len(names))
	for _, name := range names {
		script, err := exampleFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read an example fault script: %w", err)
		}
		faults, err := ParseFaults(bytes.NewReader(script))
		if err != nil {
			return nil, fmt.Errorf("read the example fault script %s: %w", name, err)
		}
		examples = append(examples, Example{
			Name: strings.TrimSuffix(path.Base(name), ".jsonl"), Script: string(script), Faults: faults,
		})
	}

	return examples, nil
}
