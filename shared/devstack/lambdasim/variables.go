package lambdasim

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"strconv"
	"time"
)

// environ returns the whole environment of a process, the function's own variables and Lambda's.
func (f *function) environ(runtimeAPI string) []string {
	variables := map[string]string{
		"PATH": "/usr/local/bin:/usr/bin:/bin",
		// A home that holds nothing: the SDK would read the developer's profile in the real one.
		"HOME":               "/nonexistent",
		"LANG":               "en_US.UTF-8",
		"TZ":                 ":UTC",
		"AWS_REGION":         f.region,
		"AWS_DEFAULT_REGION": f.region,
	}
	maps.Copy(variables, f.Env)
	maps.Copy(variables, map[string]string{
		"_HANDLER":                        "bootstrap",
		"LAMBDA_TASK_ROOT":                filepath.Dir(f.Path),
		"AWS_LAMBDA_RUNTIME_API":          runtimeAPI,
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      logStream(time.Now()),
	})

	environ := make([]string, 0, len(variables))
	for key, value := range variables {
		environ = append(environ, key+"="+value)
	}

	return environ
}

// logStream returns the name of a log stream as Lambda makes one for each execution environment.
func logStream(now time.Time) string {
	var unique [16]byte
	_, _ = rand.Read(unique[:])

	return fmt.Sprintf("%s/[%s]%s", now.UTC().Format("2006/01/02"), version, hex.EncodeToString(unique[:]))
}
