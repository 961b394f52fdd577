package genesyssim

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"time"

	"genesys-cloud-export/shared/secret"
)

// The vendor's limits and defaults that a [Config] is held against.
const (
	// DefaultTokenLifetime is what an OAuth client of Genesys Cloud has unless somebody changed it: a day.
	DefaultTokenLifetime = 24 * time.Hour
	// MaxTokenLifetime is the longest lifetime an OAuth client can be given: two days.
	MaxTokenLifetime = 48 * time.Hour
	// DefaultMaxPageSize is the page size to which larger ones are cut without a word.
	DefaultMaxPageSize = 500
	// DefaultRateWindow is how long a rate limit counts requests before it begins anew: limits are given per minute.
	DefaultRateWindow = time.Minute

	maxUsers = 1 << 30 // keeps every index far from overflow
)

// Config says which organisation is simulated. The zero value of every field but ClientID and ClientSecret is usable.
type Config struct {
	// Users is how many users the organisation has, in all states together.
	Users int
	// Seed chooses the organisation: the same Seed and Users give the same users, byte for byte, in every process.
	Seed uint64
	// ClientID names the one OAuth client. Required.
	ClientID string
	// ClientSecret is the client's secret. Required.
	ClientSecret secret.Text
	// TokenLifetime is the lifetime of tokens minted from now on, in whole seconds, up to [MaxTokenLifetime]; 0 means
	// [DefaultTokenLifetime]. The platform takes nothing under 300 s; the simulator does, so that an expiry can be watched.
	TokenLifetime time.Duration
	// TokenDelay is how long the API refuses a token that was just minted, as while it is replicated; 0: not at all.
	TokenDelay time.Duration
	// IdleTimeout kills a token that was not used for so long; 0: never. HIPAA organisations have 15 minutes.
	IdleTimeout time.Duration
	// RateLimit is how many API requests one token may make in each RateWindow; 0: any number. The platform's is 300 a minute.
	// A 429 names it as the platform does, per minute: RateLimit × 1 min / RateWindow.
	RateLimit int
	// RateLimitHeaders sends the headers inin-ratelimit-count, -allowed and -reset with every API reply that counts against
	// RateLimit. The platform withdrew them in June 2021. Count and allowed are per minute too, so that their ratio is what
	// is used of the limit; reset is the seconds until the window ends.
	RateLimitHeaders bool
	// TokenRateLimit is how many token requests are answered in each RateWindow; 0: any number.
	TokenRateLimit int
	// RateWindow is how long both limits count before they begin anew; 0 means [DefaultRateWindow]. The platform's is a
	// minute; a shorter one lets limits be met and waited for in seconds.
	RateWindow time.Duration
	// Latency is how long the API thinks before each reply. The token endpoint answers at once.
	Latency time.Duration
	// MaxPageSize is what larger page sizes are silently cut to; 0 means [DefaultMaxPageSize].
	MaxPageSize int
	// NoCompression keeps replies plain even for clients that accept gzip.
	NoCompression bool
	// Faults is the script of what goes wrong; see [Fault].
	Faults []Fault
	// Logger gets a line at debug level for each request; nil: nobody does. No token, secret or entity is ever logged.
	Logger *slog.Logger
}

// Flags defines a flag for each setting that a command line may choose. A flag's default is what the setting is, and
// parsing the command line sets it. The client's credentials are no flags: every process sees command lines.
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
	flags.BoolVar(&c.NoCompression, "no-compression", c.NoCompression, "keep replies plain even for clients that accept gzip")
}

// withDefaults returns the configuration with its zero values filled in.
func (c Config) withDefaults() Config {
	if c.TokenLifetime == 0 {
		c.TokenLifetime = DefaultTokenLifetime
	}
	if c.RateWindow == 0 {
		c.RateWindow = DefaultRateWindow
	}
	if c.MaxPageSize == 0 {
		c.MaxPageSize = DefaultMaxPageSize
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}

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
	if err := checkLifetime(c.TokenLifetime); err != nil {
		problems = append(problems, fmt.Errorf("field TokenLifetime: %w", err))
	}
	for _, number := range []struct {
		field string
		value int64
	}{
		{"Users", int64(c.Users)},
		{"TokenDelay", int64(c.TokenDelay)},
		{"IdleTimeout", int64(c.IdleTimeout)},
		{"RateLimit", int64(c.RateLimit)},
		{"RateWindow", int64(c.RateWindow)},
		{"TokenRateLimit", int64(c.TokenRateLimit)},
		{"Latency", int64(c.Latency)},
		{"MaxPageSize", int64(c.MaxPageSize)},
	} {
		refuse(number.value < 0, "field %s is negative: give 0 or more", number.field)
	}
	for i, fault := range c.Faults {
		if err := fault.validate(); err != nil {
			problems = append(problems, fmt.Errorf("field Faults, number %d: %w", i+1, err))
		}
	}

	return errors.Join(problems...)
}

// perMinute scales a number of requests in each RateWindow to a minute, rounded down, and at least 1 where there was one.
func (c Config) perMinute(requests int) int {
	if requests == 0 {
		return 0
	}
	scaled := float64(requests) * float64(time.Minute) / float64(c.RateWindow)

	return int(max(1, min(scaled, math.MaxInt32)))
}

// checkLifetime holds a token lifetime against what expires_in can say.
func checkLifetime(lifetime time.Duration) error {
	if lifetime < time.Second || lifetime > MaxTokenLifetime || lifetime%time.Second != 0 {
		return fmt.Errorf("lifetime is %s: give whole seconds, from 1s to %s", lifetime, MaxTokenLifetime)
	}

	return nil
}
