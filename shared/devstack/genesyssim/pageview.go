package genesyssim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// maxShownLine bounds a fault's line where it is shown: an entity in it may have megabytes.
	maxShownLine = 240
	// maxEditedScript bounds the script that the page offers for editing.
	maxEditedScript = 64 << 10
)

// pageView is what the admin page shows. It has no token and no secret to show.
type pageView struct {
	Nonce       string
	Failed      string
	Live        liveView
	Settings    []setting
	LimitValue  int
	Lifetime    int64
	MaxLifetime int64
	Script      string
	Examples    []exampleView
	Served      []endpoint
	Admin       []endpoint
	Topics      []topicView
}

// liveView is the part that changes by itself.
type liveView struct {
	Disabled bool
	Counts   []countView
	Requests []requestView
	Faults   []faultView
}

type countView struct {
	Name, Meaning string
	Value         int64
	Bad           bool // a count that a good client keeps at nothing
}

type requestView struct {
	What  string
	Count int64
}

type faultView struct {
	Line, Note string
	Seen, Hits int
}

type exampleView struct {
	Name, Script string
	Lines        []faultView
}

type topicView struct {
	Name   string
	Quirks []Quirk
}

func (s *Simulator) view() pageView {
	config := s.config
	config.TokenLifetime = s.tokens.lifetimeNow()

	return pageView{
		Live:        s.liveView(),
		Settings:    config.settings(),
		LimitValue:  config.perMinute(config.RateLimit),
		Lifetime:    int64(config.TokenLifetime / time.Second),
		MaxLifetime: int64(MaxTokenLifetime / time.Second),
		Script:      editable(s.Faults()),
		Examples:    viewExamples(),
		Served:      servedEndpoints(),
		Admin:       adminEndpoints(),
		Topics:      viewTopics(),
	}
}

func (s *Simulator) liveView() liveView {
	stats := s.Stats()
	_, _, disabled := s.tokens.client()
	live := liveView{Disabled: disabled, Counts: viewCounts(stats)}
	for _, what := range slices.Sorted(maps.Keys(stats.Requests)) {
		live.Requests = append(live.Requests, requestView{What: what, Count: stats.Requests[what]})
	}
	for _, count := range s.Faults() {
		live.Faults = append(live.Faults, viewFault(count))
	}

	return live
}

func viewCounts(stats Stats) []countView {
	early := int64(0)
	for _, n := range stats.EarlyRequests {
		early += n
	}

	return []countView{
		{Name: "tokens_minted", Value: stats.TokensMinted, Meaning: "tokens given"},
		{Name: "token_requests", Value: stats.TokenRequests, Meaning: "requests that a token endpoint looked at"},
		{Name: "pages", Value: stats.Pages, Meaning: "pages that went out whole"},
		{Name: "entities_served", Value: stats.EntitiesServed, Meaning: "users in them"},
		{Name: "throttled", Value: stats.Throttled, Meaning: "replies with 429"},
		{Name: "faults_hit", Value: stats.FaultsHit, Meaning: "requests that a fault hit"},
		{Name: "in_flight_max", Value: stats.InFlightMax, Meaning: "most requests at one time"},
		{Name: "bad_token_requests", Value: stats.BadTokenRequests, Meaning: "401 for an unknown, revoked or dead token", Bad: stats.BadTokenRequests > 0},
		{Name: "expired_token_requests", Value: stats.ExpiredTokenRequests, Meaning: "of them, for one that ran out", Bad: stats.ExpiredTokenRequests > 0},
		{Name: "early_requests", Value: early, Meaning: "before a Retry-After had passed", Bad: early > 0},
	}
}

func viewFault(count FaultCount) faultView {
	note := count.Fault.Note
	count.Fault.Note = ""
	line := []rune(line(count.Fault))
	if len(line) > maxShownLine {
		line = append(line[:maxShownLine], '…')
	}

	return faultView{Line: string(line), Note: note, Seen: count.Seen, Hits: count.Hits}
}

// line is a fault as a line of a script, without its end.
func line(fault Fault) string {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(fault); err != nil {
		panic(fmt.Sprintf("genesyssim: encode a fault: %v", err)) // strings and numbers always encode
	}

	return strings.TrimSuffix(encoded.String(), "\n")
}

// editable is the script in force as text, or nothing where it is too long to be edited in a page.
func editable(counts []FaultCount) string {
	var script strings.Builder
	for _, count := range counts {
		script.WriteString(line(count.Fault))
		script.WriteByte('\n')
	}
	if script.Len() > maxEditedScript {
		return ""
	}

	return script.String()
}

func viewExamples() []exampleView {
	examples, err := Examples()
	if err != nil {
		panic(fmt.Sprintf("genesyssim: %v", err)) // they are part of the program
	}
	views := make([]exampleView, len(examples))
	for i, example := range examples {
		views[i] = exampleView{Name: example.Name, Script: example.Script}
		for _, fault := range example.Faults {
			views[i].Lines = append(views[i].Lines, viewFault(FaultCount{Fault: fault}))
		}
	}

	return views
}

func viewTopics() []topicView {
	var topics []topicView
	for _, quirk := range Quirks() {
		if len(topics) == 0 || topics[len(topics)-1].Name != quirk.Topic {
			topics = append(topics, topicView{Name: quirk.Topic})
		}
		last := &topics[len(topics)-1]
		last.Quirks = append(last.Quirks, quirk)
	}

	return topics
}
