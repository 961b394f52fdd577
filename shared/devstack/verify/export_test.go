package verify

import "context"

// ExportByShares is [Export] that remembers so many records at a time.
func ExportByShares(ctx context.Context, config Config, digests int64) (Report, error) {
	return export(ctx, config, digests)
}

// Paired is text as it is exported, and how many of its surrogate escapes are unpaired.
func Paired(text []byte) ([]byte, int64) { return paired(text) }
