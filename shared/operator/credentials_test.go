package operator_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/operator"
	"genesys-cloud-export/shared/secret"
)

// given is the command with these credentials.
func (w *world) given(id, value string) operator.Credentials {
	return operator.Credentials{
		Target: w.target(),
		Ask: func(context.Context) (credentials.Credentials, error) {
			return credentials.Credentials{ClientID: id, ClientSecret: secret.New(value)}, nil
		},
	}
}

func TestCredentialsAreStoredAndTried(t *testing.T) {
	t.Parallel()

	const (
		works  = "work       the rotator got a token with them: version 1, good until 20"
		stored = "stored     client client-1 in the secret exports/credentials\n"
		forced = `{"force":true}`
	)
	refusal := errors.New("not confirmed")

	for name, test := range map[string]struct {
		before  []string // id and secret that are there
		value   string   // what follows the canary in the secret that is given
		denied  bool     // reading and writing the secret
		confirm error    // what the operator answers
		kept    bool     // what is in the secret
		asked   int      // questions to the operator
		tried   []string
		said    string
		err     string // what the error begins with
	}{
		"an empty secret":          {value: "-1", tried: []string{forced}, said: stored + works},
		"a secret of another form": {before: []string{"", ""}, value: "-1", tried: []string{forced}, said: stored + works},
		"credentials that do not work": {
			value: "-wrong", tried: []string{forced}, said: stored,
			err: "the credentials are stored, and do not work yet; the token of before stays. The rotator says: InvalidCredentials: ",
		},
		"another client, not confirmed": {
			before: []string{"another-client", canary + "-2"}, value: "-1", confirm: refusal, kept: true, asked: 1, err: "not confirmed",
			said: "replaces   the credentials of another client: another-client; the new one is client-1\n",
		},
		"another client, confirmed": {
			before: []string{"another-client", canary + "-2"}, value: "-1", asked: 1, tried: []string{forced},
			said: "replaces   the credentials of another client: another-client; the new one is client-1\n" + stored + works,
		},
		"a new secret of the same client": {before: []string{clientID, canary + "-old"}, value: "-1", tried: []string{forced}, said: stored + works},
		"the same once more": {
			before: []string{clientID, canary + "-1"}, value: "-1", kept: true, tried: []string{forced},
			said: "unchanged  just these credentials of client client-1 are in the secret already\n" + works,
		},
		"a secret that may not be read": {
			before: []string{"another-client", canary + "-2"}, denied: true, kept: true, asked: 1, said: "unseen     your AWS role may not read the secret: ",
			err: "put the credentials into the secret exports/credentials: access was denied: your AWS role needs secretsmanager:PutSecretValue",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			want := `{"client_id":"client-1","client_secret":"canary-secret` + test.value + `"}`
			if test.before != nil {
				w.fill(test.before[0], test.before[1])
			}
			if test.kept {
				want = w.inSecret()
			}
			if test.denied {
				w.deny("secretsmanager")
			}

			asked := 0
			c := w.given(clientID, canary+test.value)
			c.Confirm = func(context.Context) error { asked++; return test.confirm }

			err := operator.SetCredentials(t.Context(), c)
			if said := w.said(err); !strings.HasPrefix(said, test.said) || asked != test.asked {
				t.Errorf("asked %d times, want %d, and said\n%s\nwant\n%s", asked, test.asked, said, test.said)
			}
			if (err != nil) != (test.err != "") || err != nil && !strings.HasPrefix(err.Error(), test.err) ||
				test.confirm != nil && !errors.Is(err, test.confirm) {
				t.Errorf("ended with %v, want %s", err, test.err)
			}
			if diff := gocmp.Diff(test.tried, w.functions.asked()); diff != "" {
				t.Errorf("the rotator was asked (-want +got):\n%s", diff)
			}

			w.answer("secretsmanager", "")
			if got := w.inSecret(); got != want {
				t.Errorf("the secret contains %s, want %s", got, want)
			}
		})
	}
}

func TestARotatorAtWorkIsAskedTenTimesEveryTwoSeconds(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		w.answer("lambda", "TooManyRequestsException")
		began := time.Now()

		err := operator.SetCredentials(t.Context(), w.given(clientID, canary+"-1"))
		w.said(err)

		if took := time.Since(began); took != 18*time.Second || err == nil || !strings.Contains(err.Error(), "ask the rotator: it is busy: try again in a minute") {
			t.Errorf("ended with %v after %s", err, took)
		}
	})
}

func TestNobodyTypesASecretInVain(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	c := w.given(clientID, canary)
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
