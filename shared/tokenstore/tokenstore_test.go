package tokenstore_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"

	"github.com/google/go-cmp/cmp"
)

func TestATokenIsPutAsASecureStringOfTheKey(t *testing.T) {
	t.Parallel()

	// AWS's own key is named too: a put without a key may keep the one of the version before.
	for keyID, want := range map[string]string{"": "alias/aws/ssm", "alias/tokens": "alias/tokens"} {
		t.Run("key "+keyID, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, store := serve(t, ssmsim.Config{}, keyID)
				put := tokenNow("access")
				if _, err := store.Write(t.Context(), put); err != nil {
					t.Fatal(err)
				}

				document, err := token.Encode(put)
				if err != nil {
					t.Fatal(err)
				}
				asked := map[string]any{
					"Name": name, "Value": string(document), "Type": "SecureString", "Tier": "Intelligent-Tiering", "Overwrite": true,
					"KeyId": want,
				}
				if diff := cmp.Diff([]map[string]any{asked}, p.puts); diff != "" {
					t.Errorf("PutParameter (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// tokenOfDocument makes a token whose stored document has so many bytes. Each of its characters has to count once.
func tokenOfDocument(t *testing.T, size int) token.Token {
	t.Helper()

	short, err := token.Encode(tokenNow("x"))
	if err != nil {
		t.Fatal(err)
	}

	return tokenNow(strings.Repeat("<&>", size)[:size-len(short)+1])
}

func TestR11APutThrottledThriceIsRepeatedThrice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, store := serve(t, ssmsim.Config{}, "")
		p.faults = []http.HandlerFunc{throttle, throttle, throttle}

		version, err := store.Write(t.Context(), tokenNow("access"))

		if err != nil || version != 1 {
			t.Errorf("version %d, error %v, want version 1", version, err)
		}
		p.wantCalls(t, map[string]int{"PutParameter": 4})
	})
}

func TestR12AnAttemptWhoseReplyWasLostIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, store := serve(t, ssmsim.Config{}, "")
		p.faults = []http.HandlerFunc{p.lose}
		written := tokenNow("access")

		version, err := store.Write(t.Context(), written)

		if err != nil || version != 2 {
			t.Errorf("version %d, error %v, want the second version of the same token", version, err)
		}
		if stored, err := store.Read(t.Context()); err != nil || !stored.Same(written) {
			t.Errorf("another token is stored, error %v", err)
		}
	})
}

func TestR13StoreFailuresAreNamed(t *testing.T) {
	t.Parallel()

	outage := refuse(http.StatusInternalServerError, "InternalServerError")

	for _, test := range []struct {
		name          string
		fault         http.HandlerFunc
		reads, writes int // a refused read is tried without decryption
		parts         []string
	}{
		{"throttled for good", throttle, 5, 5, []string{"ThrottlingException"}},
		{"out of order", outage, 5, 5, []string{"InternalServerError"}},
		{"denied", refuse(http.StatusBadRequest, "AccessDeniedException"), 2, 1, []string{"access was denied", "key's policy"}},
		{"an invalid key", refuse(http.StatusBadRequest, "InvalidKeyId"), 2, 1, []string{"InvalidKeyId"}},
		{"no reply", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 5, 5, []string{"could not be reached"}},
	} {
		faults := make([]http.HandlerFunc, 10)
		for i := range faults {
			faults[i] = test.fault
		}

		t.Run("read: "+test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, store := serve(t, ssmsim.Config{}, "")
				p.faults = faults
				began := time.Now()

				_, err := store.Read(t.Context())

				wantFailure(t, err, failure.StorageUnavailable, append(test.parts, name)...)
				p.wantCalls(t, map[string]int{"GetParameter": test.reads})
				if took := time.Since(began); took > 8*time.Second {
					t.Errorf("the attempts took %s, want at most what is reserved for them, 8 s", took)
				}
			})
		})
		t.Run("write: "+test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, store := serve(t, ssmsim.Config{}, "")
				p.faults = faults

				_, err := store.Write(t.Context(), tokenNow("canary-access"))

				wantFailure(t, err, failure.StorageUnavailable, append(test.parts, name)...)
				p.wantCalls(t, map[string]int{"PutParameter": test.writes})
			})
		})
	}
}

func TestAStoreThatHangsEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, store := serve(t, ssmsim.Config{}, "")
		p.faults = []http.HandlerFunc{func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()

		_, err := store.Read(ctx)

		wantFailure(t, err, failure.StorageUnavailable, "no answer in time")
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("it ended after %s, want 3 s", took)
		}
	})
}

func TestKMSKeysThatAreDeniedAreNamedAsThat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, store := serve(t, ssmsim.Config{}, "alias/tokens")
		p.endpoint.DenyKeys("alias/tokens")

		_, err := store.Write(t.Context(), tokenNow("access"))

		wantFailure(t, err, failure.StorageUnavailable, "access was denied", "encrypted with alias/tokens")
		p.wantCalls(t, map[string]int{"PutParameter": 1})
	})
}
