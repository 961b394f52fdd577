package s3sim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"genesys-cloud-export/shared/devstack/s3sim"
)

func TestAFullDiskIsToldByNameAndRefusesNothingButWrites(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, config s3sim.Config) {
		t.Helper()
		var told []error
		config.OnFull = func(err error) { told = append(told, err) }
		endpoint := open(t, config)
		server := httptest.NewServer(endpoint)
		t.Cleanup(server.Close)
		client := newClient(server.URL, server.Client())
		put(t, client, "before", "there")

		endpoint.Fill(true)
		for _, content := range []string{"something", ""} {
			_, err := client.PutObject(t.Context(), putInput("more", content))
			wantStatus(t, err, http.StatusInsufficientStorage)
			wantCode(t, err, "DiskFull")
		}
		if _, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("before")}); err != nil {
			t.Errorf("what is there cannot be read: %v", err)
		}
		if len(told) != 2 || !strings.Contains(told[0].Error(), "the disk is full below "+config.Folder) {
			t.Errorf("told of %v, want two writes that found the disk full", told)
		}

		endpoint.Fill(false)
		put(t, client, "more", "something")
	})
}
