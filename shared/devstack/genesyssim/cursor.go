package genesyssim

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// bookmark is what a cursor stands for: a place in a selection. turn tells apart cursors of one place, which an empty
// page leaves behind.
type bookmark struct {
	chosen   selection
	position int
	turn     int
}

// cursorCodec seals bookmarks into cursors. Nothing is remembered: a cursor carries its place, encrypted and
// authenticated, under a key that the seed and the number of users give, so that a cursor outlives a restart of the
// same organisation and is worth nothing in any other.
type cursorCodec struct {
	aead cipher.AEAD
	key  [sha256.Size]byte
}

func newCursorCodec(seed uint64, users int) (*cursorCodec, error) {
	key := fingerprint("cursor encryption", seed, users)
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("make the cursors' cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make the cursors' cipher: %w", err)
	}

	return &cursorCodec{aead: aead, key: fingerprint("cursor nonces", seed, users)}, nil
}

// seal returns the cursor of a bookmark, the same each time. The nonce is a hash of the content, so no two contents
// share one.
func (c *cursorCodec) seal(mark bookmark) string {
	plain := make([]byte, 0, 32)
	plain = append(plain, byte(mark.chosen.state), boolByte(mark.chosen.descending))
	plain = binary.BigEndian.AppendUint32(plain, uint32(mark.chosen.expand))
	plain = binary.BigEndian.AppendUint64(plain, uint64(mark.position)) //nolint:gosec // never negative
	plain = binary.BigEndian.AppendUint64(plain, uint64(mark.turn))     //nolint:gosec // never negative

	sum := hmac.New(sha256.New, c.key[:])
	sum.Write(plain)
	nonce := sum.Sum(nil)[:c.aead.NonceSize()]

	return base64.RawURLEncoding.EncodeToString(c.aead.Seal(nonce, nonce, plain, nil))
}

// open returns the bookmark that a cursor was sealed from; ok is false for every string that seal did not return.
func (c *cursorCodec) open(cursor string) (mark bookmark, ok bool) {
	const plainSize = 2 + 4 + 8 + 8
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(sealed) != c.aead.NonceSize()+plainSize+c.aead.Overhead() {
		return mark, false
	}
	nonce, sealed := sealed[:c.aead.NonceSize()], sealed[c.aead.NonceSize():]
	plain, err := c.aead.Open(nil, nonce, sealed, nil)
	if err != nil {
		return mark, false
	}
	mark.chosen = selection{
		state: userState(plain[0]), descending: plain[1] == 1,
		expand: expandSet(binary.BigEndian.Uint32(plain[2:])),
	}
	mark.position = int(binary.BigEndian.Uint64(plain[6:])) //nolint:gosec // it was an int when it was sealed
	mark.turn = int(binary.BigEndian.Uint64(plain[14:]))    //nolint:gosec // it was an int when it was sealed

	return mark, true
}

func boolByte(b bool) byte {
	if b {
		return 1
	}

	return 0
}
