package main

import (
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/exportstore"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/metrics"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/rotatorclient"
	"genesys-cloud-export/shared/settings"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// pageAttempt ends a page request that hangs; a page of 500 users takes the API a few seconds.
const pageAttempt = 30 * time.Second

// pageRetry outlasts a passing fault. Longer ones are left to the next invocation, whose wait costs nothing.
func pageRetry() retry.Policy {
	return retry.Policy{Base: time.Second, Cap: 30 * time.Second, Attempts: 5}
}

// newHandler wires the users export. A bad configuration makes a handler that answers every event with it.
func newHandler(environ []string, cloud aws.Config, client *http.Client, out io.Writer, logger *slog.Logger) *invocation.Handler {
	e, err := newExporter(environ, cloud, client, out, logger)
	if err != nil {
		return invocation.Refuse(err, logger)
	}

	return invocation.New(e.work, logger)
}

func newExporter(environ []string, cloud aws.Config, client *http.Client, out io.Writer, logger *slog.Logger) (*exporter, error) {
	var cfg config
	if err := settings.Load(&cfg, environ); err != nil {
		return nil, err
	}

	base, err := cfg.API()
	if err != nil {
		return nil, err
	}

	users := genesys.NewListing(genesys.Users(cfg.QueryMethod), genesys.Client{
		Base: base, HTTP: client, Tokens: newReader(&cfg, cloud), Attempt: pageAttempt, Logger: logger,
	})

	environment := cfg.Domain()
	if environment == "" {
		environment = base.Host
	}

	bucket := s3.NewFromConfig(cloud)

	return &exporter{
		engine: export.NewEngine(export.Config{
			Listings:    []export.Listing{users},
			Documents:   exportstore.NewDocuments(bucket, cfg.Bucket, cfg.Prefix),
			Parts:       exportstore.NewParts(bucket, cfg.Bucket, cfg.Prefix),
			Logger:      logger,
			Environment: environment,
			Generator:   generator(),
			PageSize:    cfg.PageSize,
			PartBytes:   export.DefaultPartBytes,
			Reserve:     cfg.Reserve(),
			Retry:       pageRetry(),

			MaxPerMinute: cfg.MaxRequestsPerMinute,
			SharePercent: cfg.RateSharePercent,
		}),
		metrics: &metrics.Emitter{Out: out, Stack: cfg.StackName, Listing: users.Name()},
		logger:  logger,
	}, nil
}

// newReader reads the stored token, and asks the rotator where one is named. The call is bounded by rotatorclient,
// so its HTTP client has no timeout of its own.
func newReader(cfg *config, cloud aws.Config) *token.Reader {
	reader := &token.Reader{Store: tokenstore.New(ssm.NewFromConfig(cloud), cfg.TokenParameterName, "")}

	if cfg.RotatorFunctionName != "" {
		reader.Rotator = rotatorclient.New(lambda.NewFromConfig(awsapi.Patient(cloud)), cfg.RotatorFunctionName)
	}

	return reader
}

// generator names what wrote an export: the module and its version, or its revision where that is known.
func generator() string {
	const name = "genesys-cloud-export"

	build, ok := debug.ReadBuildInfo()
	if !ok || build.Main.Version == "" || build.Main.Version == "(devel)" {
		return name
	}

	return name + " " + build.Main.Version
}
