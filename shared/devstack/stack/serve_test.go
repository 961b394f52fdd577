package stack_test

import (
	"net/http"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/stack"
)

// 127.0.0.2 is on Linux's loopback, and stands for the address of Docker's bridge.
func TestTheStackIsReachedAtAFurtherAddressOnTheSamePort(t *testing.T) {
	t.Parallel()

	with := config(t)
	with.AlsoListen = "127.0.0.2"

	local, err := stack.Start(t.Context(), with)
	if err != nil {
		t.Fatal(err)
	}

	for url, want := range map[string]int{
		local.GenesysURL + "/_sim/stats":                                 http.StatusOK,
		local.AWSURL + "/2015-03-31/functions/rotator/no-such-operation": http.StatusNotFound,
	} {
		for _, at := range []string{url, strings.Replace(url, "127.0.0.1", "127.0.0.2", 1)} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
			if err != nil {
				t.Fatal(err)
			}

			reply, err := http.DefaultClient.Do(request) //nolint:forbidigo // a test's call to its own server
			if err != nil {
				t.Errorf("%s: %v", at, err)

				continue
			}
			_ = reply.Body.Close()

			if reply.StatusCode != want {
				t.Errorf("%s: status %d, want %d", at, reply.StatusCode, want)
			}
		}
	}

	if err := local.Close(); err != nil {
		t.Error(err)
	}
}

func TestAnAddressThatIsNotThisMachinesIsNamed(t *testing.T) {
	t.Parallel()

	with := config(t)
	with.AlsoListen = "192.0.2.1" // reserved for documentation

	if _, err := stack.Start(t.Context(), with); err == nil || !strings.Contains(err.Error(), "listen on 192.0.2.1") {
		t.Errorf("got %v", err)
	}
}
