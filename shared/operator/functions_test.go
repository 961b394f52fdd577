package operator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"genesys-cloud-export/shared/clientcred"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"
)

const rotatorName = "exports-Rotator-ab12"

// functions is Lambda with the stack's rotator: its own policy and adapters.
type functions struct {
	rotator *token.Rotator

	unreserved int // the account's concurrency that no function has for itself

	mu     sync.Mutex
	events []string
}

func newFunctions(t *testing.T, cloud aws.Config, secretARN, organisation string) *functions {
	t.Helper()

	base, err := url.Parse(organisation)
	if err != nil {
		t.Fatal(err)
	}

	client := genesys.NewHTTPClient()
	t.Cleanup(client.CloseIdleConnections)

	return &functions{
		unreserved: 1000,
		rotator: &token.Rotator{
			Store:       tokenstore.New(ssm.NewFromConfig(cloud), parameter, ""),
			Credentials: clientcred.New(secretsmanager.NewFromConfig(cloud), secretARN),
			Buffer:      5 * time.Minute,
			Issuer: &genesys.TokenClient{
				URL: base.JoinPath("/oauth/token").String(), AuthMethod: genesys.ClientSecretBasic, HTTP: client,
				Retry: retry.Policy{Base: time.Millisecond, Cap: time.Millisecond, Attempts: 1}, Attempt: 5 * time.Second,
			},
		},
	}
}

// age makes the stored token a minute older: a fresh one's rejection would not count yet.
func (w *world) age() {
	w.t.Helper()

	store := tokenstore.New(ssm.NewFromConfig(w.config), parameter, "")

	stored, err := store.Read(w.t.Context())
	if err == nil {
		stored.IssuedAt = stored.IssuedAt.Add(-time.Minute)
		_, err = store.Write(w.t.Context(), stored.Token)
	}

	if err != nil {
		w.t.Fatal(err)
	}
}

func (f *functions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/account-settings"):
		stateReply(w, map[string]any{"AccountLimit": map[string]int{"UnreservedConcurrentExecutions": f.unreserved}})
		return
	case strings.HasSuffix(r.URL.Path, "/reserved-rotator/concurrency"):
		stateReply(w, map[string]int{"ReservedConcurrentExecutions": 1})
		return
	case strings.HasSuffix(r.URL.Path, "/concurrency"):
		stateReply(w, map[string]any{})
		return
	}

	body, _ := io.ReadAll(r.Body)

	f.mu.Lock()
	f.events = append(f.events, string(body))
	f.mu.Unlock()

	var event struct {
		Force           bool  `json:"force"`
		RejectedVersion int64 `json:"rejected_version"`
	}
	_ = json.Unmarshal(body, &event)

	outcome, err := f.rotator.Rotate(r.Context(), token.Rotation{Force: event.Force, RejectedVersion: event.RejectedVersion})
	if err != nil {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		_ = json.NewEncoder(w).Encode(map[string]string{"errorType": string(failure.KindOf(err)), "errorMessage": err.Error()})

		return
	}

	_ = json.NewEncoder(w).Encode(map[string]any{
		"reason": outcome.Reason, "version": outcome.Stored.Version, "expires_at": outcome.Stored.ExpiresAt,
	})
}

// asked is what the rotator was asked.
func (f *functions) asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()

	return f.events
}
