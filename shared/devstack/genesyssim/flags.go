package genesyssim

import "flag"

// Flags defines a flag for each setting that a command line may choose. A flag's default is what the setting is, and
// parsing the command line sets it. The client's credentials are no flags: every process sees command lines.
func (c *Config) Flags(flags *flag.FlagSet) {
	flags.IntVar(&c.Users, "users", c.Users, "how many users the organisation has, in all states together")
	flags.Uint64Var(&c.Seed, "seed", c.Seed, "chooses the organisation's users")
	flags.DurationVar(&c.TokenLifetime, "token-lifetime", c.TokenLifetime, "the lifetime of a token")
	flags.DurationVar(&c.IdleTimeout, "idle-timeout", c.IdleTimeout, "kills a token that was not used for so long; 0 is never, HIPAA organisations have 15m")
	flags.IntVar(&c.RateLimit, "rate-limit", c.RateLimit, "API requests a token may make in each -rate-window; 0 is any number")
	flags.IntVar(&c.TokenRateLimit, "token-rate-limit", c.TokenRateLimit, "token requests that are answered in each -rate-window; 0 is any number")
	flags.DurationVar(&c.RateWindow, "rate-window", c.RateWindow, "how long the rate limits count before they begin anew")
	flags.BoolVar(&c.RateLimitHeaders, "rate-limit-headers", c.RateLimitHeaders, "send the inin-ratelimit headers, which the platform withdrew in June 2021")
	flags.DurationVar(&c.Latency, "latency", c.Latency, "how long the API thinks before each reply")
	flags.IntVar(&c.MaxPageSize, "max-page-size", c.MaxPageSize, "what larger page sizes are silently cut to")
	flags.BoolVar(&c.NoCompression, "no-compression", c.NoCompression, "keep replies plain even for clients that accept gzip")
}

// setting is one setting as it is in force.
type setting struct {
	Flag, Value, Meaning string
}

// settings lists what Flags defines, by name.
func (c Config) settings() []setting {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	c.Flags(flags) // c is a copy: its defaults are the values in force

	var all []setting
	flags.VisitAll(func(f *flag.Flag) {
		all = append(all, setting{Flag: f.Name, Value: f.DefValue, Meaning: f.Usage})
	})

	return all
}
