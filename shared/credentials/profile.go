package credentials

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"genesys-cloud-export/shared/secret"
)

// The keys of a profile, and the profile that the vendor's command line takes where none is named. They are read in its
// configuration package (https://github.com/MyPureCloud/platform-client-sdk-cli, build/gc/config/config.go), which
// knows neither profiles nor keys by their case.
const (
	profileClientID     = "client_credentials"
	profileClientSecret = "client_secret"
	profileEnvironment  = "environment"

	// DefaultProfile is the profile of which the command line's own manual writes [DEFAULT].
	DefaultProfile = "default"
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

// parseProfiles reads as much of TOML as the file has: tables one level deep with strings in them, by lower-case table and
// key. Values of other types and keys outside of a table are passed over. Errors name a line and nothing of it.
func parseProfiles(text []byte) (map[string]map[string]string, error) {
	profiles := make(map[string]map[string]string)
	table := map[string]string{} // what stands before the first table belongs to no profile
	closing := ""                // of a text over several lines that has begun

	for number, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		inside := closing != ""

		switch {
		case inside && strings.Contains(line, closing):
			closing = ""
		case inside, line == "", line[0] == '#':
		case line[0] == '[':
			name := header.FindStringSubmatch(line)
			if name == nil {
				return nil, fmt.Errorf("line %d is no [profile]: correct it", number+1)
			}

			table = make(map[string]string)
			profiles[strings.ToLower(bare(name[1]))] = table
		default:
			key, value, ok := strings.Cut(line, "=")
			if !ok {
				return nil, fmt.Errorf("line %d is neither [profile] nor key = \"value\": correct it", number+1)
			}

			if table[strings.ToLower(bare(key))], closing, ok = stringValue(strings.TrimSpace(value)); !ok {
				return nil, fmt.Errorf("line %d has a value whose quotes or escapes are wrong: correct it", number+1)
			}
		}
	}

	return profiles, nil
}

// header is [name], or an array's [[name]], which is read as one table.
var header = regexp.MustCompile(`^\[{1,2}([^\[\]#]*[^\[\]#\s][^\[\]#]*)]{1,2}\s*(?:#.*)?$`)

// bare takes spaces and quotes off a key or a table's name.
func bare(name string) string { return strings.Trim(name, "\"' \t") }

// stringValue decodes a quoted value; one of another type is "". What follows the closing quote is a comment. Of a text over
// several lines that does not end in its first, closing is what ends it.
func stringValue(value string) (decoded, closing string, ok bool) {
	for _, quotes := range []string{`"""`, "'''", "'"} {
		rest, quoted := strings.CutPrefix(value, quotes)
		if !quoted {
			continue
		}

		text, _, closed := strings.Cut(rest, quotes)
		if len(quotes) == 3 && !closed {
			return "", quotes, true
		}

		return text, "", closed
	}

	if !strings.HasPrefix(value, `"`) {
		return "", "", true
	}

	quoted, err := strconv.QuotedPrefix(value)
	if err != nil {
		return "", "", false
	}

	decoded, err = strconv.Unquote(quoted)

	return decoded, "", err == nil
}
