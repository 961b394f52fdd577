package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/clientcred"
	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
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

// SetCredentials puts an OAuth client's id and secret into the stack's secret, and has the rotator try them. Credentials that
// are in the secret already are not stored again, but tried. Where they are stored and do not work, the error says so; the
// token of before stays.
func SetCredentials(ctx context.Context, c Credentials) error {
	stack, id, err := c.findOutput(ctx, outputSecret)
	if err != nil {
		return err
	}

	given, err := c.Ask(ctx)
	if err != nil {
		return err
	}

	if err := c.store(ctx, id, token.Credentials{ClientID: given.ClientID, ClientSecret: given.ClientSecret}); err != nil {
		return err
	}

	if c.NoTry {
		c.line("not tried  the rotator takes them with the next token")

		return nil
	}

	rotated, err := c.rotate(ctx, stack, `{"force":true}`)
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
	if err != nil && !awsapi.Denied(err) {
		return err
	}

	confirm := c.Confirm

	switch {
	case err != nil:
		c.line("unseen     your AWS role may not read the secret: whatever is in it will be replaced")
	case there.Equal(fresh):
		c.line("unchanged  just these credentials of client %s are in the secret already", fresh.ClientID)

		return nil
	case there.ClientID != "" && there.ClientID != fresh.ClientID:
		c.line("replaces   the credentials of another client: %s; the new one is %s", there.ClientID, fresh.ClientID)
	default:
		confirm = func(context.Context) error { return nil }
	}

	if err := confirm(ctx); err != nil {
		return err
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
	_, marked := errors.AsType[*types.InvalidRequestException](err)

	switch {
	case err == nil:
		return there, nil
	case marked:
		return token.Credentials{}, fmt.Errorf(
			"the secret %s is marked for deletion: aws secretsmanager restore-secret --secret-id %s", secretName(id), commandline.Quoted(secretName(id)))
	case failure.Is(err, failure.InvalidCredentials):
		return token.Credentials{}, nil
	default:
		return token.Credentials{}, explained(ctx, "read the secret "+secretName(id), err)
	}
}

const (
	// busyWait and busyAttempts are how often a rotator that is at work is asked again; a rotation takes about a second.
	busyWait     = 2 * time.Second
	busyAttempts = 10
)

// rotation is what the rotator answers.
type rotation struct {
	Version   int64     `json:"version"`
	ExpiresAt time.Time `json:"expires_at"`
}

// rotate asks the stack's rotator. The error is the rotator's own, by type and message, where it failed.
func (t Target) rotate(ctx context.Context, stack *deployed, event string) (rotation, error) {
	function, err := stack.output(outputRotator)
	if err != nil {
		return rotation{}, err
	}

	for attempt := 1; ; attempt++ {
		reply, err := driver.New(lambda.NewFromConfig(t.AWS), driver.Config{}).Invoke(ctx, function, []byte(event))

		var answer rotation

		failed, ok := errors.AsType[*driver.FunctionError](err)
		busy := awsapi.Status(err) == http.StatusTooManyRequests

		switch {
		case ok:
			return rotation{}, errors.New(withoutARNs(failed.Error()))
		case busy && attempt == busyAttempts:
			return rotation{}, fmt.Errorf("the rotator was busy %d times: try again in a minute, or look at its log", attempt)
		case busy:
			if err := retry.Sleep(ctx, busyWait); err != nil {
				return rotation{}, err
			}
		case err != nil:
			return rotation{}, explained(ctx, "ask the rotator", err)
		case json.Unmarshal(reply, &answer) != nil || answer.Version < 1:
			return rotation{}, errors.New("the rotator answers as no version of it does: deploy again")
		default:
			return answer, nil
		}
	}
}
