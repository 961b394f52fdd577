package export

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"net/url"
	"slices"

	"genesys-cloud-export/shared/failure"
)

const (
	// maxEmptyRun is how many empty pages may follow each other. The vendor's own command line guards against listings
	// that send several, and against such that never end; a filter that leaves out most of a listing gives hundreds.
	maxEmptyRun = 1000
	// recentLinks is how many of the last links are remembered one by one, for short cycles to be seen at once.
	recentLinks = 8
	hashBytes   = 16 // how much of a SHA-256 is kept of a link
)

// Position is where an export stands between two pages. It is part of the checkpoint, and of constant size.
type Position struct {
	Next     string `json:"next"` // the link to the next page; "" before the first page of a window and at the end
	Pages    int64  `json:"pages"`
	Records  int64  `json:"records"`
	Window   int    `json:"window,omitzero"` // of the query's interval: which one is read, from 0
	Done     bool   `json:"done"`            // the last page is behind
	Reason   string `json:"reason"`
	Replaced int64  `json:"replaced_surrogates,omitzero"` // unpaired surrogate escapes that were written as \ufffd

	Totals *Totals `json:"totals,omitempty"` // nil: the listing has none

	EmptyRun int    `json:"empty_run"` // how many empty pages just passed
	LastPage string `json:"last_page"` // fingerprint of the last page that had entities
	Loop     Loop   `json:"loop"`
}

// Totals are how many entities a listing said that it has, on its first page and on the last one that was read.
type Totals struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"`
}

// Loop detects that a sequence of links repeats, in constant memory: the last few links one by one, and any longer cycle
// by Brent's algorithm (BIT 20, 1980), which compares each link with an anchor that moves on at powers of two.
type Loop struct {
	Recent []string `json:"recent"`
	Anchor string   `json:"anchor"`
	Power  int64    `json:"power"`
	Steps  int64    `json:"steps"`
}

// observe takes the next link's hash and reports how many links ago it was seen; 0 is never.
func (l *Loop) observe(hash string) int64 {
	if at := slices.Index(l.Recent, hash); at >= 0 {
		return int64(len(l.Recent) - at)
	}

	l.Recent = append(slices.Clone(l.Recent), hash)
	if len(l.Recent) > recentLinks {
		l.Recent = l.Recent[1:]
	}

	l.Steps++
	if hash == l.Anchor {
		return l.Steps
	}

	if l.Steps >= l.Power {
		l.Anchor, l.Power, l.Steps = hash, max(2*l.Power, 1), 0
	}

	return 0
}

// advance returns the position after page, which was fetched from p of a window whose first page is at first. A page that
// shows a loop is a failure of kind PaginationLoop; nothing of it may be kept.
func (p Position) advance(first string, page *Page, pageSize, windows int) (Position, error) {
	if len(p.Loop.Recent) == 0 {
		p.Loop.observe(linkHash(first))
	}

	p.Pages++
	p.Records += int64(page.Records)
	p.Replaced += int64(page.Replaced)

	if page.Total != nil {
		totals := Totals{First: *page.Total, Last: *page.Total}
		if p.Totals != nil {
			totals.First = p.Totals.First
		}

		p.Totals = &totals
	}

	if err := p.takeContent(page); err != nil {
		return p, err
	}

	p.Next = page.Next

	if page.Next == "" && p.Window+1 < windows {
		p.Window++
		p.EmptyRun, p.LastPage, p.Loop = 0, "", Loop{}

		return p, nil
	}

	if page.Next == "" {
		p.Done, p.Reason = true, ReasonEnd
		if page.Records >= pageSize {
			p.Reason = ReasonEndAfterFullPage
		}

		return p, nil
	}

	hash := linkHash(page.Next)
	if ago := p.Loop.observe(hash); ago != 0 {
		return p, failure.New(failure.PaginationLoop,
			"page %d links to a page that was read before: its next link (sha256 %s) was met %d pages earlier, so the listing never ends: begin a new export, and tell the vendor's support if it happens again",
			p.Pages, hash, ago)
	}

	return p, nil
}

func (p *Position) takeContent(page *Page) error {
	if page.Records == 0 {
		if p.EmptyRun++; p.EmptyRun > maxEmptyRun && page.Next != "" {
			return failure.New(failure.PaginationLoop,
				"pages %d to %d are empty and each links to another, so the listing never ends: begin a new export, and tell the vendor's support if it happens again",
				p.Pages-maxEmptyRun, p.Pages)
		}

		return nil
	}

	content := fingerprint(page.Lines)
	if content == p.LastPage {
		return failure.New(failure.PaginationLoop,
			"page %d has the same %d entities as the page before (fingerprint %s): begin a new export, and tell the vendor's support if it happens again",
			p.Pages, page.Records, content)
	}

	p.EmptyRun, p.LastPage = 0, content

	return nil
}

// linkHash stands for a link by its path and its sorted query, so that the order of parameters hides no repetition.
func linkHash(link string) string {
	canonical := link

	if parsed, err := url.Parse(link); err == nil {
		if query, err := url.ParseQuery(parsed.RawQuery); err == nil {
			canonical = parsed.EscapedPath() + "?" + query.Encode()
		}
	}

	sum := sha256.Sum256([]byte(canonical))

	return hex.EncodeToString(sum[:hashBytes])
}

// fingerprint stands for a page's content: two checksums of 32 bits, which processors compute in hardware, where a SHA-256 takes a
// tenth of the work on a page. Two pages that differ have the same one by a chance of 1 in 2^64; nobody chooses what is compared.
func fingerprint(content []byte) string {
	return fmt.Sprintf("%08x%08x", crc32.Checksum(content, crc32.MakeTable(crc32.Castagnoli)), crc32.ChecksumIEEE(content))
}
