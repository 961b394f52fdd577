package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/devstack/ssmsim"
)

// endpoints are AWS's stores.
type endpoints struct {
	parameters, secrets, objects http.Handler
}

func (s *Stack) newEndpoints(config Config) (endpoints, error) {
	var err error
	s.Objects, err = s3sim.New(s3sim.Config{
		Folder: config.Data, Buckets: []string{Bucket}, OnFull: config.OnFullDisk, Logger: config.Logger,
	})
	if err != nil {
		return endpoints{}, fmt.Errorf("start S3: %w", err)
	}

	s.closers = append(s.closers, s.Objects.Close)

	return endpoints{
		parameters: ssmsim.New(ssmsim.Config{Region: Region, Account: Account}),
		secrets:    secretsim.New(secretsim.Config{Region: Region, Account: Account}),
		objects:    s.Objects,
	}, nil
}

// guarded is the stores and Lambda behind one address, each for whoever may use it.
func (e endpoints) guarded(guard *iamsim.Guard, lambda http.Handler) *gateway {
	return &gateway{
		parameters: guard.Parameters(e.parameters), secrets: guard.Secrets(e.secrets), objects: guard.Objects(e.objects),
		lambda: guard.Functions(lambda),
	}
}

// putCredentials stores the client credentials and returns the secret's ARN, which the template is told. As nobody serves
// yet, the request goes through a network of its own.
func (e endpoints) putCredentials(ctx context.Context, organisation access) (string, error) {
	value, err := json.Marshal(map[string]string{
		"client_id": organisation.clientID, "client_secret": organisation.clientSecret.Reveal(),
	})
	if err != nil {
		return "", fmt.Errorf("encode the client credentials: %w", err)
	}

	const address = "secrets:80"

	network := memnet.New()

	stop, err := network.Serve(address, e.secrets)
	if err != nil {
		return "", fmt.Errorf("store the client credentials: %w", err)
	}
	defer stop()

	transport := network.Transport()
	defer transport.CloseIdleConnections()

	client := secretsmanager.New(secretsmanager.Options{
		Region: Region, BaseEndpoint: aws.String("http://" + address), HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider(developer, developer, ""),
	})

	reply, err := client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: aws.String(SecretID), SecretString: aws.String(string(value)),
	})
	if err != nil {
		return "", fmt.Errorf("store the client credentials: %w", err)
	}

	return aws.ToString(reply.ARN), nil
}
