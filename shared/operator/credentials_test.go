package operator_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/operator"
	"genesys-cloud-export/shared/secret"
)

// given is the command with these credentials; whoever is asked to confirm says yes and is counted.
func (w *world) given(id, value string, asked *int) operator.Credentials {
	return operator.Credentials{
		Target: w.target(),
		Ask: func(context.Context) (credentials.Credentials, error) {
			return credentials.Credentials{ClientID: id, ClientSecret: secret.New(value)}, nil
		},
		Confirm: func(context.Context) error { *asked++; return nil },
	}
}

func TestCredentialsAreStoredAndTried(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	var asked int
	if err := operator.SetCredentials(t.Context(), w.given(clientID, canary+"-1", &asked)); err != nil {
		t.Fatal(err)
	}

	if got, want := w.held(t), `{"client_id":"client-1","client_secret":"canary-secret-1"}`; got != want {
		t.Errorf("the secret holds %s, want %s", got, want)
	}
	said := w.said(t)
	for _, want := range []string{"stored     client client-1 in the secret exports/credentials\n", "work       the rotator got a token with them: version 1, good until 20"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in\n%s", want, said)
		}
	}
	if diff := cmp.Diff([]string{`{"force":true}`}, w.functions.asked()); diff != "" || asked != 0 {
		t.Errorf("the rotator was asked (-want +got):\n%s\nand the operator %d times", diff, asked)
	}
}

func TestCredentialsThatDoNotWorkAreToldAsStored(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	var asked int
	err := operator.SetCredentials(t.Context(), w.given(clientID, canary+"-wrong", &asked))
	w.said(t, err)

	if err == nil || !strings.HasPrefix(err.Error(), "the credentials are stored, and do not work yet; the token of before stays. The rotator says: InvalidCredentials: ") {
		t.Errorf("ended with %v", err)
	}
}

func TestCredentialsAreNotTriedWhereThatIsNotWanted(t *testing.T) {
	t.Parallel()

	w := newWorld(t)

	var asked int
	c := w.given("anybody", canary, &asked)
	c.NoTry = true

	if err := operator.SetCredentials(t.Context(), c); err != nil || len(w.functions.asked()) > 0 {
		t.Errorf("ended with %v, and asked %v", err, w.functions.asked())
	}
	if said := w.said(t); !strings.Contains(said, "not tried") {
		t.Errorf("said %s", said)
	}
}

func TestAnotherClientIsReplacedOnlyAfterConfirmation(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill(t, "another-client", canary+"-2")
	before := w.held(t)

	var asked int
	c := w.given(clientID, canary+"-1", &asked)
	refusal := errors.New("not confirmed")
	confirm := c.Confirm
	c.Confirm = func(context.Context) error { return refusal }

	if err := operator.SetCredentials(t.Context(), c); !errors.Is(err, refusal) || w.held(t) != before || len(w.functions.asked()) > 0 {
		t.Errorf("ended with %v", err)
	}
	if got, want := w.said(t), "replaces   the credentials of another client: another-client; the new one is client-1\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}

	c.Confirm = confirm
	if err := operator.SetCredentials(t.Context(), c); err != nil || asked != 1 || w.held(t) == before {
		t.Errorf("ended with %v after %d questions", err, asked)
	}
	w.said(t)
}

func TestANewSecretOfTheSameClientNeedsNoConfirmation(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill(t, clientID, canary+"-old")

	var asked int
	if err := operator.SetCredentials(t.Context(), w.given(clientID, canary+"-1", &asked)); err != nil || asked > 0 {
		t.Errorf("ended with %v after %d questions", err, asked)
	}
	w.said(t)

	// The same once more is no new version, and is tried.
	if err := operator.SetCredentials(t.Context(), w.given(clientID, canary+"-1", &asked)); err != nil || len(w.functions.asked()) != 2 {
		t.Errorf("ended with %v; the rotator was asked %v", err, w.functions.asked())
	}
	if said := w.said(t); !strings.HasPrefix(said, "unchanged  just these credentials of client client-1 are in the secret already\n") {
		t.Errorf("said %s", said)
	}
}

func TestWhatTheSecretHoldsInAnotherFormIsReplaced(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill(t, "", "")

	var asked int
	if err := operator.SetCredentials(t.Context(), w.given(clientID, canary+"-1", &asked)); err != nil || asked > 0 {
		t.Errorf("ended with %v after %d questions", err, asked)
	}
	w.said(t)
}

func TestARotatorAtWorkIsWaitedFor(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		w.functions.busy = 20

		var asked int
		err := operator.SetCredentials(t.Context(), w.given(clientID, canary+"-1", &asked))
		w.said(t, err)
		synctest.Wait()

		if err == nil || !strings.Contains(err.Error(), "the rotator was busy 10 times") || len(w.functions.asked()) != 10 {
			t.Errorf("ended with %v after %d calls", err, len(w.functions.asked()))
		}
	})
}

func TestNobodyTypesASecretInVain(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	c := w.given(clientID, canary, new(int))
	c.Ask = func(context.Context) (credentials.Credentials, error) {
		t.Error("the credentials were asked for")
		return credentials.Credentials{}, nil
	}
	c.Stack = "none"

	err := operator.SetCredentials(t.Context(), c)
	if want := "there is no stack none in eu-central-1: deploy it first, or name another with STACK="; err == nil || err.Error() != want {
		t.Errorf("ended with %v, want %s", err, want)
	}

	delete(w.queried.outputs, "CredentialsSecretArn")
	c.Stack = stackName
	if err := operator.SetCredentials(t.Context(), c); err == nil || !strings.Contains(err.Error(), "has no output CredentialsSecretArn") {
		t.Errorf("ended with %v", err)
	}
}

func TestASecretThatMayNotBeReadIsReplacedAfterConfirmation(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.deny("secretsmanager")

	var asked int
	err := operator.SetCredentials(t.Context(), w.given(clientID, canary, &asked))
	said := w.said(t, err)

	want := "put the credentials into the secret exports/credentials: access was denied: your AWS role needs secretsmanager:PutSecretValue"
	if err == nil || !strings.HasPrefix(err.Error(), want) || asked != 1 || !strings.HasPrefix(said, "unseen ") {
		t.Errorf("ended with %v after %d questions, and said %s", err, asked, said)
	}
}
