package localrun

import "io"

// Progress returns what a run without a terminal prints of lines that functions log.
func Progress(out io.Writer, lines ...string) error {
	t := &tally{log: io.Discard, onReading: (&view{out: out}).reading}

	for _, line := range lines {
		if _, err := t.Write([]byte(line + "\n")); err != nil {
			return err
		}
	}

	return nil
}
