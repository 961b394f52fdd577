package operator

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"
)

// stageCurrent is the label of the version that Secrets Manager hands out.
const stageCurrent = "AWSCURRENT"

func (e *examination) secret(ctx context.Context) finding {
	id, err := e.stack.output(outputSecret)
	if err != nil {
		return failed(err)
	}

	client := secretsmanager.NewFromConfig(e.AWS)

	there, err := held(ctx, client, id)

	switch {
	case awsapi.Denied(err):
		return e.sealed(ctx, client, id, err)
	case err != nil:
		return failed(err)
	case there.ClientID == "":
		return failedf(`%s does not hold {"client_id":"…","client_secret":"…"}: put the OAuth client's there, make set-credentials STACK=%s`,
			secretName(id), e.Stack)
	default:
		return found("%s holds the credentials of client %s", secretName(id), there.ClientID)
	}
}

// sealed looks at a secret that this caller may not read: whether anything is in it is seen all the same.
func (e *examination) sealed(ctx context.Context, client *secretsmanager.Client, id string, denied error) finding {
	reply, err := client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id})
	if err != nil {
		return failed(denied)
	}

	for _, stages := range reply.VersionIdsToStages {
		if slices.Contains(stages, stageCurrent) {
			return found("%s is filled in; your AWS role may not read it, so its form was not looked at", secretName(id))
		}
	}

	return failedf("%s is empty: put the OAuth client's id and secret there, make set-credentials STACK=%s", secretName(id), e.Stack)
}

// minted looks for a usable token, and asks the rotator for one where there is none.
func (e *examination) minted(ctx context.Context) finding {
	name, err := e.stack.output(outputToken)
	if err != nil {
		return failed(err)
	}

	stored, why, err := usableToken(ctx, tokenstore.New(ssm.NewFromConfig(e.AWS), name, ""))

	switch {
	case err != nil:
		return failed(told(ctx, "read the token "+name, err))
	case why == "":
		return e.holds(name, stored, "")
	}

	if _, err := e.rotate(ctx, e.stack, "{}"); err != nil {
		return failedf("%s: %s, and the rotator could not help: %s", name, why, err)
	}

	stored, still, err := usableToken(ctx, tokenstore.New(ssm.NewFromConfig(e.AWS), name, ""))

	switch {
	case err != nil:
		return failed(told(ctx, "read the token "+name, err))
	case still != "":
		return failedf("%s: %s, also after the rotator was asked: look at its log", name, still)
	default:
		return e.holds(name, stored, "; "+why+", so the rotator was asked")
	}
}

func (e *examination) holds(name string, stored token.Stored, how string) finding {
	e.token = stored

	return found("%s holds version %d, good for another %s%s", name, stored.Version,
		stored.Remaining(time.Now()).Truncate(time.Second), how)
}

// usableToken reads the token, and says in words why what is there cannot be used.
func usableToken(ctx context.Context, store *tokenstore.Store) (stored token.Stored, why string, err error) {
	stored, err = store.Read(ctx)

	switch {
	case errors.Is(err, token.ErrNotStored), errors.Is(err, token.ErrUnreadable), errors.Is(err, token.ErrNewerSchema):
		return token.Stored{}, plainCause(err), nil
	case err != nil:
		return token.Stored{}, "", err
	case !stored.Usable(time.Now()):
		return token.Stored{}, "the stored token has expired", nil
	default:
		return stored, "", nil
	}
}

// plainCause is the innermost error's text, which here is one of this project's own.
func plainCause(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}

	return err.Error()
}
