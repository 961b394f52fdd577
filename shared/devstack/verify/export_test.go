package verify

// Paired is text as it is exported, and how many of its surrogate escapes are unpaired.
func Paired(text []byte) ([]byte, int64) { return paired(text) }
