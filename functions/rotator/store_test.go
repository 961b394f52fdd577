package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// grantOf is a token reply that makes a stored document of so many bytes.
func grantOf(t *testing.T, size int) *string {
	t.Helper()

	now := time.Now()
	short, err := token.Encode(token.Token{Access: secret.New("x"), Type: "bearer", IssuedAt: now, ExpiresAt: now.Add(time.Hour)})
	noError(t, err)

	return aws.String(fmt.Sprintf(`{"access_token":"%s","token_type":"bearer","expires_in":3600}`, strings.Repeat("x", size-len(short)+1)))
}

func TestR10AValueOverEightKilobytesIsRefusedByName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, h := dueStack(t)
		s.faults(genesyssim.Fault{Body: grantOf(t, 8193)})

		_, err := s.invoke(h, `{}`)

		s.wantError(err, "UpstreamInvalid", "8193 bytes", parameterName, "8192")
		if got := s.stored().Version; got != 1 {
			t.Errorf("version %d is stored, want 1, the old one", got)
		}
		s.wantRequests(requests{"GetParameter": 3, "GetSecretValue": 1, "token": 1})
	})
}

func TestR11PutParameterThrottledForLongerWritesTheSameTokenInTheNextRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, h := dueStack(t)
		s.aws.fail("PutParameter", times(5, refuse("ThrottlingException"))...)

		_, err := s.invoke(h, `{}`)
		s.wantError(err, "StorageUnavailable", "store the new token", "ThrottlingException")
		s.wantRequests(requests{"GetParameter": 3, "GetSecretValue": 1, "token": 1, "PutParameter": 5})

		time.Sleep(time.Minute)
		s.rotate(h, `{}`)
		s.wantRequests(requests{"GetParameter": 2, "PutParameter": 1})
		s.wantMinted(2)
	})
}

func TestR13AParameterThatCannotBeWrittenMintsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		h := s.process()
		s.aws.fail("PutParameter", times(5, refuse("AccessDeniedException"))...)

		for range 5 {
			_, err := s.invoke(h, `{}`)
			s.wantError(err, "StorageUnavailable", "access was denied", "key's policy")
			time.Sleep(time.Minute)
		}

		s.wantRequests(requests{"GetParameter": 15, "GetSecretValue": 1, "token": 1, "PutParameter": 5})
		s.wantMinted(1)
	})
}

func TestTheStoredDocumentIsTheContracts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		got := s.rotate(s.process(), `{}`)

		document, err := token.Encode(s.stored().Token)
		noError(t, err)
		var fields map[string]any
		noError(t, json.Unmarshal(document, &fields))
		if fields["issued_at"] != got.IssuedAt.Format(time.RFC3339) || fields["expires_at"] != got.ExpiresAt.Format(time.RFC3339) {
			t.Errorf("the document and the result tell other times: %v and %+v", fields["expires_at"], got)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/api/v2/tokens/me", http.NoBody)
		noError(t, err)
		request.Header.Set("Authorization", "Bearer "+s.stored().Access.Reveal())
		transport := s.network.Transport()
		reply, err := transport.RoundTrip(request)
		noError(t, err)
		defer reply.Body.Close()
		if reply.StatusCode != http.StatusOK {
			t.Errorf("the API answers the stored token with status %d", reply.StatusCode)
		}
	})
}
