package cloudwatchsim

import (
	"encoding/json"
	"errors"
	"fmt"
)

type alarmProperties struct {
	Title  string   `json:"title"`
	Alarms []string `json:"alarms"`
	SortBy string   `json:"sortBy"`
	States []State  `json:"states"`
}

func (w *Widget) parseAlarms(text json.RawMessage) error {
	var properties alarmProperties
	if err := decodeStrictly(text, &properties); err != nil {
		return err
	}

	w.Title, w.alarms = properties.Title, properties.Alarms

	if len(w.alarms) == 0 {
		return errors.New("it names no alarm")
	}

	if properties.SortBy != "" || properties.States != nil {
		return errors.New("sortBy and states are not known here: alarms are shown as they are listed, in any state")
	}

	return nil
}

type textProperties struct {
	Markdown   string `json:"markdown"`
	Background string `json:"background"`
}

func (w *Widget) parseText(text json.RawMessage) error {
	var properties textProperties
	if err := decodeStrictly(text, &properties); err != nil {
		return err
	}

	if w.text = properties.Markdown; w.text == "" {
		return errors.New("it has no markdown")
	}

	return nil
}

type logProperties struct {
	Title    string `json:"title"`
	Query    string `json:"query"`
	Region   string `json:"region"`
	View     string `json:"view"`
	Stacked  bool   `json:"stacked"`
	Timezone string `json:"timezone"`
}

func (w *Widget) parseLog(text json.RawMessage) error {
	var properties logProperties
	if err := decodeStrictly(text, &properties); err != nil {
		return err
	}

	w.Title = properties.Title

	if properties.Region == "" {
		return errors.New("it has no region")
	}

	if properties.View != "" && properties.View != "table" {
		return fmt.Errorf("its view %q is not table", properties.View)
	}

	query, err := parseLogQuery(properties.Query)
	if err != nil {
		return fmt.Errorf("its query: %w", err)
	}

	w.query = query

	return nil
}
