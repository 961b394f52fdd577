package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

const keyARN = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd"

// long gives tokens a life in which only their key is a reason to replace them.
func long(c *genesyssim.Config) { c.TokenLifetime = 24 * time.Hour }

// undecryptable refuses reads with decryption, as KMS does where a role may only encrypt.
func undecryptable(w http.ResponseWriter, r *http.Request, service http.Handler) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if bytes.Contains(body, []byte(`"WithDecryption":true`)) {
		refuse("AccessDeniedException")(w, r, service)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	service.ServeHTTP(w, r)
}

func TestATokenUnderAKeyThatTheStackNoLongerHasIsReplaced(t *testing.T) {
	t.Parallel()

	for name, key := range map[string]string{"the key was changed": "alias/new", "the key was removed": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStack(t, long)
				s.rotate(s.process("TOKEN_KMS_KEY_ID=alias/old"), `{}`)
				time.Sleep(time.Hour)
				s.parameters.DenyKeys("alias/old")

				got := s.rotate(s.process("TOKEN_KMS_KEY_ID="+key), `{}`)

				if !got.Rotated || got.Reason != "unreadable" || got.Version != 2 || s.stored().Version != 2 {
					t.Errorf("result %+v, want another token under the key that may be used", got)
				}
				s.wantMinted(2)
			})
		})
	}
}

func TestARotatorThatMayOnlyEncryptMintsOnceABufferAndNamesTheKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t, long)
		h := s.process("TOKEN_KMS_KEY_ID="+keyARN, "TOKEN_ROTATION_BUFFER_SECONDS=600")
		s.rotate(h, `{}`)
		s.aws.fail("GetParameter", times(1_000, undecryptable)...)

		const minutes = 30
		for range minutes {
			if _, err := s.invoke(h, `{}`); err != nil {
				s.wantError(err, "StorageUnavailable", parameterName, "cannot be decrypted", "key/1234abcd", "force")
			}
			time.Sleep(time.Minute)
		}
		s.wantMinted(minutes / 10)

		if got := s.rotate(h, `{"force":true}`); !got.Rotated {
			t.Errorf("result %+v, want force to mint", got)
		}
	})
}

func TestAKeyThatMayNotEncryptIsNamedAndCostsOneMint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t, long)
		s.parameters.DenyKeys(keyARN)
		h := s.process("TOKEN_KMS_KEY_ID=" + keyARN)

		for range 5 {
			_, err := s.invoke(h, `{}`)
			s.wantError(err, "StorageUnavailable", "store the new token", parameterName, "key/1234abcd")
			time.Sleep(time.Minute)
		}
		s.wantMinted(1)
	})
}

func TestALabelOnTheOldestOfAHundredVersionsIsSaidWithWhatToDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t, long)
		for i := range 100 {
			s.put(fmt.Sprintf("version %d", i))
		}
		_, err := s.ssm.LabelParameterVersion(t.Context(), &ssm.LabelParameterVersionInput{
			Name: aws.String(parameterName), ParameterVersion: aws.Int64(1), Labels: []string{"keep"},
		})
		noError(t, err)

		_, err = s.invoke(s.process(), `{}`)

		s.wantError(err, "StorageUnavailable", parameterName, "oldest", "move the label")
	})
}
