package cloudwatchsim

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"
)

// LogRecord is one line of a log as CloudWatch Logs has it.
type LogRecord struct {
	At time.Time
	// LogGroup is where the line was written to. "" is any one.
	LogGroup string
	// Message is the whole line; Fields are its members where it is a JSON object, nil where it is none.
	Message string
	Fields  map[string]any
}

// ParseRecords takes every line of a log. A line's time is that of its member "timestamp" (RFC 3339, as Lambda's loggers
// write it) or of its metrics; lines without either have the time of the line before. Its error is that of reading.
func ParseRecords(log io.Reader) ([]LogRecord, error) {
	var (
		records []LogRecord
		at      time.Time
	)

	err := eachLine(log, func(line []byte) error {
		record := LogRecord{Message: string(line)}
		if json.Unmarshal(line, &record.Fields) != nil {
			record.Fields = nil
		}

		at = record.time(at)
		record.At = at
		records = append(records, record)

		return nil
	})

	return records, err
}

func (r LogRecord) time(otherwise time.Time) time.Time {
	if text, is := r.Fields["timestamp"].(string); is {
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return at.UTC()
		}
	}

	if metrics, is := r.Fields["_aws"].(map[string]any); is {
		if milliseconds, is := metrics["Timestamp"].(float64); is {
			return time.UnixMilli(int64(milliseconds)).UTC()
		}
	}

	return otherwise
}

// field returns a field by its name in a query: @timestamp, @message, @log, or a member, with dots for the members of
// members. What is not there is nil.
func (r LogRecord) field(name string) any {
	switch name {
	case "@timestamp":
		return r.At.UTC().Format("2006-01-02 15:04:05.000")
	case "@message":
		return r.Message
	case "@log":
		return r.LogGroup
	}

	fields := r.Fields

	for {
		if found, has := fields[name]; has {
			return found
		}

		outer, inner, dotted := strings.Cut(name, ".")
		if !dotted {
			return nil
		}

		fields, _ = fields[outer].(map[string]any)
		name = inner
	}
}

// fieldText is a field as the console shows it: numbers in full, truths as 1 and 0, what is no single value as JSON.
func fieldText(field any) string {
	switch of := field.(type) {
	case nil:
		return ""
	case string:
		return of
	case float64:
		return strconv.FormatFloat(of, 'f', -1, 64)
	case bool:
		if of {
			return "1"
		}

		return "0"
	default:
		text, _ := json.Marshal(of) // it came out of JSON

		return string(text)
	}
}
