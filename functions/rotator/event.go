package main

import (
	"encoding/json"
	"strconv"

	"genesys-cloud-export/shared/event"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"
)

// parseEvent reads {}, an EventBridge event, {"force":true} or {"rejected_version":N}. Anything else is InvalidInput.
func parseEvent(payload []byte) (token.Rotation, error) {
	fields, err := event.Fields(payload)
	if err != nil || fromEventBridge(fields) {
		return token.Rotation{}, err
	}

	if err := event.Known(fields, []string{"force", "rejected_version"}); err != nil {
		return token.Rotation{}, err
	}

	var asked token.Rotation

	if raw, given := fields["force"]; given {
		if asked.Force = string(raw) == "true"; !asked.Force && string(raw) != "false" {
			return token.Rotation{}, failure.New(failure.InvalidInput, "force must be true or false")
		}
	}

	if raw, given := fields["rejected_version"]; given {
		if asked.RejectedVersion, err = strconv.ParseInt(string(raw), 10, 64); err != nil || asked.RejectedVersion < 1 {
			return token.Rotation{}, failure.New(failure.InvalidInput, "rejected_version must be a whole number from 1, the version of the stored token")
		}
	}

	if asked.Force && asked.RejectedVersion != 0 {
		return token.Rotation{}, failure.New(failure.InvalidInput, "force and rejected_version exclude each other: send one of them")
	}

	return asked, nil
}

// fromEventBridge knows an EventBridge event by its source and detail-type. Its detail is not looked at: the Scheduler
// sends a string where a rule sends an object.
func fromEventBridge(fields map[string]json.RawMessage) bool {
	for _, name := range []string{"source", "detail-type"} {
		var text string
		if json.Unmarshal(fields[name], &text) != nil || text == "" {
			return false
		}
	}

	_, forced := fields["force"]
	_, rejected := fields["rejected_version"]

	return !forced && !rejected
}
