package workflow_test

import (
	"encoding/json"
	"maps"
	"os"
	"testing"
)

// What is read of the state machine's definition, export.asl.json.

type machine struct {
	TimeoutSeconds int              `json:"TimeoutSeconds"`
	StartAt        string           `json:"StartAt"`
	States         map[string]state `json:"States"`
}

type state struct {
	Type           string `json:"Type"`
	Resource       string `json:"Resource"`
	TimeoutSeconds int    `json:"TimeoutSeconds"`
	Next           string `json:"Next"`
	Default        string `json:"Default"`
	Parameters     struct {
		Function string `json:"function"`
		Listings []struct {
			Listing string `json:"listing"`
		} `json:"listings"`
	} `json:"Parameters"`
	Result        map[string]any `json:"Result"`
	ItemProcessor *machine       `json:"ItemProcessor"` // of a Map; its states are among the machine's too
	Choices       []choice       `json:"Choices"`
	Retry         []retrier      `json:"Retry"`
	Catch         []catcher      `json:"Catch"`
}

type choice struct {
	AtLeast int    `json:"NumericGreaterThanEquals"`
	Equals  string `json:"StringEquals"`
	Next    string `json:"Next"`
	Or      []choice
}

type retrier struct {
	ErrorEquals     []string `json:"ErrorEquals"`
	IntervalSeconds int      `json:"IntervalSeconds"`
	BackoffRate     float64  `json:"BackoffRate"`
	MaxAttempts     int      `json:"MaxAttempts"`
	MaxDelaySeconds int      `json:"MaxDelaySeconds"`
	JitterStrategy  string   `json:"JitterStrategy"`
}

type catcher struct {
	ErrorEquals []string `json:"ErrorEquals"`
	Next        string   `json:"Next"`
}

func read(t *testing.T) machine {
	t.Helper()

	text, err := os.ReadFile("export.asl.json")
	if err != nil {
		t.Fatal(err)
	}

	var m machine
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}

	each := m.States[eachListing]
	maps.Copy(m.States, each.ItemProcessor.States)

	return m
}
