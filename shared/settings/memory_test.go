package settings_test

import (
	"errors"
	"strings"
	"testing"

	"genesys-cloud-export/shared/exporter"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/settings"
)

func TestTheMemoryLimitIsHalfOfTheFunctionsMemory(t *testing.T) {
	t.Parallel()

	for variable, want := range map[string]int64{
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256": 128 << 20, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=much": 0, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=-1": 0, "OTHER=1": 0,
	} {
		if got := settings.MemoryLimit([]string{variable}); got != want {
			t.Errorf("%s: got %d, want %d", variable, got, want)
		}
	}
}

func TestAFailureIsToldTogetherWithWhatElseIsWrong(t *testing.T) {
	t.Parallel()

	failed := failure.New(failure.InvalidConfiguration, "the AWS configuration cannot be loaded")

	err := settings.Also(&exporter.Settings{}, []string{"EXPORT_PAGE_SIZE=0"}, failed)
	if !failure.Is(err, failure.InvalidConfiguration) || !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}

	for _, want := range []string{"EXPORT_PAGE_SIZE", "EXPORT_BUCKET", "TOKEN_PARAMETER_NAME", "AWS configuration"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %s", err, want)
		}
	}
}
