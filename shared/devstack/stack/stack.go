// Package stack is the local world in one piece: a Genesys Cloud organisation, AWS's S3, SSM, Secrets Manager and Lambda
// behind one address, and the built functions, wired by the template that wires them in AWS.
//
// The template alone says what the functions are: their environment, memory, timeout and concurrency, and what their roles may
// do. Each function's process has an access key of its own role; what that role does not allow is refused as AWS refuses it.
// Everything listens on free ports of loopback. Only the functions reach out, where the organisation is [Outside].
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/lambdasim"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/devstack/ssmsim"
)

// What the stack itself chooses, and gives the template as parameters where that has them.
const (
	Name     = "genesys-cloud-export"
	Bucket   = "exports-local"
	Prefix   = "exports"
	SecretID = "genesys-cloud-export/credentials" //nolint:gosec // where the secret lies, not the secret
	Region   = "eu-central-1"
	Account  = "000000000000"
)

// The functions' names, which are those of their folders.
const (
	Rotator         = "rotator"
	ExportUsers     = "export-users"
	ExportDirectory = "export-directory"
	ExportHistory   = "export-history"
)

// developer is the access key of whoever is no function, and may do everything.
const developer = "local"

// Config says what the local world is like.
type Config struct {
	Template string // the template's file
	// Parameters are the template's, beside those that the stack sets itself: the organisation's, those of bucket, prefix and secret,
	// AwsEndpointUrl and RunbookUrl.
	Parameters   map[string]string
	Organisation Organisation // whose data the functions export
	Binaries     string       // the folder with a folder for each function, each with its bootstrap
	Data         string       // the folder below which S3 keeps its objects as plain files
	// AlsoListen is a further IP address to listen on, on the same ports as on loopback: that of Docker's bridge, so that
	// containers reach the stack. "" is none.
	AlsoListen  string
	Timeout     time.Duration     // of the export functions, also shorter than the template allows; 0: the template's
	Environment map[string]string // is set for every function, over what the template sets
	OnFullDisk  func(error)       // is called whenever S3 has no room for an object, with an error that names the folder; may be nil
	Logs        io.Writer         // gets what the functions print; nil: nobody
	Logger      *slog.Logger      // gets what fails in S3 itself; nil: nobody
}

// Stack is the running local world. Close it.
type Stack struct {
	Genesys            *genesyssim.Simulator // the organisation where it is [Simulated], else nil
	Lambda             *lambdasim.Endpoint
	Objects            *s3sim.Endpoint // S3 itself, which tests fill up
	GenesysURL, AWSURL string          // of the organisation's API and of AWS: http://127.0.0.1:port
	IAM                *iamsim.Guard   // decides what the functions may do, with a record of what they did
	TokenParameter     string          // the name of the SSM parameter with the token
	RotationEvery      time.Duration   // how often the template's schedule runs the rotator; the stack has no schedule of its own

	aws     aws.Config // of the developer, who may do everything
	closers []func() error
}

// Start starts everything and stores the client credentials. On an error nothing is left running.
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
	organisation, err := config.Organisation.open(ctx, s, config.AlsoListen)
	if err != nil {
		return err
	}
	// The functions' environment has the address, so that it is taken first and served on last.
	taken, err := s.listen(ctx, config.AlsoListen)
	if err != nil {
		return err
	}
	s.GenesysURL, s.AWSURL = organisation.apiURL, taken.url()
	s.aws = aws.Config{
		Region: Region, BaseEndpoint: &s.AWSURL, Credentials: credentials.NewStaticCredentialsProvider(developer, developer, ""),
	}
	if s.Objects, err = s3sim.New(s3sim.Config{
		Folder: config.Data, Buckets: []string{Bucket}, OnFull: config.OnFullDisk, Logger: config.Logger,
	}); err != nil {
		return fmt.Errorf("start S3: %w", err)
	}
	s.closers = append(s.closers, s.Objects.Close)
	secrets := secretsim.New()
	secretARN, err := putCredentials(secrets, organisation)
	if err != nil {
		return err
	}
	deployed, err := deploy(config, s.parameters(organisation, secretARN))
	if err != nil {
		return err
	}
	s.TokenParameter, s.RotationEvery = deployed.tokenParameter, deployed.rotationEvery
	s.IAM = iamsim.New(iamsim.Config{Roles: deployed.byKey, KeyARN: deployed.Parameters["KmsKeyArn"]})
	functions := deployed.configured(config, organisation.variables)
	if s.Lambda, err = lambdasim.New(lambdasim.Config{Logs: config.Logs, Functions: functions}); err != nil {
		return fmt.Errorf("start Lambda: %w", err)
	}
	s.serve(taken, gateway{
		parameters: s.IAM.Parameters(ssmsim.New()), secrets: s.IAM.Secrets(secrets),
		objects: s.IAM.Objects(s.Objects), functions: s.IAM.Functions(s.Lambda),
	})

	return nil
}

// S3 is a client of the stack's S3.
func (s *Stack) S3() *s3.Client { return s3.NewFromConfig(s.aws) }

// SSM is a client of the stack's Parameter Store.
func (s *Stack) SSM() *ssm.Client { return ssm.NewFromConfig(s.aws) }

// Functions is a client of the stack's Lambda.
func (s *Stack) Functions() *lambda.Client { return lambda.NewFromConfig(s.aws) }

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
