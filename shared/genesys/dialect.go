package genesys

import (
	"bytes"
	"encoding/json"
	"io"

	"genesys-cloud-export/shared/export"
)

// dialectBody is the tutorial's query. It knows no state and no order, so these are sent only where they are not the
// API's defaults.
func dialectBody(q export.Query, link string) io.Reader {
	body := struct {
		PageSize    int      `json:"pageSize"`
		NextPageURI string   `json:"nextPageUri,omitempty"`
		Expand      []string `json:"expand,omitempty"`
		State       string   `json:"state,omitempty"`
		SortOrder   string   `json:"sortOrder,omitempty"`
	}{PageSize: q.PageSize, NextPageURI: link, Expand: q.Expand}

	if q.State != q.DefaultState() {
		body.State = q.State
	}

	if q.SortOrder != q.DefaultSortOrder() {
		body.SortOrder = q.SortOrder
	}

	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err) // numbers and strings always encode
	}

	return bytes.NewReader(encoded)
}
