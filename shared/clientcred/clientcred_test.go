package clientcred_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/clientcred"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

const name = "genesys/client"

// vault is Secrets Manager with faults in front of it.
type vault struct {
	http.Handler

	client *secretsmanager.Client // has the function's own retry policy
	arn    string                 // of the secret, where there is one

	mu     sync.Mutex
	faults []http.HandlerFunc // of the next requests, in order
	reads  int
}

func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	if secretsim.Operation(r) == "GetSecretValue" {
		v.reads++
	}
	var fault http.HandlerFunc
	if len(v.faults) > 0 {
		fault, v.faults = v.faults[0], v.faults[1:]
	}
	v.mu.Unlock()

	if fault != nil {
		fault(w, r)
		return
	}
	v.Handler.ServeHTTP(w, r)
}

func (v *vault) wantReads(t *testing.T, want int) {
	t.Helper()

	v.mu.Lock()
	defer v.mu.Unlock()

	if v.reads != want {
		t.Errorf("the secret was asked for %d times, want %d", v.reads, want)
	}
}

// serve must be called inside a bubble.
func serve(t *testing.T) *vault {
	t.Helper()

	endpoint := secretsim.New(secretsim.Config{})
	v := &vault{Handler: endpoint}
	network := memnet.New()
	stop, err := network.Serve("secrets.test:80", v)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)

	v.client = secretsmanager.New(secretsmanager.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://secrets.test"), Retryer: awsapi.NewRetryer(),
		HTTPClient: &http.Client{Transport: network.Transport()},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "canary"}, nil
		}),
	})

	return v
}

// holding is serve with a secret of that value.
func holding(t *testing.T, value string) *vault {
	t.Helper()

	v := serve(t)
	created, err := v.client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String(name), SecretString: &value})
	if err != nil {
		t.Fatal(err)
	}
	v.arn = *created.ARN

	return v
}

func wantFailure(t *testing.T, err error, kind failure.Kind, parts ...string) {
	t.Helper()

	if got := failure.KindOf(err); got != kind {
		t.Errorf("the failure is %q (%v), want %q", got, err, kind)
	}

	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want %q in it", err, part)
		}
	}

	if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "arn:") || strings.Contains(err.Error(), "000000000000")) {
		t.Errorf("the error shows what it may not: %v", err)
	}
}

func TestCredentialsAreReadByNameAndByARN(t *testing.T) {
	t.Parallel()

	want := token.Credentials{ClientID: "id", ClientSecret: secret.New("canary s3cret/+=")}

	for text, value := range map[string]string{
		"as promised":           `{"client_id":"id","client_secret":"canary s3cret/+="}`,
		"with more fields":      `{"note":"from 2026","client_id":"id","client_secret":"canary s3cret/+=","scopes":[]}`,
		"with the paste's ends": `{"client_id":" id\n","client_secret":"\tcanary s3cret/+=\r\n"}`,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := holding(t, value)
				for _, id := range []string{name, v.arn} {
					got, err := clientcred.New(v.client, id).Read(t.Context())
					if err != nil || !got.Equal(want) {
						t.Errorf("by %s: got another client, error %v", id, err)
					}
				}
			})
		})
	}
}

func TestR06ARotatedSecretIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := holding(t, `{"client_id":"id","client_secret":"old"}`)
		store := clientcred.New(v.client, name)
		if _, err := store.Read(t.Context()); err != nil {
			t.Fatal(err)
		}

		_, err := v.client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
			SecretId: aws.String(name), SecretString: aws.String(`{"client_id":"id","client_secret":"new"}`),
		})
		if err != nil {
			t.Fatal(err)
		}

		got, err := store.Read(t.Context())
		if err != nil || got.ClientSecret.Reveal() != "new" {
			t.Errorf("the old secret was read again, error %v", err)
		}
	})
}

func TestASecretOfAnotherFormIsRefusedUnseen(t *testing.T) {
	t.Parallel()

	for text, value := range map[string]string{
		"plain text":          "canary",
		"cut":                 `{"client_id":"id","client_secret":"canary`,
		"no id":               `{"client_secret":"canary"}`,
		"no secret":           `{"client_id":"canary"}`,
		"an empty secret":     `{"client_id":"canary","client_secret":""}`,
		"white space":         `{"client_id":"canary","client_secret":" \n"}`,
		"a number":            `{"client_id":"canary","client_secret":7}`,
		"an array":            `["canary","canary"]`,
		"nested":              `{"genesys":{"client_id":"canary","client_secret":"canary"}}`,
		"something after it":  `{"client_id":"id","client_secret":"canary"} canary`,
		"null in its members": `{"client_id":null,"client_secret":null}`,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := holding(t, value)

				for _, id := range []string{name, v.arn} {
					_, err := clientcred.New(v.client, id).Read(t.Context())
					wantFailure(t, err, failure.InvalidCredentials, "genesys/client", `{"client_id":"…","client_secret":"…"}`)
				}
			})
		})
	}
}

func TestAMissingSecretSaysWhatToDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := serve(t)

		for _, id := range []string{name, "arn:aws:secretsmanager:eu-central-1:000000000000:secret:genesys/client-AbCdEf"} {
			_, err := clientcred.New(v.client, id).Read(t.Context())
			wantFailure(t, err, failure.InvalidCredentials, "genesys/client", "does not exist", "put the OAuth client's id and secret there")
		}
		v.wantReads(t, 2)
	})
}

func TestSecretsManagerFailuresAreStorageUnavailable(t *testing.T) {
	t.Parallel()

	refuse := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-ErrorType", code)
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"__type":%q,"message":"canary arn:aws:iam::000000000000:role/rotator"}`, code)
		}
	}

	for _, test := range []struct {
		name  string
		fault http.HandlerFunc
		reads int
		part  string
	}{
		{"denied", refuse(http.StatusBadRequest, "AccessDeniedException"), 1, "access was denied"},
		{"not decrypted", refuse(http.StatusBadRequest, "DecryptionFailure"), 1, "DecryptionFailure"},
		{"throttled", refuse(http.StatusBadRequest, "ThrottlingException"), 5, "ThrottlingException"},
		{"out of order", refuse(http.StatusInternalServerError, "InternalServiceError"), 5, "InternalServiceError"},
		{"silent", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 5, "could not be reached"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := holding(t, `{"client_id":"id","client_secret":"canary"}`)
				for range 10 {
					v.faults = append(v.faults, test.fault)
				}
				began := time.Now()

				_, err := clientcred.New(v.client, name).Read(t.Context())

				wantFailure(t, err, failure.StorageUnavailable, name, test.part)
				v.wantReads(t, test.reads)
				if took := time.Since(began); took > 8*time.Second {
					t.Errorf("the attempts took %s, want at most 8 s", took)
				}
			})
		})
	}
}
