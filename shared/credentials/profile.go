package credentials

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"genesys-cloud-export/shared/secret"
)

// The keys of a profile, as the vendor's command line reads them (https://github.com/MyPureCloud/platform-client-sdk-cli,
// build/gc/config/config.go), which knows neither profiles nor keys by their case.
const (
	profileClientID     = "client_credentials"
	profileClientSecret = "client_secret"
	profileEnvironment  = "environment"
)

// FromProfile reads a profile of the vendor's command line, whose file is ~/.gc/config.toml: its client id, its secret and
// its environment. A profile that logs in otherwise (an access token, a browser) is refused. The command line itself leaves
// the file readable by others, so that is a warning here and no error.
func FromProfile(name, profile string) (Credentials, error) {
	text, mode, err := read(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Credentials{}, fmt.Errorf("%s is not there: make a profile with gc profiles new, or use a file with client credentials", name)
	case err != nil:
		return Credentials{}, fmt.Errorf("read the profiles of gc: %w", err)
	}

	profiles, err := parseProfiles(text)
	if err != nil {
		return Credentials{}, fmt.Errorf("read the profiles of gc in %s: %w", name, err)
	}

	values, found := profiles[strings.ToLower(profile)]
	if !found {
		return Credentials{}, fmt.Errorf("%s has no profile %q: name one of %s", name, profile,
			strings.Join(slices.Sorted(maps.Keys(profiles)), ", "))
	}

	c := Credentials{
		ClientID:     values[profileClientID],
		ClientSecret: secret.New(values[profileClientSecret]),
		Environment:  values[profileEnvironment],
		Source:       fmt.Sprintf("profile %s of %s", strings.ToLower(profile), name),
	}
	if mode&others != 0 {
		c.Warning = "others than you can read " + name + ": chmod 600 " + name
	}

	return c, c.complete(c.Source, profileClientID)
}

// parseProfiles returns the texts of each table by lower-case table and key, and passes over all else. Errors name a line and
// nothing of it.
func parseProfiles(file []byte) (map[string]map[string]string, error) {
	var tables map[string]any
	if err := toml.Unmarshal(file, &tables); err != nil {
		// The decoder's own errors may repeat what they stumbled over.
		wrong, _ := errors.AsType[toml.ParseError](err)
		return nil, fmt.Errorf("line %d is no TOML: correct it", wrong.Position.Line)
	}

	profiles := make(map[string]map[string]string)
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		table, isTable := tables[name].(map[string]any)
		if !isTable {
			continue
		}

		lower := strings.ToLower(name)
		if profiles[lower] == nil { // [DEFAULT] and [default.oauth] are one
			profiles[lower] = make(map[string]string)
		}

		for key, value := range table {
			if text, isText := value.(string); isText {
				profiles[lower][strings.ToLower(key)] = text
			}
		}
	}

	return profiles, nil
}
