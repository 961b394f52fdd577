package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
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

func TestR10AValueUpToEightKilobytesIsStored(t *testing.T) {
	t.Parallel()

	for _, size := range []int{4096, 4097, 8192} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, h := dueStack(t)
				s.faults(genesyssim.Fault{Body: grantOf(t, size)})

				s.rotate(h, `{}`)

				stored := s.stored()
				document, err := token.Encode(stored.Token)
				if err != nil || len(document) != size || stored.Version != 2 {
					t.Errorf("version %d with %d bytes is stored, error %v, want version 2 with %d", stored.Version, len(document), err, size)
				}
			})
		})
	}
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

func TestR11PutParameterThrottledThriceWritesTheSameToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, h := dueStack(t)
		s.aws.fail("PutParameter", times(3, refuse("ThrottlingException"))...)

		got := s.rotate(h, `{}`)

		if !got.Rotated || got.Version != 2 {
			t.Errorf("result %+v, want a rotation to version 2", got)
		}
		s.wantRequests(requests{"GetParameter": 2, "GetSecretValue": 1, "token": 1, "PutParameter": 4})
		s.wantMinted(2)
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

func TestR12ALostPutReplyIsReadBack(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name    string
		lost    int
		version int64
		want    requests
	}{
		{"once, and the SDK puts again", 1, 3, requests{"GetParameter": 2, "GetSecretValue": 1, "token": 1, "PutParameter": 2}},
		{"each time", 5, 6, requests{"GetParameter": 3, "GetSecretValue": 1, "token": 1, "PutParameter": 5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, h := dueStack(t)
				s.aws.fail("PutParameter", times(test.lost, loseReply)...)

				got := s.rotate(h, `{}`)

				if stored := s.stored(); !got.Rotated || got.Version != test.version || stored.Version != test.version {
					t.Errorf("result %+v with version %d stored, want a rotation to version %d", got, stored.Version, test.version)
				}
				s.wantRequests(test.want)
				s.wantMinted(2)
			})
		})
	}
}

func TestR13AParameterThatCannotBeReadMintsNothing(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name  string
		fault fault
		reads int
		part  string
	}{
		{"throttled", refuse("ThrottlingException"), 5, "ThrottlingException"},
		{"denied, with decryption and without", refuse("AccessDeniedException"), 2, "access was denied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, h := dueStack(t)
				s.aws.fail("GetParameter", times(3*test.reads, test.fault)...)

				for _, event := range []string{`{}`, `{"force":true}`, `{"rejected_version":1}`} {
					_, err := s.invoke(h, event)
					s.wantError(err, "StorageUnavailable", "read the stored token", parameterName, test.part)
					s.wantRequests(requests{"GetParameter": test.reads})
				}
				s.wantMinted(1)
			})
		})
	}
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

func TestR14ACorruptValueIsReplaced(t *testing.T) {
	t.Parallel()

	for name, value := range map[string]string{
		"text": "canary", "an empty object": "{}", "schema 0": `{"schema_version":0,"access_token":"canary"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStack(t)
				s.put(value)

				got := s.rotate(s.process(), `{}`)

				if !got.Rotated || got.Reason != "unreadable" || got.Version != 2 || s.stored().Version != 2 {
					t.Errorf("result %+v, want the corrupt value replaced as version 2", got)
				}
			})
		})
	}
}

func TestR14ANewerSchemaIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		s.put(`{"schema_version":2,"access_token":"canary"}`)
		h := s.process()

		for _, event := range []string{`{}`, `{"force":true}`, `{"rejected_version":1}`} {
			_, err := s.invoke(h, event)
			s.wantError(err, "TokenUnavailable", "newer schema", "left as it is")
			s.wantRequests(requests{"GetParameter": 1})
		}
	})
}

func TestR17ACrashBetweenMintAndPutWastesOneToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, h := dueStack(t)
		s.aws.fail("PutParameter", times(5, hang)...)
		if _, err := s.invoke(h, `{}`); err == nil {
			t.Fatal("the rotation outlived its time")
		}

		s.aws.fail("PutParameter")
		next := s.process()
		for range 3 {
			s.rotate(next, `{}`)
		}

		s.wantMinted(3) // the first, the wasted one, and its successor
		if got := s.stored().Version; got != 2 {
			t.Errorf("version %d is stored, want 2", got)
		}
	})
}

func TestR22ALifetimeCutFromADayToMinutesIsFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		noError(t, s.genesys.SetTokenLifetime(24*time.Hour))
		h := s.process()
		s.rotate(h, `{}`)
		s.genesys.RevokeTokens()
		noError(t, s.genesys.SetTokenLifetime(300*time.Second))

		got := s.rotate(h, `{"rejected_version":1}`)

		if !got.Rotated || got.Reason != "rejected" || got.RemainingSeconds != 300 {
			t.Errorf("result %+v, want the earlier-expiring token written", got)
		}
		time.Sleep(199 * time.Second)
		if got := s.rotate(h, `{}`); got.Rotated {
			t.Errorf("result %+v with 101 s left, want fresh", got)
		}
		time.Sleep(time.Second)
		if got := s.rotate(h, `{}`); !got.Rotated || got.Reason != "expiring" {
			t.Errorf("result %+v with 100 s left, want a rotation", got)
		}
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
