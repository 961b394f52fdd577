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
	"time"

	"genesys-cloud-export/shared/secret"
)

// The vendor's limits and defaults.
const (
	// DefaultTokenLifetime is an OAuth client's token lifetime unless somebody changed it.
	DefaultTokenLifetime = 24 * time.Hour
	// DefaultMaxPageSize is the page size to which larger ones are cut.
	DefaultMaxPageSize = 500
	// DefaultRateWindow is how long a rate limit counts.
	DefaultRateWindow = time.Minute

	maxTokenLifetime = 48 * time.Hour // the longest that an OAuth client can have
	maxUsers         = 1 << 30        // keeps every index far from overflow
)

// Config says which organisation is simulated. The zero value of every field but ClientID and ClientSecret is usable.
type Config struct {
	// Users is how many users the organisation has, in all states together.
	Users int
	// Seed chooses the organisation: the same Seed and Users give the same users, byte for byte, in every process.
	Seed uint64
	// ClientID and ClientSecret are the one OAuth client's. Both are required.
	ClientID     string
	ClientSecret secret.Text
	// TokenLifetime is the lifetime of new tokens, in whole seconds, up to two days; 0: [DefaultTokenLifetime].
	// The platform takes nothing under 300 s; the simulator does, so that an expiry can be watched.
	TokenLifetime time.Duration
	// TokenDelay is how long the API refuses a new token; 0: not at all.
	TokenDelay time.Duration
	// IdleTimeout ends a token that was not used for so long; 0: never. HIPAA organisations have 15 minutes.
	IdleTimeout time.Duration
	// RateLimit is how many API requests a token may make in each RateWindow; 0: any number. The platform's is 300 a minute.
	// A 429 and the rate-limit headers name limits per minute: RateLimit × 1 min / RateWindow.
	RateLimit int
	// RateLimitHeaders sends inin-ratelimit-count, -allowed and -reset (seconds) with every API reply that counts against
	// RateLimit. The platform withdrew them in June 2021.
	RateLimitHeaders bool
	// TokenRateLimit is how many token requests are answered in each RateWindow; 0: any number.
	TokenRateLimit int
	// RateWindow is how long both limits count before they begin anew; 0: [DefaultRateWindow], the platform's.
	RateWindow time.Duration
	// Latency is how long the API takes for each reply. The token endpoint answers at once.
	Latency time.Duration
	// MaxPageSize is what larger page sizes are silently cut to; 0: [DefaultMaxPageSize].
	MaxPageSize int
	// Faults is the script of what goes wrong; see [Fault].
	Faults []Fault
	// Logger gets a line at debug level for each request; nil: nobody does. No token, secret or entity is ever logged.
	Logger *slog.Logger
}

// Flags defines a flag for each setting; its default is the setting's value. The credentials are no flags: every process
// sees command lines.
func (c *Config) Flags(flags *flag.FlagSet) {
	flags.IntVar(&c.Users, "users", c.Users, "how many users the organisation has, in all states together")
	flags.Uint64Var(&c.Seed, "seed", c.Seed, "chooses the organisation's users")
	flags.DurationVar(&c.TokenLifetime, "token-lifetime", c.TokenLifetime, "the lifetime of a token")
	flags.DurationVar(&c.TokenDelay, "token-delay", c.TokenDelay, "how long the API refuses a token that was just minted")
	flags.DurationVar(&c.IdleTimeout, "idle-timeout", c.IdleTimeout, "kills a token that was not used for so long; 0 is never, HIPAA organisations have 15m")
	flags.IntVar(&c.RateLimit, "rate-limit", c.RateLimit, "API requests a token may make in each -rate-window; 0 is any number")
	flags.IntVar(&c.TokenRateLimit, "token-rate-limit", c.TokenRateLimit, "token requests that are answered in each -rate-window; 0 is any number")
	flags.DurationVar(&c.RateWindow, "rate-window", c.RateWindow, "how long the rate limits count before they begin anew")
	flags.BoolVar(&c.RateLimitHeaders, "rate-limit-headers", c.RateLimitHeaders, "send the inin-ratelimit headers, which the platform withdrew in June 2021")
	flags.DurationVar(&c.Latency, "latency", c.Latency, "how long the API thinks before each reply")
	flags.IntVar(&c.MaxPageSize, "max-page-size", c.MaxPageSize, "what larger page sizes are silently cut to")
}

// withDefaults returns the configuration with its zero values filled in.
func (c Config) withDefaults() Config {
	c.TokenLifetime = cmp.Or(c.TokenLifetime, DefaultTokenLifetime)
	c.RateWindow = cmp.Or(c.RateWindow, DefaultRateWindow)
	c.MaxPageSize = cmp.Or(c.MaxPageSize, DefaultMaxPageSize)
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))

	return c
}

// validate reports every field that does not hold, each by its name.
func (c Config) validate() error {
	var problems []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	refuse(c.Users > maxUsers, "field Users is %d: give at most %d", c.Users, maxUsers)
	refuse(c.ClientID == "", "field ClientID is empty: name the OAuth client")
	refuse(c.ClientSecret.Empty(), "field ClientSecret is empty: give the OAuth client a secret")
	err := checkLifetime(c.TokenLifetime)
	refuse(err != nil, "field TokenLifetime: %w", err)
	numbers := map[string]int{
		"Users": c.Users, "TokenDelay": int(c.TokenDelay), "IdleTimeout": int(c.IdleTimeout), "RateLimit": c.RateLimit,
		"RateWindow": int(c.RateWindow), "TokenRateLimit": c.TokenRateLimit, "Latency": int(c.Latency), "MaxPageSize": c.MaxPageSize,
	}
	for _, field := range slices.Sorted(maps.Keys(numbers)) {
		refuse(numbers[field] < 0, "field %s is negative: give 0 or more", field)
	}
	for i, fault := range c.Faults {
		err := fault.validate()
		refuse(err != nil, "field Faults, number %d: %w", i+1, err)
	}

	return errors.Join(problems...)
}

// perMinute scales a number of requests in each RateWindow to a minute, rounded down, to at least 1.
func (c Config) perMinute(requests int) int {
	scaled := float64(requests) * float64(time.Minute) / float64(c.RateWindow)

	return int(max(1, min(scaled, math.MaxInt32)))
}

// checkLifetime refuses a token lifetime that no expires_in can say.
func checkLifetime(lifetime time.Duration) error {
	if lifetime < time.Second || lifetime > maxTokenLifetime || lifetime%time.Second != 0 {
		return fmt.Errorf("lifetime is %s: give whole seconds, from 1s to %s", lifetime, maxTokenLifetime)
	}

	return nil
}
