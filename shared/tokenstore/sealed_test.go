package tokenstore_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"
)

const keyARN = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd"

func TestAValueWhoseKeyMayNotBeUsedIsUnreadableWhateverTheCode(t *testing.T) {
	t.Parallel()

	for _, code := range []string{
		"AccessDeniedException", "InvalidKeyId", "KMSInvalidStateException", "DisabledException", "KMS.NotFoundException", "SomethingNew",
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, store := serve(t, ssmsim.Config{}, keyARN)
				written := time.Now()
				if _, err := store.Write(t.Context(), tokenNow("access")); err != nil {
					t.Fatal(err)
				}
				p.sealed = refuse(http.StatusBadRequest, code)
				time.Sleep(time.Minute)

				got, err := store.Read(t.Context())

				sealed, ok := errors.AsType[*token.SealedError](err)
				if !ok || !errors.Is(err, token.ErrUnreadable) || got.Version != 1 || !got.Access.Empty() {
					t.Fatalf("version %d, error %v, want that version 1 is unreadable", got.Version, err)
				}
				if sealed.Key != "key/1234abcd" || !sealed.Written.Equal(written.Truncate(time.Millisecond)) {
					t.Errorf("got %+v, want the key without its ARN and %s", sealed, written)
				}
				wantFailure(t, err, "", name, "cannot be decrypted")
				p.wantCalls(t, map[string]int{"PutParameter": 1, "GetParameter": 2})
			})
		})
	}
}

func TestATroubleThatPassesIsNotTakenForTheKeys(t *testing.T) {
	t.Parallel()

	for what, fault := range map[string]http.HandlerFunc{
		"throttled": throttle,
		"an outage": refuse(http.StatusInternalServerError, "InternalServerError"),
		"a web page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("<html>canary</html>"))
		},
		"no reply": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, store := serve(t, ssmsim.Config{}, "")
				if _, err := store.Write(t.Context(), tokenNow("access")); err != nil {
					t.Fatal(err)
				}
				p.sealed = fault

				_, err := store.Read(t.Context())

				wantFailure(t, err, failure.StorageUnavailable, name)
				if errors.Is(err, token.ErrUnreadable) {
					t.Errorf("%v counts as unreadable: the token would be replaced", err)
				}
			})
		})
	}
}

func TestALabelOnTheOldestVersionIsSaidWithWhatToDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, store := serve(t, ssmsim.Config{}, "")
		p.faults = []http.HandlerFunc{refuse(http.StatusBadRequest, "ParameterMaxVersionLimitExceeded")}

		_, err := store.Write(t.Context(), tokenNow("access"))

		wantFailure(t, err, failure.StorageUnavailable, name, "oldest", "move the label")
	})
}
