package deployment_test

import (
	"net/http/httptest"
	"path"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"genesys-cloud-export/shared/devstack/lambdasim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
)

// endpoint is a Lambda of these functions beside the scene's own, with the stack's other services.
func (s *scene) endpoint(config lambdasim.Config) *lambda.Client {
	s.t.Helper()

	served, err := lambdasim.New(config)
	if err != nil {
		s.t.Fatal(err)
	}

	server := httptest.NewServer(served)
	s.t.Cleanup(func() {
		_ = served.Close()
		server.Close()
	})

	return lambda.NewFromConfig(s.AWS, func(o *lambda.Options) { o.BaseEndpoint = &server.URL })
}

// function is a function of the template, wired to the scene's stack.
func (s *scene) function(resource template.Resource) lambdasim.Function {
	s.t.Helper()

	name := path.Base(text(s.t, resource.Properties, "CodeUri"))
	variables := map[string]string{"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": name, "AWS_LAMBDA_LOG_FORMAT": "JSON"}

	told, _ := within(resource.Properties, "Environment", "Variables").(map[string]any)
	for variable, value := range told {
		variables[variable], _ = value.(string)
	}

	return lambdasim.Function{
		Name: name, Path: filepath.Join(binaries, name, "bootstrap"), Env: variables, Timeout: 20 * time.Second,
	}
}

// wired is the template as the scene's stack runs it, down to the addresses.
func (s *scene) wired() *template.Stack {
	s.t.Helper()

	secret, err := s.SecretsManager().GetSecretValue(s.t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String(stack.SecretID)})
	if err != nil {
		s.t.Fatal(err)
	}

	return running(s.t, map[string]string{
		"GenesysTokenUrl": s.GenesysURL + "/oauth/token", "GenesysApiUrl": s.GenesysURL, "AwsEndpointUrl": s.AWSURL,
		"ExportBucketName": stack.Bucket, "ExportPrefix": stack.Prefix, "CredentialsSecretArn": aws.ToString(secret.ARN),
	})
}
