package tokenstore_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/conformance"
	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"
)

// peer is Parameter Store as somebody else has it, with a parameter of the test's own.
type peer struct {
	conformance.Endpoint

	client    *ssm.Client
	parameter string
	store     *tokenstore.Store
}

func newPeer(t *testing.T) peer {
	t.Helper()

	endpoint := conformance.New(t, func() (http.Handler, error) { return ssmsim.New(), nil })
	w := peer{
		Endpoint: endpoint, client: ssm.NewFromConfig(endpoint.Config),
		parameter: "/conformance/" + strings.ReplaceAll(t.Name(), "/", "_"),
	}
	w.store = tokenstore.New(w.client, w.parameter, "")
	// Somebody else may still have it from an earlier run.
	if _, err := w.client.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: &w.parameter}); err != nil && awsapi.Code(err) != "ParameterNotFound" {
		t.Fatalf("delete the parameter at the %s: %v", w.Name, err)
	}

	return w
}

// put writes a value as somebody does by hand.
func (w peer) put(ctx context.Context, kind types.ParameterType, value string) error {
	_, err := w.client.PutParameter(ctx, &ssm.PutParameterInput{
		Name: &w.parameter, Value: &value, Type: kind, Tier: types.ParameterTierIntelligentTiering, Overwrite: aws.Bool(true),
	})

	return err
}

func TestConformanceWhatWasWrittenIsRead(t *testing.T) {
	t.Parallel()

	w := newPeer(t)
	if _, err := w.store.Read(t.Context()); !errors.Is(err, token.ErrNotStored) {
		t.Errorf("before the first write at the %s: got %v, want %v", w.Name, err, token.ErrNotStored)
	}

	for want := int64(1); want <= 3; want++ {
		written := tokenNow(fmt.Sprintf(`access"\\!~<&-%d`, want))
		if version := write(t, w.store, written); version != want {
			t.Fatalf("write at the %s: version %d, want %d", w.Name, version, want)
		}

		got, err := w.store.Read(t.Context())
		if err != nil || got.Version != want || !got.Same(written) {
			t.Fatalf("read at the %s: version %d, %v, want what was written as version %d", w.Name, got.Version, err, want)
		}
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

func TestConformanceValuesUpToTheLimitAreStored(t *testing.T) {
	t.Parallel()

	w := newPeer(t)

	// A value over the limit never leaves the store, nor one whose times RFC 3339 cannot write.
	endless := tokenNow("access")
	endless.ExpiresAt = time.Date(10_000, time.January, 1, 0, 0, 0, 0, time.UTC)
	if _, err := w.store.Write(t.Context(), endless); err == nil {
		t.Error("a token that expires in the year 10,000 was written")
	}
	_, err := w.store.Write(t.Context(), tokenOfDocument(t, tokenstore.MaxValueBytes+1))
	awstest.WantFailure(t, err, failure.UpstreamInvalid, w.parameter)
	if _, err := w.store.Read(t.Context()); !errors.Is(err, token.ErrNotStored) {
		t.Errorf("after the refusal at the %s: got %v, want %v", w.Name, err, token.ErrNotStored)
	}

	for _, size := range []int{4096, 4097, tokenstore.MaxValueBytes} { // a value over 4096 needs another tier
		written := tokenOfDocument(t, size)
		write(t, w.store, written)
		if got, err := w.store.Read(t.Context()); err != nil || !got.Same(written) {
			t.Errorf("%d bytes at the %s: another token is stored, error %v", size, w.Name, err)
		}
	}
}

func TestConformanceValuesThatAreNoTokenKeepTheirVersion(t *testing.T) {
	t.Parallel()

	for value, want := range map[string]error{
		"canary": token.ErrUnreadable,
		`{"schema_version":2,"access_token":"canary"}`: token.ErrNewerSchema,
	} {
		for _, kind := range []types.ParameterType{types.ParameterTypeString, types.ParameterTypeSecureString} {
			t.Run(fmt.Sprint(want, " in a ", kind), func(t *testing.T) {
				t.Parallel()

				w := newPeer(t)
				for range 2 {
					if err := w.put(t.Context(), kind, value); err != nil {
						t.Fatal(err)
					}
				}

				got, err := w.store.Read(t.Context())
				if !errors.Is(err, want) || got.Version != 2 {
					t.Errorf("at the %s: version %d, error %v, want version 2 and %v", w.Name, got.Version, err, want)
				}
				awstest.WantFailure(t, err, "", w.parameter)
			})
		}
	}
}

// Somebody made the parameter by hand and forgot that it is a secret.
func TestConformanceParameterOfAnotherTypeIsNotOverwritten(t *testing.T) {
	t.Parallel()

	w := newPeer(t)
	if err := w.put(t.Context(), types.ParameterTypeString, "by hand"); err != nil {
		t.Fatal(err)
	}

	_, err := w.store.Write(t.Context(), tokenNow("canary"))

	// moto 5.2 changes the type. AWS refuses: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
	if w.Name == conformance.Moto {
		if err != nil {
			t.Errorf("the %s was said to change the type: got %v", w.Name, err)
		}

		return
	}
	awstest.WantFailure(t, err, failure.StorageUnavailable, "HierarchyTypeMismatchException", w.parameter)
}

// A token that is replaced every few minutes for months stays writable: the oldest version goes by itself.
func TestConformanceVersionsBeyondTheHundredthGoOn(t *testing.T) {
	t.Parallel()

	w := newPeer(t)
	for want := range int64(103) {
		if got := write(t, w.store, tokenNow("access")); got != want+1 {
			t.Fatalf("write at the %s: version %d, want %d", w.Name, got, want+1)
		}
	}
}

func TestConformanceWritersAtOnceGetAVersionEach(t *testing.T) {
	t.Parallel()

	w := newPeer(t)
	got := make([]int64, 8)
	var running sync.WaitGroup
	for i := range got {
		running.Go(func() {
			var err error
			if got[i], err = w.store.Write(t.Context(), tokenNow("access")); err != nil {
				t.Errorf("write at the %s: %v", w.Name, err)
			}
		})
	}
	running.Wait()

	slices.Sort(got)
	if diff := cmp.Diff([]int64{1, 2, 3, 4, 5, 6, 7, 8}, got); diff != "" {
		t.Errorf("versions at the %s (-want +got):\n%s", w.Name, diff)
	}
}
