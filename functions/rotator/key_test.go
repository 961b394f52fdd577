package main

import (
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

// long gives tokens a life in which only their key is a reason to replace them.
func long(c *genesyssim.Config) { c.TokenLifetime = 24 * time.Hour }

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
