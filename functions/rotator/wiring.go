package main

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"genesys-cloud-export/shared/clientcred"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/metrics"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/settings"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

const (
	// tokenAttempt ends a token request that hangs; the endpoint answers in well under a second.
	tokenAttempt = 8 * time.Second
	// probeAttempt ends a probe that hangs: it is a convenience, and a rotation may have to follow.
	probeAttempt = 5 * time.Second
	// storeReserve is kept back from the deadline for storing the token, retries included.
	storeReserve = 8 * time.Second
)

// mintRetry is patient enough for a passing fault, and leaves the rest to the next minute's run.
func mintRetry() retry.Policy {
	return retry.Policy{Base: 500 * time.Millisecond, Cap: 5 * time.Second, Attempts: 4}
}

// newHandler wires the rotator. A bad configuration makes a handler that answers every event with it.
func newHandler(environ []string, cloud aws.Config, client *http.Client, out io.Writer, logger *slog.Logger) *invocation.Handler {
	var cfg config
	if err := settings.Load(&cfg, environ); err != nil {
		return invocation.Refuse(err, logger)
	}

	api, err := cfg.API()
	if err != nil {
		return invocation.Refuse(err, logger)
	}

	r := &rotator{
		token: &token.Rotator{
			Store:       tokenstore.New(ssm.NewFromConfig(cloud), cfg.TokenParameterName, cfg.KMSKeyID),
			Credentials: clientcred.New(secretsmanager.NewFromConfig(cloud), cfg.CredentialsSecretID),
			Issuer: &genesys.TokenClient{
				URL:        cfg.tokenURL(),
				AuthMethod: cfg.AuthMethod,
				Scopes:     strings.Join(strings.Fields(cfg.Scopes), " "),
				HTTP:       client,
				Retry:      mintRetry(),
				Attempt:    tokenAttempt,
				Reserve:    storeReserve,
			},
			Buffer:     cfg.buffer(),
			Prober:     &genesys.TokenProbe{Base: api, HTTP: client, Attempt: probeAttempt},
			ProbeEvery: cfg.probeEvery(),
		},
		metrics: &metrics.Emitter{Out: out, Stack: cfg.StackName},
		logger:  logger,
	}

	return invocation.New(r.work, logger)
}
