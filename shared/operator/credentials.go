package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/clientcred"
	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
)

// Credentials says how a stack's secret is filled in.
type Credentials struct {
	Target

	// Ask gets the credentials once the stack is found, so that nobody types a secret in vain.
	Ask func(context.Context) (credentials.Credentials, error)
	// Confirm is asked before another client's credentials are replaced; its error ends the command, and nothing is changed.
	Confirm func(context.Context) error
	// NoTry leaves out asking the rotator whether they work.
	NoTry bool
}

// SetCredentials puts an OAuth client's id and secret into the stack's secret, and has the rotator try them. What the
// secret holds already is not stored again, but tried. Where they are stored and do not work, the error says so; the
// token of before stays.
func SetCredentials(ctx context.Context, c Credentials) error {
	stack, err := c.find(ctx)
	if err != nil {
		return err
	}

	id, err := stack.output(outputSecret)
	if err != nil {
		return err
	}

	given, err := c.Ask(ctx)
	if err != nil {
		return err
	}

	if err := c.store(ctx, id, given); err != nil {
		return err
	}

	if c.NoTry {
		c.line("not tried  the rotator takes them with the next token")

		return nil
	}

	return c.try(ctx, stack)
}

// store puts what is given into the secret, unless it is there.
func (c Credentials) store(ctx context.Context, id string, given credentials.Credentials) error {
	client := secretsmanager.NewFromConfig(c.AWS)

	there, err := held(ctx, client, id)
	if err != nil && !awsapi.Denied(err) {
		return err
	}

	fresh := token.Credentials{ClientID: given.ClientID, ClientSecret: given.ClientSecret}

	switch {
	case err != nil:
		c.line("unseen     your AWS role may not read the secret: whatever it holds will be replaced")

		if err := c.Confirm(ctx); err != nil {
			return err
		}
	case there.Equal(fresh):
		c.line("unchanged  the secret holds just these credentials of client %s already", given.ClientID)

		return nil
	case there.ClientID != "" && there.ClientID != given.ClientID:
		c.line("replaces   the credentials of another client: %s; the new one is %s", there.ClientID, given.ClientID)

		if err := c.Confirm(ctx); err != nil {
			return err
		}
	}

	return c.put(ctx, client, id, fresh)
}

func (c Credentials) put(ctx context.Context, client *secretsmanager.Client, id string, fresh token.Credentials) error {
	value, err := encoded(fresh)
	if err != nil {
		return err
	}

	text := value.Reveal()
	if _, err := client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: &text}); err != nil {
		return told(ctx, "put the credentials into the secret "+secretName(id), err)
	}

	c.line("stored     client %s in the secret %s", fresh.ClientID, secretName(id))

	return nil
}

// encoded is the form that shared/clientcred reads.
func encoded(credentials token.Credentials) (secret.Text, error) {
	value, err := json.Marshal(map[string]string{
		"client_id": credentials.ClientID, "client_secret": credentials.ClientSecret.Reveal(),
	})
	if err != nil {
		return secret.Text{}, errors.New("encode the credentials: they are no text")
	}

	return secret.New(string(value)), nil
}

// try has the rotator mint a token with what the secret holds now.
func (c Credentials) try(ctx context.Context, stack *deployed) error {
	rotated, err := c.rotate(ctx, stack, `{"force":true}`)
	if ctx.Err() != nil {
		return fmt.Errorf("the credentials are stored, and were not tried to the end: %w", context.Cause(ctx))
	}

	if err != nil {
		return fmt.Errorf("the credentials are stored, and do not work yet; the token of before stays. The rotator says: %w", err)
	}

	c.line("work       the rotator got a token with them: version %d, good until %s", rotated.Version, clock(rotated.ExpiresAt))

	return nil
}

// held is what the secret holds; nothing where it is empty or not of the form. Its errors are of calls to AWS.
func held(ctx context.Context, client *secretsmanager.Client, id string) (token.Credentials, error) {
	there, err := clientcred.New(client, id).Read(ctx)
	if err == nil {
		return there, nil
	}

	if _, marked := errors.AsType[*types.InvalidRequestException](err); marked {
		return token.Credentials{}, fmt.Errorf(
			"the secret %s is marked for deletion: aws secretsmanager restore-secret --secret-id %s", secretName(id), commandline.Quoted(secretName(id)))
	}

	if failure.Is(err, failure.InvalidCredentials) {
		return token.Credentials{}, nil
	}

	return token.Credentials{}, told(ctx, "read the secret "+secretName(id), err)
}

// secretName is the name in a secret's ARN, whose last seven characters Secrets Manager adds.
func secretName(arn string) string {
	_, name, isARN := strings.Cut(arn, ":secret:")
	if !isARN {
		return arn
	}

	return name[:max(0, len(name)-len("-Ab12Cd"))]
}
