package genesyssim

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"genesys-cloud-export/shared/secret"
)

// The defaults are the vendor's.
const (
	DefaultTokenLifetime = 24 * time.Hour // an OAuth client's, unless somebody changed it
	DefaultRateWindow    = time.Minute    // how long a rate limit counts

	maxTokenLifetime = 48 * time.Hour // the longest that an OAuth client can have
	jobLife          = 24 * time.Hour // how long a job's results are there, and their cursors live
	mostEntities     = 500            // a page; larger page sizes are cut to it in silence
)

// Config says which organisation is simulated. The zero value of every field but ClientID and ClientSecret is usable.
// A rate limit is for each RateWindow; a 429 names it per minute: RateLimit × 1 min / RateWindow.
type Config struct {
	Users        int            // in all states together
	Seed         uint64         // the same Seed and Users give the same users, byte for byte, in every process
	Sizes        map[string]int // how many entities a listing has, by its name; of conversations and audits: a day
	Listings     []Listing      // that the API has beside the simulator's own
	Forbidden    []string       // listings that the client has no permission for
	ClientID     string         // of the one OAuth client; required
	ClientSecret secret.Text    // required

	TokenLifetime time.Duration // of new tokens, in whole seconds, up to two days; 0: [DefaultTokenLifetime]
	IdleTimeout   time.Duration // ends a token that was not used for so long; 0: never; HIPAA organisations have 15 minutes

	RateLimit  int           // API requests of one token; 0: any number; the platform's is 300 a minute
	RateWindow time.Duration // how long the limit counts before it begins anew; 0: [DefaultRateWindow], the platform's

	// A job of a history is ready JobTime after it was submitted, and expires a day later. Data of calls and
	// agents are available up to AvailabilityLag ago, or, where it is given, up to AvailableUntil; audits are at once.

	JobTime, AvailabilityLag time.Duration
	AvailableUntil           time.Time
	CursorLife               time.Duration // of external contacts and of a job's results; 0: a day

	Latency time.Duration // how long the API takes for each reply; the token endpoint answers at once
	Faults  []Fault       // what goes wrong
	Logger  *slog.Logger  // gets a line at debug level for each request, without tokens, secrets and entities; nil: none
}

// Flags defines a flag for each setting but the credentials: every process sees command lines. Its default is the setting's value.
func (c *Config) Flags(flags *flag.FlagSet) {
	flags.IntVar(&c.Users, "users", c.Users, "how many users the organisation has, in all states together")
	flags.Uint64Var(&c.Seed, "seed", c.Seed, "chooses the organisation's users")
	flags.DurationVar(&c.TokenLifetime, "token-lifetime", c.TokenLifetime, "the lifetime of a token")
	flags.DurationVar(&c.IdleTimeout, "idle-timeout", c.IdleTimeout, "kills a token that was not used for so long; 0 is never, HIPAA has 15m")
	flags.IntVar(&c.RateLimit, "rate-limit", c.RateLimit, "API requests a token may make in each -rate-window; 0 is any number")
	flags.DurationVar(&c.RateWindow, "rate-window", c.RateWindow, "how long the rate limit counts before it begins anew")
	flags.DurationVar(&c.Latency, "latency", c.Latency, "how long the API thinks before each reply")
	flags.Func("sizes", "`NAME=N,…`: how many entities listings have; of conversations and audits: a day", c.readSizes)
	flags.Func("forbidden", "`NAME,…`: listings that the client has no permission for", func(names string) error {
		c.Forbidden = strings.Split(names, ",")
		return nil
	})
	flags.DurationVar(&c.JobTime, "job-time", c.JobTime, "how long a history's job takes")
	flags.DurationVar(&c.AvailabilityLag, "availability-lag", c.AvailabilityLag, "how far behind the clock conversations and user-status are available")
	flags.DurationVar(&c.CursorLife, "cursor-life", c.CursorLife, "how long cursors of external-contacts and of results live; 0 is a day")
}

// readSizes reads NAME=N,….
func (c *Config) readSizes(given string) error {
	c.Sizes = map[string]int{}
	for one := range strings.SplitSeq(given, ",") {
		name, digits, _ := strings.Cut(one, "=")
		size, err := strconv.Atoi(digits)
		if err != nil {
			return fmt.Errorf("the size of %q is no number: %w", name, err)
		}
		c.Sizes[name] = size
	}

	return nil
}

// withDefaults returns the configuration with its zero values filled in.
func (c Config) withDefaults() Config {
	c.TokenLifetime = cmp.Or(c.TokenLifetime, DefaultTokenLifetime)
	c.RateWindow = cmp.Or(c.RateWindow, DefaultRateWindow)
	c.CursorLife = cmp.Or(c.CursorLife, jobLife)
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))

	return c
}

// validate reports every field that does not hold, each by its name, but for the faults.
func (c Config) validate(listings []Listing) error {
	var problems []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	refuse(c.ClientID == "", "field ClientID is empty: name the OAuth client")
	refuse(c.ClientSecret.Empty(), "field ClientSecret is empty: give the OAuth client a secret")
	refuse(c.TokenLifetime < time.Second || c.TokenLifetime > maxTokenLifetime || c.TokenLifetime%time.Second != 0,
		"field TokenLifetime is %s: give whole seconds, from 1s to %s", c.TokenLifetime, maxTokenLifetime)
	numbers := map[string]int{
		"Users": c.Users, "IdleTimeout": int(c.IdleTimeout), "RateLimit": c.RateLimit, "RateWindow": int(c.RateWindow), "Latency": int(c.Latency),
		"JobTime": int(c.JobTime), "AvailabilityLag": int(c.AvailabilityLag), "CursorLife": int(c.CursorLife),
	}
	for name, size := range c.Sizes {
		numbers["Sizes, "+name] = size
		refuse(!slices.ContainsFunc(listings, func(l Listing) bool { return l.Name == name }), "field Sizes: there is no listing %q", name)
	}
	for _, name := range c.Forbidden {
		needed := slices.ContainsFunc(listings, func(l Listing) bool { return l.Name == name && l.Permission != "" })
		refuse(!needed, "field Forbidden: no listing %q needs a permission", name)
	}
	for _, field := range slices.Sorted(maps.Keys(numbers)) {
		refuse(numbers[field] < 0, "field %s is negative: give 0 or more", field)
	}

	return errors.Join(problems...)
}

// limitPerMinute scales RateLimit from each RateWindow to a minute, rounded down, to at least 1.
func (c Config) limitPerMinute() int {
	return int(max(1, min(float64(c.RateLimit)*float64(time.Minute)/float64(c.RateWindow), math.MaxInt32)))
}
