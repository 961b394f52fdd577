package s3sim

import (
	"slices"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// ListBucket returns one page of a bucket's keys: those with the prefix and behind the marker, in the order of their
// bytes; with a delimiter, keys that have it behind the prefix are rolled up into common prefixes, which count as one.
// A marker that is a common prefix stands for all keys under it. At most MaxKeys are returned, none for 0.
func (s *store) ListBucket(
	bucket string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage,
) (*gofakes3.ObjectList, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if err := s.needBucket(bucket); err != nil {
		return nil, err
	}
	if prefix == nil {
		prefix = &gofakes3.Prefix{}
	}
	keys, err := s.shelf.keys(bucket, prefix.Prefix)
	if err != nil {
		return nil, err
	}

	entries, truncated := pageOf(rollUp(keys, prefix.Prefix, prefix.Delimiter), page.Marker, page.MaxKeys)
	list := gofakes3.NewObjectList()
	for _, entry := range entries {
		if entry.common {
			list.AddPrefix(entry.name)

			continue
		}
		found, err := s.shelf.stat(bucket, entry.name)
		if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list.Add(&gofakes3.Content{
			Key: entry.name, LastModified: gofakes3.NewContentTime(found.modified), ETag: found.etag(),
			Size: found.size, StorageClass: "STANDARD",
		})
	}
	if truncated {
		list.IsTruncated = true
		list.NextMarker = entries[len(entries)-1].name
	}

	return list, nil
}

// entry is a line of a listing: a key, or a common prefix of several.
type entry struct {
	name   string
	common bool
	// last is the greatest key that the entry stands for.
	last string
}

// rollUp turns sorted keys, all of them with the prefix, into the lines of a listing.
func rollUp(keys []string, prefix, delimiter string) []entry {
	var entries []entry
	for _, key := range keys {
		name, common := key, false
		if delimiter != "" {
			if head, _, found := strings.Cut(key[len(prefix):], delimiter); found {
				name, common = prefix+head+delimiter, true
			}
		}
		if n := len(entries); common && n > 0 && entries[n-1].common && entries[n-1].name == name {
			entries[n-1].last = key

			continue
		}
		entries = append(entries, entry{name: name, common: common, last: key})
	}

	return entries
}

// pageOf returns at most size entries behind the marker, and whether there are more.
func pageOf(entries []entry, marker string, size int64) (page []entry, truncated bool) {
	start := slices.IndexFunc(entries, func(e entry) bool {
		return marker == "" || e.name != marker && e.last > marker
	})
	if start < 0 || size <= 0 {
		return nil, false
	}
	end := min(start+int(size), len(entries))

	return entries[start:end], end < len(entries)
}
