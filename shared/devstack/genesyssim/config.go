package genesyssim

import (
	"errors"
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

	defaultPageSize = 25
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

	refuse(c.Users < 0, "field Users is %d: give 0 or more", c.Users)
	refuse(c.Users > maxUsers, "field Users is %d: give at most %d", c.Users, maxUsers)
	refuse(c.ClientID == "", "field ClientID is empty: name the OAuth client")
	refuse(c.ClientSecret.Empty(), "field ClientSecret is empty: give the OAuth client a secret")
	if err := checkLifetime(c.TokenLifetime); err != nil {
		problems = append(problems, fmt.Errorf("field TokenLifetime: %w", err))
	}
	refuse(c.IdleTimeout < 0, "field IdleTimeout is %s: give 0 (never) or more", c.IdleTimeout)
	refuse(c.RateLimit < 0, "field RateLimit is %d: give 0 (unlimited) or more", c.RateLimit)
	refuse(c.RateWindow < 0, "field RateWindow is %s: give 0 (a minute) or more", c.RateWindow)
	refuse(c.TokenRateLimit < 0, "field TokenRateLimit is %d: give 0 (unlimited) or more", c.TokenRateLimit)
	refuse(c.Latency < 0, "field Latency is %s: give 0 or more", c.Latency)
	refuse(c.MaxPageSize < 0, "field MaxPageSize is %d: give 1 or more", c.MaxPageSize)
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
