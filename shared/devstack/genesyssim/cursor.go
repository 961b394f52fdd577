package genesyssim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
)

// bookmark is what a cursor stands for: a place. Turn tells apart cursors of one place, which an empty page leaves behind.
type bookmark struct {
	place, turn int
	issued      int64 // when, in Unix seconds; 0 where the cursor lives for ever
}

// seal returns the cursor of a bookmark in a scope. It is signed by a key of the seed and the number of users, so it outlives a restart
// of the same organisation and is worth nothing in any other.
func (s *Simulator) seal(scope string, mark bookmark) string {
	sum := hmac.New(sha256.New, fmt.Appendf(nil, "%d users, seed %d", s.config.Users, s.config.Seed))
	_, _ = fmt.Fprint(sum, scope, mark) // a hash takes everything
	plain := fmt.Appendf(nil, "%d %d %d %s", mark.place, mark.turn, mark.issued, sum.Sum(nil))

	return base64.RawURLEncoding.EncodeToString(plain)
}

// open returns the bookmark of a cursor; ok is false for what seal did not return in this scope, and where its life is over.
func (s *Simulator) open(scope, cursor string) (mark bookmark, ok bool) {
	sealed, _ := base64.RawURLEncoding.DecodeString(cursor)
	_, err := fmt.Sscan(string(sealed), &mark.place, &mark.turn, &mark.issued)
	dead := mark.issued > 0 && time.Since(time.Unix(mark.issued, 0)) >= s.config.CursorLife

	return mark, err == nil && !dead && s.seal(scope, mark) == cursor
}
