package credentials_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/secret"
)

// canary is a client secret that must be seen nowhere.
const canary = "canary-9b1f4c77e2aa"

// written writes a file with that mode and returns its name.
func written(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()

	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}

	if err := os.Chmod(name, mode); err != nil { // the umask has no say
		t.Fatal(err)
	}

	return name
}

// compare compares credentials with what is wanted, without showing a secret.
func compare(t *testing.T, want, got credentials.Credentials) {
	t.Helper()

	if diff := cmp.Diff(want, got, cmp.Comparer(secret.Text.Equal)); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
}

// refused wants an error that says something and no secret.
func refused(t *testing.T, err error, says string) {
	t.Helper()

	switch {
	case err == nil:
		t.Errorf("there is no error, want one that says %q", says)
	case !strings.Contains(err.Error(), says):
		t.Errorf("the error is %q, want one that says %q", err, says)
	case strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), canary):
		t.Error("the error shows a secret")
	}
}

func TestAFileIsTakenWhereItsOwnerAloneCanReadIt(t *testing.T) {
	t.Parallel()

	for mode, taken := range map[os.FileMode]bool{
		0o600: true, 0o400: true, 0o644: false, 0o640: false, 0o604: false, 0o660: false, 0o602: false,
	} {
		name := written(t, `{"client_id":"an-id","client_secret":"`+canary+`","note":"mine"}`, mode)
		got, err := credentials.FromFile(name)

		if !taken {
			refused(t, err, "chmod 600 "+name)
			compare(t, credentials.Credentials{}, got)

			continue
		}

		if err != nil {
			t.Errorf("mode %o: %v", mode, err)
		}
		compare(t, credentials.Credentials{ClientID: "an-id", ClientSecret: secret.New(canary), Source: name}, got)
	}
}

func TestAFileThatIsNoCredentialsIsRefusedWithoutShowingIt(t *testing.T) {
	t.Parallel()

	for text, says := range map[string]string{
		`{"client_id":"an-id","client_secret":"` + canary: `is not {"client_id":"…","client_secret":"…"}`,
		canary:                                 `is not {"client_id":"…","client_secret":"…"}`,
		`{"client_id":{"` + canary + `":1}}`:   `is not {"client_id":"…","client_secret":"…"}`,
		``:                                     `is not {"client_id":"…","client_secret":"…"}`,
		`{"client_secret":"` + canary + `"}`:   "has no client_id",
		`{"client_id":"an-id"}`:                "has no client_secret",
		`{"client_id":" ","client_secret":""}`: "has no client_id: an OAuth client",
		`{"client_id":"` + strings.Repeat(" ", 1<<20) + `"}` + "\n": `is not {"client_id":"…","client_secret":"…"}`,
		`["` + canary + `"]`: `is not {"client_id":"…","client_secret":"…"}`,
		`{"client_id":"an-id","client_secret":"x"} and ` + canary + ` more`: `is not {"client_id":"…","client_secret":"…"}`,
	} {
		_, err := credentials.FromFile(written(t, text, 0o600))
		refused(t, err, says)
	}

	_, err := credentials.FromFile(filepath.Join(t.TempDir(), "absent"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: got %v", err)
	}
}
