// Package stack is the local world in one piece: a Genesys Cloud organisation, AWS's S3, SSM, Secrets Manager and Lambda
// behind one address, and the built functions, wired by the template that wires them in AWS.
//
// The template alone says what the functions are: their environment, memory, timeout and concurrency, and what their roles may
// do. Each function's process has an access key of its own role, and what that role does not allow is refused as AWS refuses
// it. There are no asynchronous invocations here.
//
// Everything listens on free ports of loopback, and of one further address where that is given. Only the functions reach out,
// where the organisation is [Outside].
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
	// Template is the file of the template, Parameters are values of its parameters beside those that the stack sets itself: the
	// organisation's, those of bucket, prefix and secret, AwsEndpointUrl and Architecture.
	Template   string
	Parameters map[string]string
	// Organisation is whose data the functions export.
	Organisation Organisation
	// Binaries is the folder with a folder for each function, each with its bootstrap.
	Binaries string
	// Data is the folder below which S3 keeps its objects as plain files.
	Data string
	// AlsoListen is a further IP address to listen on, on the same ports as on loopback: that of Docker's bridge, so that
	// containers reach the stack. "" is none.
	AlsoListen string
	// Timeout is that of the export functions; 0 is the template's. It may be shorter than the template takes.
	Timeout time.Duration
	// Environment is set for every function, over what the template sets.
	Environment map[string]string
	// OnFullDisk is called whenever S3 has no room for an object, with an error that names the folder. It may be nil.
	OnFullDisk func(error)
	// Logs gets what the functions print. Nil drops it.
	Logs io.Writer
	// Logger reports what the endpoints meet. Nil drops it.
	Logger *slog.Logger
}

// Stack is the running local world. Close it.
type Stack struct {
	// Genesys is the organisation where it is [Simulated], else nil.
	Genesys *genesyssim.Simulator
	Lambda  *lambdasim.Endpoint
	// Objects is the stack's S3 itself, which tests fill up.
	Objects *s3sim.Endpoint
	// GenesysURL is where the organisation's API is, AWSURL where AWS is: http://127.0.0.1:port.
	GenesysURL, AWSURL string
	// IAM decides what the functions may do, with a record of what they did.
	IAM *iamsim.Guard
	// TokenParameter is the name of the SSM parameter with the token.
	TokenParameter string
	// RotationEvery is how often the template's schedule runs the rotator. The stack has no schedule of its own.
	RotationEvery time.Duration

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

	s.GenesysURL = organisation.apiURL

	// The functions' environment has the address, so that it is taken first and served on last.
	taken, err := s.listen(ctx, config.AlsoListen)
	if err != nil {
		return err
	}

	s.AWSURL = taken.url()
	s.aws = aws.Config{
		Region: Region, BaseEndpoint: &s.AWSURL, Credentials: credentials.NewStaticCredentialsProvider(developer, developer, ""),
	}

	stores, err := s.newStores(config)
	if err != nil {
		return err
	}

	secretARN, err := stores.putCredentials(ctx, organisation)
	if err != nil {
		return err
	}

	deployed, err := deploy(config, s.parameters(organisation, secretARN))
	if err != nil {
		return err
	}

	s.TokenParameter, s.RotationEvery = deployed.tokenParameter, deployed.rotationEvery
	s.IAM = iamsim.New(iamsim.Config{Roles: deployed.byKey, KeyARN: deployed.Parameters["KmsKeyArn"]})
	s.Lambda, err = lambdasim.New(lambdasim.Config{
		Region: Region, Logs: config.Logs, Logger: config.Logger, Functions: deployed.configured(config, organisation.variables),
	})
	if err != nil {
		return fmt.Errorf("start Lambda: %w", err)
	}

	s.serve(taken, gateway{
		parameters: s.IAM.Parameters(stores.parameters), secrets: s.IAM.Secrets(stores.secrets),
		objects: s.IAM.Objects(stores.objects), functions: s.IAM.Functions(s.Lambda),
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
