package verify

import "context"

// ExportKeeping is [Export] where about so many digests are kept at a time.
func ExportKeeping(ctx context.Context, digests int64, config Config) (Report, error) {
	return (&check{Config: config, digests: digests}).export(ctx)
}

// Paired is text as it is exported, and how many of its surrogate escapes are unpaired.
func Paired(text []byte) ([]byte, int64) { return paired(text) }
