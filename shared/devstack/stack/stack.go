// Package stack is the local world in one piece: a Genesys Cloud organisation, AWS's S3, SSM, Secrets Manager and Lambda
// behind one address, and the built functions wired to them as the template wires them in AWS.
//
// Everything listens on the address that it is told to, loopback by default, on free ports. Nothing of it reaches out, but
// for the functions where the organisation is [Outside].
package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/lambdasim"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/secret"
)

// The names of what the stack holds, as the template's would be in AWS.
const (
	Rotator       = "rotator"
	ExportUsers   = "export-users"
	Bucket        = "exports-local"
	Prefix        = "exports"
	ParameterName = "/genesys-cloud-export/token"
	SecretID      = "genesys-cloud-export/credentials" //nolint:gosec // where the secret lies, not the secret
	Region        = "eu-central-1"
)

// rotatorTimeout is the rotator's, as in the template.
const rotatorTimeout = 30 * time.Second

// Config says what the local world is like.
type Config struct {
	// Organisation is whose data the functions export.
	Organisation Organisation
	// Binaries is the folder with a folder for each function, each with its bootstrap.
	Binaries string
	// Data is the folder below which S3 keeps its objects as plain files.
	Data string
	// Listen is the IP address that is listened on; "" is 127.0.0.1.
	Listen string
	// Timeout is that of the export functions; 0 is 15 minutes, as in the template.
	Timeout time.Duration
	// Environment is set for every function, over what the stack itself sets.
	Environment map[string]string
	// Logs gets what the functions print. Nil drops it.
	Logs io.Writer
	// Logger is told of what the endpoints meet. Nil drops it.
	Logger *slog.Logger
}

// Stack is the running local world. Close it.
type Stack struct {
	// Genesys is the organisation where it is [Simulated], else nil.
	Genesys *genesyssim.Simulator
	Lambda  *lambdasim.Endpoint
	// GenesysURL is where the organisation's API is, AWSURL where AWS is: http://127.0.0.1:port.
	GenesysURL string
	AWSURL     string
	// AWS is a configuration that leads to the stack's AWS.
	AWS aws.Config

	clientSecret secret.Text
	closers      []func() error
}

// Start starts everything and fills in the client credentials. On an error nothing is left running.
func Start(ctx context.Context, config Config) (*Stack, error) {
	s := &Stack{}
	if err := s.start(ctx, config); err != nil {
		return nil, errors.Join(err, s.Close())
	}

	return s, nil
}

func (s *Stack) start(ctx context.Context, config Config) error {
	if config.Organisation == nil {
		return errors.New("start the stack: no organisation is given")
	}

	organisation, err := config.Organisation.open(ctx, s, config.Listen)
	if err != nil {
		return err
	}

	s.GenesysURL, s.clientSecret = organisation.apiURL, organisation.clientSecret

	if err := s.startAWS(ctx, config, organisation.variables); err != nil {
		return err
	}

	return s.putCredentials(ctx, organisation.clientID)
}

// startAWS takes the address first, as the functions' environment holds it, and serves on it last.
func (s *Stack) startAWS(ctx context.Context, config Config, variables map[string]string) error {
	listener, url, err := listen(ctx, config.Listen)
	if err != nil {
		return err
	}

	s.AWSURL = url

	gateway, err := s.newGateway(config, variables)
	if err != nil {
		return errors.Join(err, listener.Close())
	}

	s.serve(listener, gateway)

	s.AWS, err = awsconfig.LoadDefaultConfig(ctx,
		awsconfig.WithRegion(Region), awsconfig.WithBaseEndpoint(url),
		awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("local", "local", "")),
		awsconfig.WithSharedConfigFiles(nil), awsconfig.WithSharedCredentialsFiles(nil))
	if err != nil {
		return fmt.Errorf("configure the AWS client: %w", err)
	}

	return nil
}

// listen takes a free port of host and returns its address.
func listen(ctx context.Context, host string) (net.Listener, string, error) {
	if host == "" {
		host = "127.0.0.1"
	}

	var listening net.ListenConfig

	listener, err := listening.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, "", fmt.Errorf("listen on %s: %w", host, err)
	}

	return listener, "http://" + listener.Addr().String(), nil
}

func (s *Stack) serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Close, and with nothing else that matters
	}()

	s.closers = append(s.closers, func() error {
		err := server.Close()
		<-done

		return err
	})
}

func (s *Stack) newGateway(config Config, variables map[string]string) (*gateway, error) {
	parameters, err := ssmsim.New(ssmsim.Config{Region: Region})
	if err != nil {
		return nil, fmt.Errorf("start SSM: %w", err)
	}

	secrets, err := secretsim.New(secretsim.Config{Region: Region})
	if err != nil {
		return nil, fmt.Errorf("start Secrets Manager: %w", err)
	}

	objects, err := s3sim.New(s3sim.Config{Folder: config.Data, Buckets: []string{Bucket}, Logger: config.Logger})
	if err != nil {
		return nil, fmt.Errorf("start S3: %w", err)
	}

	s.closers = append(s.closers, objects.Close)

	functions, err := s.newLambda(config, variables)
	if err != nil {
		return nil, err
	}

	return &gateway{parameters: parameters, secrets: secrets, objects: objects, lambda: functions}, nil
}

func (s *Stack) newLambda(config Config, variables map[string]string) (*lambdasim.Endpoint, error) {
	environment := s.environment(variables, config.Environment)

	timeout := config.Timeout
	if timeout == 0 {
		timeout = 15 * time.Minute
	}

	endpoint, err := lambdasim.New(lambdasim.Config{
		Region: Region,
		Logs:   config.Logs,
		Logger: config.Logger,
		Functions: []lambdasim.Function{
			{
				Name: Rotator, Path: filepath.Join(config.Binaries, Rotator, "bootstrap"), Timeout: rotatorTimeout,
				MemoryMB: 128, ReservedConcurrency: 1, Env: environment,
			},
			{
				Name: ExportUsers, Path: filepath.Join(config.Binaries, ExportUsers, "bootstrap"), Timeout: timeout,
				MemoryMB: 256, Env: environment,
			},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("start Lambda: %w", err)
	}

	s.Lambda = endpoint

	return endpoint, nil
}

// environment is what the functions are configured with, later ones over earlier. The AWS keys are no secrets: the endpoints
// take any.
func (s *Stack) environment(more ...map[string]string) map[string]string {
	variables := map[string]string{
		"AWS_LAMBDA_LOG_FORMAT":         "JSON", // as the template sets it
		"AWS_ENDPOINT_URL":              s.AWSURL,
		"AWS_ACCESS_KEY_ID":             "local",
		"AWS_SECRET_ACCESS_KEY":         "local",
		"GENESYS_CREDENTIALS_SECRET_ID": SecretID,
		"TOKEN_PARAMETER_NAME":          ParameterName,
		"ROTATOR_FUNCTION_NAME":         Rotator,
		"EXPORT_BUCKET":                 Bucket,
		"EXPORT_PREFIX":                 Prefix,
		"STACK_NAME":                    "local",
	}
	for _, set := range more {
		maps.Copy(variables, set)
	}

	return variables
}

func (s *Stack) putCredentials(ctx context.Context, clientID string) error {
	value, err := json.Marshal(map[string]string{"client_id": clientID, "client_secret": s.clientSecret.Reveal()})
	if err != nil {
		return fmt.Errorf("encode the client credentials: %w", err)
	}

	_, err = s.SecretsManager().CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: aws.String(SecretID), SecretString: aws.String(string(value)),
	})
	if err != nil {
		return fmt.Errorf("store the client credentials: %w", err)
	}

	return nil
}

// ClientSecret is the OAuth client's, for tests that make sure that it is nowhere seen.
func (s *Stack) ClientSecret() secret.Text { return s.clientSecret }

// S3 is a client of the stack's S3.
func (s *Stack) S3() *s3.Client { return s3.NewFromConfig(s.AWS) }

// SSM is a client of the stack's Parameter Store.
func (s *Stack) SSM() *ssm.Client { return ssm.NewFromConfig(s.AWS) }

// SecretsManager is a client of the stack's Secrets Manager.
func (s *Stack) SecretsManager() *secretsmanager.Client { return secretsmanager.NewFromConfig(s.AWS) }

// Functions is a client of the stack's Lambda.
func (s *Stack) Functions() *lambda.Client { return lambda.NewFromConfig(s.AWS) }

// Close stops everything, the functions' processes first: what they call has to outlive them. It may be called again.
func (s *Stack) Close() error {
	var failed error
	if s.Lambda != nil {
		failed = s.Lambda.Close()
	}

	for _, closer := range slices.Backward(s.closers) {
		failed = errors.Join(failed, closer())
	}

	s.closers = nil

	return failed
}
