package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/clientcred"
	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"
)

// Credentials says how a stack's secret is filled in.
type Credentials struct {
	Target

	// Ask gets the credentials once the stack is found, so that nobody types a secret in vain.
	Ask func(context.Context) (credentials.Credentials, error)
	// Confirm is asked before another client's credentials are replaced; its error ends the command, and nothing is changed.
	Confirm func(context.Context) error
}

// SetCredentials puts an OAuth client's id and secret into the stack's secret, and has the rotator try them. Credentials that
// are in the secret already are not stored again, but tried. Where they are stored and do not work, the error says so; the
// token of before stays.
func SetCredentials(ctx context.Context, c Credentials) error {
	stack, err := c.find(ctx, outputSecret, outputRotator)
	if err != nil {
		return err
	}

	given, err := c.Ask(ctx)
	if err != nil {
		return err
	}

	if err := c.store(ctx, stack.outputs[outputSecret], token.Credentials{ClientID: given.ClientID, ClientSecret: given.ClientSecret}); err != nil {
		return err
	}

	rotated, err := stack.rotate(ctx, `{"force":true}`)
	if ctx.Err() != nil {
		return fmt.Errorf("the credentials are stored, and were not tried to the end: %w", context.Cause(ctx))
	}

	if err != nil {
		return fmt.Errorf("the credentials are stored, and do not work yet; the token of before stays. The rotator says: %w", err)
	}

	c.line("work       the rotator got a token with them: version %d, good until %s", rotated.Version, rotated.ExpiresAt.UTC().Format(time.RFC3339))

	return nil
}

// store puts what is given into the secret, unless it is there.
func (c Credentials) store(ctx context.Context, id string, fresh token.Credentials) error {
	client := secretsmanager.NewFromConfig(c.AWS)
	there, err := stored(ctx, client, id)
	replaces := false

	switch {
	case awsapi.Denied(err):
		replaces = true
		c.line("unseen     your AWS role may not read the secret: whatever is in it will be replaced")
	case err != nil:
		return err
	case there.Equal(fresh):
		c.line("unchanged  just these credentials of client %s are in the secret already", fresh.ClientID)

		return nil
	case there.ClientID != "" && there.ClientID != fresh.ClientID:
		replaces = true
		c.line("replaces   the credentials of another client: %s; the new one is %s", there.ClientID, fresh.ClientID)
	}

	if replaces {
		if err := c.Confirm(ctx); err != nil {
			return err
		}
	}

	// The form that shared/clientcred reads.
	value, err := json.Marshal(map[string]string{"client_id": fresh.ClientID, "client_secret": fresh.ClientSecret.Reveal()})
	if err != nil {
		return errors.New("encode the credentials: they are no text")
	}

	text := string(value)
	if _, err := client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: &text}); err != nil {
		return explained(ctx, "put the credentials into the secret "+secretName(id), err)
	}

	c.line("stored     client %s in the secret %s", fresh.ClientID, secretName(id))

	return nil
}

// stored is what is in the secret; nothing where it is empty or not of the form. Its errors are of calls to AWS.
func stored(ctx context.Context, client *secretsmanager.Client, id string) (token.Credentials, error) {
	there, err := clientcred.New(client, id).Read(ctx)

	switch {
	case failure.Is(err, failure.InvalidCredentials):
		return token.Credentials{}, nil
	case err != nil:
		return token.Credentials{}, explained(ctx, "read the secret "+secretName(id), err)
	default:
		return there, nil
	}
}

const (
	// busyWait and busyAttempts are how often a rotator that is at work is asked again; a rotation takes about a second.
	busyWait     = 2 * time.Second
	busyAttempts = 10
)

// rotation is what the rotator answers, or why it failed.
type rotation struct {
	Version   int64     `json:"version"`
	ExpiresAt time.Time `json:"expires_at"`
	Type      string    `json:"errorType"`
	Message   string    `json:"errorMessage"`
}

// rotate asks the stack's rotator. The error is the rotator's own, by type and message, where it failed.
func (s *deployed) rotate(ctx context.Context, event string) (rotation, error) {
	function, err := s.output(outputRotator)
	if err != nil {
		return rotation{}, err
	}

	reply, err := lambda.NewFromConfig(s.AWS).Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, Payload: []byte(event)},
		func(o *lambda.Options) { o.Retryer = repeated(busyWait, busyAttempts) })
	if err != nil {
		return rotation{}, explained(ctx, "ask the rotator", err)
	}

	var answer rotation
	unread := json.Unmarshal(reply.Payload, &answer)

	switch {
	case reply.FunctionError != nil:
		return rotation{}, errors.New(withoutARNs(cmp.Or(answer.Type, *reply.FunctionError) + ": " + answer.Message))
	case unread != nil || answer.Version < 1:
		return rotation{}, errors.New("the rotator answers as no version of it does: deploy again")
	default:
		return answer, nil
	}
}
