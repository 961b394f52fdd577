package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"
)

// schedulerEvent is what EventBridge Scheduler sends where no input is configured: its detail is a string.
const schedulerEvent = `{"version":"0","id":"8f1f3c3e-0000-4000-8000-1c1e6f1d2a3b","detail-type":"Scheduled Event","source":"aws.scheduler",` +
	`"account":"000000000000","time":"2026-03-01T12:00:00Z","region":"eu-central-1","resources":["rotate"],"detail":"{}"}`

func TestAnEventThatIsRefusedAsksNobodyAndWritesNoMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)

		_, err := s.invoke(s.process(), `{"forse":true}`)

		s.wantError(err, "InvalidInput", `"forse"`)
		s.wantRequests(requests{})
		if got := s.metric("TokenRotated"); len(got) != 0 {
			t.Errorf("metrics were written: %v", got)
		}
	})
}

func TestEventsThatAreTaken(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		payload string
		want    token.Rotation
	}{
		"an empty object":      {`{}`, token.Rotation{}},
		"white space":          {" \n{ }\t", token.Rotation{}},
		"force":                {`{"force":true}`, token.Rotation{Force: true}},
		"force that is none":   {`{"force":false}`, token.Rotation{}},
		"a rejected version":   {`{"rejected_version":12}`, token.Rotation{RejectedVersion: 12}},
		"no force beside it":   {`{"force":false,"rejected_version":12}`, token.Rotation{RejectedVersion: 12}},
		"the Scheduler's":      {schedulerEvent, token.Rotation{}},
		"a rule's, an object":  {strings.Replace(schedulerEvent, `"{}"`, `{"a":[1]}`, 1), token.Rotation{}},
		"a bus event's":        {`{"source":"our.app","detail-type":"Token wanted","detail":null}`, token.Rotation{}},
		"the largest version":  {`{"rejected_version":9223372036854775807}`, token.Rotation{RejectedVersion: 9223372036854775807}},
		"a long unknown field": {`{"source":"s","detail-type":"t","` + strings.Repeat("x", 300) + `":1}`, token.Rotation{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := parseEvent([]byte(test.payload))
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestEventsThatAreRefused(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct{ payload, part string }{
		"nothing":                     {``, "empty"},
		"no JSON":                     {`{force:true}`, "not valid JSON"},
		"force as text":               {`{"force":"true"}`, "force"},
		"force as a number":           {`{"force":1}`, "force"},
		"force null":                  {`{"force":null}`, "force"},
		"version 0":                   {`{"rejected_version":0}`, "rejected_version"},
		"version -1":                  {`{"rejected_version":-1}`, "rejected_version"},
		"version as text":             {`{"rejected_version":"1"}`, "rejected_version"},
		"version null":                {`{"rejected_version":null}`, "rejected_version"},
		"a fraction of a version":     {`{"rejected_version":1.5}`, "rejected_version"},
		"a version with an exponent":  {`{"rejected_version":1e2}`, "rejected_version"},
		"a version over 64 bits":      {`{"rejected_version":9223372036854775808}`, "rejected_version"},
		"both":                        {`{"force":true,"rejected_version":1}`, "force and rejected_version"},
		"source alone":                {`{"source":"aws.events"}`, `"source"`},
		"source that is empty":        {`{"source":"","detail-type":"x"}`, `"detail-type"`},
		"force inside an envelope":    {`{"source":"s","detail-type":"t","force":true}`, `"detail-type"`},
		"rejection in an envelope":    {`{"source":"s","detail-type":"t","rejected_version":1}`, `"detail-type"`},
		"an exporter's event":         {`{"export_id":"a"}`, `"export_id"`},
		"a megabyte of a field value": {`{"force":"` + strings.Repeat("a", 1<<20) + `"}`, "force"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := parseEvent([]byte(test.payload))
			if !failure.Is(err, failure.InvalidInput) || got != (token.Rotation{}) {
				t.Fatalf("got %+v, %v, want InvalidInput", got, err)
			}

			if text := err.Error(); !strings.Contains(text, test.part) || len(text) > 200 {
				t.Errorf("the error is %.300q, want a short one that names %s", text, test.part)
			}
		})
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"force":true}`, `{"rejected_version":3}`, `{"force":true,"rejected_version":3}`, schedulerEvent, `{"source":1,"detail-type":"x"}`,
	} {
		f.Add([]byte(seed))
	}

	f.Fuzz(func(t *testing.T, payload []byte) {
		asked, err := parseEvent(payload)
		if err != nil {
			if failure.KindOf(err) != failure.InvalidInput || asked != (token.Rotation{}) {
				t.Fatalf("%+v with %v, want InvalidInput alone", asked, err)
			}

			return
		}

		if asked.Force && asked.RejectedVersion != 0 || asked.RejectedVersion < 0 {
			t.Fatalf("%q was taken for %+v", payload, asked)
		}
		// Nothing is asked for that the event does not spell out.
		if asked.Force && !bytes.Contains(payload, []byte("true")) || !json.Valid(payload) {
			t.Fatalf("%q was taken for %+v", payload, asked)
		}
	})
}
