package genesyssim

import "time"

// events are what a history has of an interval: what began or ended in it. What has not ended when the data stop is without its
// end; what has not begun is not there.
func (s *Simulator) events(of Listing, asked span) source {
	made := maker{seed: s.config.Seed, of: of.model}
	if asked.available.Before(asked.to) {
		asked.to = asked.available
	}
	if of.Entities == 0 || !asked.from.Before(asked.to) {
		return source{}
	}
	if of.Name == userStatus {
		return source{of.Entities, func(place int) []byte {
			made.begin, made.span = asked.from, asked.to.Sub(asked.from)
			return made.entity(place, nil)
		}}
	}
	gap := 24 * time.Hour / time.Duration(of.Entities) // the n-th event begins in the n-th of them
	first, last := slot(asked.from.Add(-of.longest), gap), slot(asked.to, gap)+1
	within := func(t time.Time) bool { return !t.Before(asked.from) && t.Before(asked.to) }

	return source{last - first, func(place int) []byte {
		made.n = first + place
		draw := made.own()
		made.begin = time.Unix(0, int64(made.n)*int64(gap)).Add(below(gap, draw)).UTC().Truncate(time.Millisecond)
		made.span = length(mix(draw), of.longest)
		end := made.begin.Add(made.span)
		if made.open = end.After(asked.available); !within(made.begin) && (made.open || !within(end)) {
			return nil
		}

		return made.entity(made.n, nil)
	}}
}

// slot is the number of the gap that a time is in.
func slot(t time.Time, gap time.Duration) int {
	if t.Before(time.Unix(0, 0)) {
		return 0
	}

	return int(t.UnixNano() / int64(gap))
}

// length is how long an event takes: most take minutes, some hours, and few as long as longest.
func length(draw uint64, longest time.Duration) time.Duration {
	if longest == 0 {
		return 0
	}
	most := 10 * time.Minute
	switch percent := draw % 100; {
	case percent == 0:
		most = longest
	case percent < 4:
		most = 8 * time.Hour
	case percent < 21:
		most = time.Hour
	}

	return (most/10 + below(most*9/10, mix(draw))).Truncate(time.Millisecond)
}
