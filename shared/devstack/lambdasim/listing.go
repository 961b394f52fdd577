package lambdasim

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"math"
	"net/http"
	"os"
	"runtime"
)

// functionConfiguration is what the API tells about a function. The environment is left out: the API's readers do not need
// it, and nobody should find a key in a terminal.
type functionConfiguration struct {
	FunctionName     string
	FunctionArn      string
	Runtime          string
	Role             string
	Handler          string
	CodeSize         int64
	CodeSha256       string
	Timeout          int
	MemorySize       int
	LastModified     string
	Version          string
	PackageType      string
	Architectures    []string
	State            string
	LastUpdateStatus string
}

// list answers ListFunctions, in one page.
func (e *Endpoint) list(w http.ResponseWriter, _ *http.Request) {
	functions := make([]functionConfiguration, 0, len(e.functions))
	for _, name := range e.Names() {
		functions = append(functions, e.functions[name].configuration())
	}

	writeJSON(w, http.StatusOK, map[string]any{"Functions": functions})
}

// describe answers GetFunction.
func (e *Endpoint) describe(w http.ResponseWriter, r *http.Request) {
	f := e.requested(w, r)
	if f == nil {
		return
	}

	answer := map[string]any{
		"Configuration": f.configuration(),
		"Code":          map[string]string{"RepositoryType": "S3", "Location": "file://" + f.Path},
	}
	if f.ReservedConcurrency != 0 {
		answer["Concurrency"] = map[string]int{"ReservedConcurrentExecutions": max(f.ReservedConcurrency, 0)}
	}
	writeJSON(w, http.StatusOK, answer)
}

// describeConfiguration answers GetFunctionConfiguration.
func (e *Endpoint) describeConfiguration(w http.ResponseWriter, r *http.Request) {
	if f := e.requested(w, r); f != nil {
		writeJSON(w, http.StatusOK, f.configuration())
	}
}

func (f *function) configuration() functionConfiguration {
	configuration := functionConfiguration{
		FunctionName:     f.Name,
		FunctionArn:      f.arn(),
		Runtime:          "provided.al2023",
		Role:             "arn:aws:iam::" + account + ":role/local",
		Handler:          "bootstrap",
		Timeout:          int(math.Ceil(f.Timeout.Seconds())),
		MemorySize:       f.MemoryMB,
		Version:          version,
		PackageType:      "Zip",
		Architectures:    []string{architecture()},
		State:            "Active",
		LastUpdateStatus: "Successful",
	}
	f.describeCode(&configuration)

	return configuration
}

// describeCode reads size, hash and age of the binary; where it is gone, they stay empty.
func (f *function) describeCode(c *functionConfiguration) {
	binary, err := os.Open(f.Path) //nolint:gosec // the path is the configuration's
	if err != nil {
		return
	}
	defer func() { _ = binary.Close() }()

	hash := sha256.New()
	size, err := io.Copy(hash, binary)
	if err != nil {
		return
	}
	c.CodeSize, c.CodeSha256 = size, base64.StdEncoding.EncodeToString(hash.Sum(nil))

	if info, err := binary.Stat(); err == nil {
		c.LastModified = info.ModTime().UTC().Format("2006-01-02T15:04:05.000-0700")
	}
}

// architecture names this machine's architecture as Lambda does.
func architecture() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}

	return "x86_64"
}
