package genesyssim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// bookmark is what a cursor stands for: a place in a selection. Turn tells apart cursors of one place, which an empty page
// leaves behind.
type bookmark struct {
	selection

	position, turn int
}

// seal returns the cursor of a bookmark in the listing at a path, the same each time. Nothing is remembered: a cursor says
// its place, and is signed. The key follows from the seed and the number of users, so a cursor outlives a restart of the same
// organisation and is worth nothing in any other.
func (s *Simulator) seal(path string, mark bookmark) string {
	sum := hmac.New(sha256.New, fmt.Appendf(nil, "%d users, seed %d", s.config.Users, s.config.Seed))
	_, _ = fmt.Fprint(sum, path, mark) // a hash takes everything

	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d %s", mark.position, mark.turn, sum.Sum(nil)))
}

// open returns the bookmark that a cursor was sealed from; ok is false for every string that seal did not return for this
// path and selection.
func (s *Simulator) open(path string, chosen selection, cursor string) (mark bookmark, ok bool) {
	mark.selection = chosen
	sealed, _ := base64.RawURLEncoding.DecodeString(cursor)
	_, err := fmt.Sscan(string(sealed), &mark.position, &mark.turn)

	return mark, err == nil && s.seal(path, mark) == cursor
}
