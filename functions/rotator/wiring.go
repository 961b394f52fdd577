package main

import (
	"strings"
	"time"

	"genesys-cloud-export/shared/clientcred"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/metrics"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"

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

// newHandler wires the rotator. A bad configuration makes a handler that answers every event with it.
func newHandler(p *invocation.Process) *invocation.Handler {
	var cfg config
	if err := p.Load(&cfg); err != nil {
		return invocation.Refuse(err, p.Logger)
	}

	r := &rotator{
		token: &token.Rotator{
			Store:       tokenstore.New(ssm.NewFromConfig(p.Cloud), cfg.TokenParameterName, cfg.KMSKeyID),
			Credentials: clientcred.New(secretsmanager.NewFromConfig(p.Cloud), cfg.CredentialsSecretID),
			Issuer: &genesys.TokenClient{
				URL:        cfg.tokenURL(),
				AuthMethod: cfg.AuthMethod,
				Scopes:     strings.Join(strings.Fields(cfg.Scopes), " "),
				HTTP:       p.HTTP,
				// Patient enough for a fault that passes; the rest is left to the next invocation.
				Retry:   retry.Policy{Base: 500 * time.Millisecond, Cap: 5 * time.Second, Attempts: 4},
				Attempt: tokenAttempt,
				Reserve: storeReserve,
			},
			Buffer:     time.Duration(cfg.BufferSeconds) * time.Second,
			Prober:     &genesys.TokenProbe{Base: cfg.API(), HTTP: p.HTTP, Attempt: probeAttempt},
			ProbeEvery: time.Duration(cfg.ProbeSeconds) * time.Second,
		},
		metrics: &metrics.Emitter{Out: p.Out, Stack: cfg.StackName},
		logger:  p.Logger,
	}

	return invocation.New(r.work, p.Logger)
}
