package credentials_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/secret"
)

// profiles is a file as people write it after the command line's manual, and as the command line itself does.
const profiles = `# organisations
title = 'none'

[DEFAULT]
environment="mypurecloud.ie" # Dublin
client_credentials = "an-id"
client_secret="` + canary + `"
grant_type = '1'
logging_enabled = true

[test_pro_1]
client_credentials = 'another-id'
client_secret = '` + canary + `#"\'
environment = 'eu-central-1'
oauth_token_data = """{
client_secret = "not this"
"""
log_file_path = '''/var/log'''

[ "quoted name" ]
"client_credentials" = "q\u00e9\"id"
'client_secret' = """` + canary + `"""

[token_only]
environment = "mypurecloud.com"
access_token = "` + canary + `"

[default.oauth]
client_secret = "not this either"
`

// The command line makes its file with mode 0644, so refusing that would refuse nearly every profile there is.
func TestAProfileGivesTheCredentialsAndItsEnvironmentWithAWarningWhereOthersCanReadIt(t *testing.T) {
	t.Parallel()

	for mode, warns := range map[os.FileMode]bool{0o600: false, 0o644: true} {
		name := written(t, profiles, mode)

		for profile, want := range map[string]credentials.Credentials{
			"default":     {ClientID: "an-id", ClientSecret: secret.New(canary), Environment: "mypurecloud.ie"},
			"DEFAULT":     {ClientID: "an-id", ClientSecret: secret.New(canary), Environment: "mypurecloud.ie"},
			"Test_Pro_1":  {ClientID: "another-id", ClientSecret: secret.New(canary + `#"\`), Environment: "eu-central-1"},
			"quoted name": {ClientID: `qé"id`, ClientSecret: secret.New(canary)},
		} {
			got, err := credentials.FromProfile(name, profile)
			if err != nil {
				t.Fatal(err)
			}

			want.Source = "profile " + strings.ToLower(profile) + " of " + name
			if warns {
				want.Warning = "others than you can read " + name + ": chmod 600 " + name
			}
			compare(t, want, got)
		}
	}
}

func TestAProfileThatCannotLogInIsRefused(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct{ text, profile, says string }{
		"it has a token only":       {profiles, "token_only", "has no client_credentials: an OAuth client"},
		"it is not there":           {"[a]\n[b]\n", "c", `has no profile "c": name one of a, b`},
		"it is no profile at all":   {canary + "\n", "default", "line 1 is no TOML"},
		"a table is not closed":     {"\n[default\nclient_secret=\"" + canary + `"`, "default", "line 3 is no TOML"},
		"a quote is not closed":     {"[default]\nclient_secret=\"" + canary, "default", "line 2 is no TOML"},
		"a literal is not closed":   {"[default]\nclient_secret='" + canary, "default", "line 2 is no TOML"},
		"an escape is none":         {`[default]` + "\n" + `client_secret="` + canary + `\q"`, "default", "line 2 is no TOML"},
		"a long text never ends":    {"[default]\nclient_credentials='an-id'\nclient_secret='''\n" + canary, "default", "is no TOML"},
		"a key stands there twice":  {"[default]\n" + strings.Repeat("client_secret='"+canary+"'\n", 2), "default", "line 3 is no TOML"},
		"the secret is no string":   {"[default]\nclient_credentials='an-id'\nclient_secret=12345", "default", "has no client_secret"},
		"the file is not a profile": {strings.Repeat("#", 1<<20+1), "default", "has no profile"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := credentials.FromProfile(written(t, test.text, 0o600), test.profile)
			refused(t, err, test.says)
		})
	}

	_, err := credentials.FromProfile(filepath.Join(t.TempDir(), "config.toml"), "default")
	refused(t, err, "make a profile with gc profiles new")
}

func FuzzAProfileIsReadOrRefusedWithoutShowingIt(f *testing.F) {
	for _, seed := range []string{profiles, "[a]\nclient_secret=\"" + canary, "[[a]]\nb=[\"" + canary + "\"]", "='", "[\"]"} {
		f.Add(seed)
	}

	name := filepath.Join(f.TempDir(), "config.toml") // each worker has its own

	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}

		got, err := credentials.FromProfile(name, "default")
		if err == nil && (got.ClientID == "" || got.ClientSecret.Empty()) {
			t.Error("credentials were returned without an id or without a secret")
		}

		if err != nil && strings.Contains(text, canary) && strings.Contains(err.Error(), canary) &&
			!strings.Contains(tableNames(text), canary) {
			t.Errorf("the error shows a value: %v", err)
		}
	})
}

// tableNames is what may be shown of a file: the names of its profiles.
func tableNames(text string) string {
	var names strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")), "[") {
			names.WriteString(strings.ToLower(line))
		}
	}

	return names.String()
}
