package invocation

import (
	"cmp"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/settings"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
)

// Process is what a function's process gets from its surroundings. Tests make their own.
type Process struct {
	Environ []string // "NAME=value" each
	Cloud   aws.Config
	// CloudFailure is why Cloud cannot be used; nil: it can.
	CloudFailure error
	HTTP         *http.Client // for Genesys Cloud
	Out          io.Writer    // for metrics
	Logger       *slog.Logger
	// Stopping is closed once the process is asked to end (SIGTERM), so that an invocation can stop in good order.
	Stopping <-chan struct{}
}

// NewProcess returns the process that it runs in, logs its version, and silences the standard logger. Call it once, in main.
func NewProcess() *Process {
	log.SetOutput(io.Discard)

	// Pages come and go by the megabyte; without a limit the heap would grow by as much as lives before it is collected.
	if limit := settings.MemoryLimit(os.Environ()); limit > 0 {
		debug.SetMemoryLimit(limit)
	}

	cloud, err := awsapi.Load(os.Environ())
	stopping := make(chan struct{})
	go func() { // beside the rest of the start, as it waits for threads to begin
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGTERM)
		<-asked
		close(stopping)
	}()

	logger := lambdacontext.NewLogger()
	logger.Info("the function starts", "version", Version())

	return &Process{
		Environ: os.Environ(), Cloud: cloud, CloudFailure: err, HTTP: genesys.NewHTTPClient(), Out: os.Stdout,
		Logger: logger, Stopping: stopping,
	}
}

// Version is what the function was built from: the module's version, or the commit's, or "unknown" where neither is known.
func Version() string {
	build, ok := debug.ReadBuildInfo()
	if !ok || build.Main.Version == "" || build.Main.Version == "(devel)" {
		return "unknown"
	}

	return build.Main.Version
}

// Load reads the function's settings. All that is wrong with them and with the AWS configuration is one InvalidConfiguration.
func (p *Process) Load(into settings.Validator) error {
	err := settings.Load(into, p.Environ)
	if err != nil && p.CloudFailure != nil {
		return failure.Because(p.CloudFailure, failure.InvalidConfiguration, "%v; %v", err, p.CloudFailure)
	}

	return cmp.Or(err, p.CloudFailure)
}
