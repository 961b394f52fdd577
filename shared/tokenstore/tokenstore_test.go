package tokenstore_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"
)

const (
	parameter = "/genesys/token"
	keyARN    = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd"
)

// inBubble runs a test in a bubble, with Parameter Store and a store that encrypts with a key.
func inBubble(t *testing.T, name, keyID string, test func(t *testing.T, front *awstest.Front, store *tokenstore.Store)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			front := awstest.NewFront(ssmsim.New(), ssmsim.Operation)
			client := ssm.NewFromConfig(awstest.Serve(t, memnet.New(), "ssm.test", front))
			test(t, front, tokenstore.New(client, parameter, keyID))
		})
	})
}

func wantRequests(t *testing.T, front *awstest.Front, want map[string]int) {
	t.Helper()

	if diff := cmp.Diff(want, front.Requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func tokenNow(access string) token.Token {
	now := time.Now()

	return token.Token{Access: secret.New(access), Type: "bearer", IssuedAt: now, ExpiresAt: now.Add(time.Hour)}
}

// write stores a token, and fails the test where that fails.
func write(t *testing.T, store *tokenstore.Store, written token.Token) int64 {
	t.Helper()

	version, err := store.Write(t.Context(), written)
	if err != nil {
		t.Fatal(err)
	}

	return version
}

func TestATokenIsPutAsASecureStringOfTheKey(t *testing.T) {
	t.Parallel()

	// AWS's own key is named too: a put without a key may keep the one of the version before.
	for keyID, want := range map[string]string{"": "alias/aws/ssm", "alias/tokens": "alias/tokens"} {
		inBubble(t, "key "+keyID, keyID, func(t *testing.T, front *awstest.Front, store *tokenstore.Store) {
			put := tokenNow("access")
			write(t, store, put)

			document, err := token.Encode(put)
			if err != nil {
				t.Fatal(err)
			}

			var got map[string]any
			if err := json.Unmarshal([]byte(front.Bodies("PutParameter")[0]), &got); err != nil {
				t.Fatal(err)
			}

			asked := map[string]any{
				"Name": parameter, "Value": string(document), "Type": "SecureString", "Tier": "Intelligent-Tiering", "Overwrite": true, "KeyId": want,
			}
			if diff := cmp.Diff(asked, got); diff != "" {
				t.Errorf("PutParameter (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAWriteThatIsThrottledOrWhoseReplyIsLostIsRepeated(t *testing.T) {
	t.Parallel()

	throttled := awstest.Refuse(http.StatusBadRequest, "ThrottlingException")
	inBubble(t, "", "", func(t *testing.T, front *awstest.Front, store *tokenstore.Store) {
		front.Fail("PutParameter", throttled, throttled, throttled, awstest.Lose)
		written := tokenNow("access")

		if version := write(t, store, written); version != 2 {
			t.Errorf("version %d, want the second version of the same token", version)
		}
		if stored, err := store.Read(t.Context()); err != nil || !stored.Same(written) {
			t.Errorf("another token is stored, error %v", err)
		}
	})
}

func TestFailuresNameTheParameterAndTheKey(t *testing.T) {
	t.Parallel()

	refuse := func(code string) awstest.Fault { return awstest.Refuse(http.StatusBadRequest, code) }
	answer := func(body string) awstest.Fault {
		return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { _, _ = w.Write([]byte(body)) }
	}

	webPage := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("<html>canary</html>"))
	}

	for what, test := range map[string]struct {
		fault       awstest.Fault
		gets, puts  int // a refused read is tried without decryption, a trouble that passes is not taken for the key's
		read, write string
	}{
		"throttled":   {refuse("ThrottlingException"), 5, 5, "ThrottlingException", "with key/1234abcd: the service answered T"},
		"denied":      {refuse("AccessDeniedException"), 2, 1, "access was denied", "with key/1234abcd: access was denied"},
		"versions":    {refuse("ParameterMaxVersionLimitExceeded"), 2, 1, "", "its 100 versions has a label, so it cannot make room for a new one: move"},
		"an outage":   {awstest.Refuse(http.StatusInternalServerError, "InternalServerError"), 5, 5, "InternalServerError", "InternalServerError"},
		"a web page":  {webPage, 5, 5, "the answer was not the service's", "the answer was not the service's"},
		"no reply":    {awstest.Break, 5, 5, "could not be reached", "could not be reached"},
		"no contents": {answer("{}"), 1, 1, "answered without a parameter", "answered without a version"},
		"no version":  {answer(`{"Parameter":{}}`), 1, 1, "answered without a parameter", "answered without a version"},
	} {
		inBubble(t, what, keyARN, func(t *testing.T, front *awstest.Front, store *tokenstore.Store) {
			front.Fail("GetParameter", awstest.Times(10, test.fault)...)
			front.Fail("PutParameter", awstest.Times(10, test.fault)...)

			_, err := store.Read(t.Context())
			awstest.WantFailure(t, err, failure.StorageUnavailable, parameter, test.read)

			_, err = store.Write(t.Context(), tokenNow("canary-access"))
			awstest.WantFailure(t, err, failure.StorageUnavailable, parameter, test.write)

			wantRequests(t, front, map[string]int{"GetParameter": test.gets, "PutParameter": test.puts})
		})
	}
}

func TestAValueWhoseKeyMayNotBeUsedIsUnreadableWhateverTheCode(t *testing.T) {
	t.Parallel()

	for _, code := range []string{
		"AccessDeniedException", "InvalidKeyId", "KMSInvalidStateException", "DisabledException", "KMS.NotFoundException", "SomethingNew",
	} {
		inBubble(t, code, keyARN, func(t *testing.T, front *awstest.Front, store *tokenstore.Store) {
			written := time.Now().Truncate(time.Millisecond)
			write(t, store, tokenNow("access"))
			time.Sleep(time.Minute)
			front.Fail("GetParameter", awstest.Refuse(http.StatusBadRequest, code))

			got, err := store.Read(t.Context())

			awstest.WantFailure(t, err, "", parameter, "cannot be decrypted")
			if !errors.Is(err, token.ErrUnreadable) || got.Version != 1 || !got.Access.Empty() {
				t.Errorf("version %d, error %v, want that version 1 is unreadable", got.Version, err)
			}
			sealed, _ := errors.AsType[*token.SealedError](err)
			if diff := cmp.Diff(&token.SealedError{Key: "key/1234abcd", Written: written}, sealed); diff != "" {
				t.Errorf("the key without its ARN, and the time (-want +got):\n%s", diff)
			}
			if last := front.Bodies("GetParameter")[1]; !strings.Contains(last, `"WithDecryption":false`) {
				t.Errorf("the last request was %s, want none for decryption", last)
			}
			wantRequests(t, front, map[string]int{"PutParameter": 1, "GetParameter": 2})
		})
	}
}
