package genesyssim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// bookmark is what a cursor stands for: a place in a selection. Turn tells apart cursors of one place, which an empty page
// leaves behind.
type bookmark struct {
	selection

	Position, Turn int64
}

// cursors makes cursors of bookmarks and back. Nothing is remembered: a cursor carries its place, with a signature whose key
// the seed and the number of users give, so that it outlives a restart of the same organisation and is worth nothing in any other.
type cursors struct{ key []byte }

func newCursors(config Config) cursors {
	return cursors{key: fmt.Appendf(nil, "cursors of %d users, seed %d", config.Users, config.Seed)}
}

// seal returns the cursor of a bookmark in the listing at a path, the same each time.
func (c cursors) seal(path string, mark bookmark) string {
	plain, err := binary.Append(nil, binary.BigEndian, mark)
	if err != nil {
		panic(fmt.Sprintf("genesyssim: encode a bookmark: %v", err)) // every field has a fixed size
	}
	sum := hmac.New(sha256.New, c.key)
	sum.Write(append(plain, path...))

	return base64.RawURLEncoding.EncodeToString(sum.Sum(plain))
}

// open returns the bookmark that a cursor was sealed from; ok is false for every string that seal did not return.
func (c cursors) open(path, cursor string) (mark bookmark, ok bool) {
	signed, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return mark, false
	}
	if _, err := binary.Decode(signed, binary.BigEndian, &mark); err != nil {
		return mark, false
	}

	return mark, c.seal(path, mark) == cursor
}
