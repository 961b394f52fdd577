package operator

import (
	"context"
	"fmt"

	"genesys-cloud-export/shared/token"
)

// Doctor looks at a deployed stack.
type Doctor struct {
	Target

	// Unready is why there is no use of AWS at all, from [Load] or [Ready]; nil where there is.
	Unready error
}

// finding is what a check came to.
type finding struct {
	verdict verdict
	text    string   // what was found; of a failure also what to do
	more    []string // further lines
}

// verdict is good, unknown or bad.
type verdict int

const (
	good verdict = iota
	// unknown is what cannot be seen from here, or needs what another check did not find.
	unknown
	bad
)

func (v verdict) String() string {
	switch v {
	case good:
		return "ok"
	case bad:
		return "FAILED"
	default:
		return "-"
	}
}

func found(format string, args ...any) finding {
	return finding{verdict: good, text: fmt.Sprintf(format, args...)}
}

func failed(err error) finding { return finding{verdict: bad, text: err.Error()} }

func failedf(format string, args ...any) finding {
	return finding{verdict: bad, text: fmt.Sprintf(format, args...)}
}

func notSeen(format string, args ...any) finding {
	return finding{verdict: unknown, text: fmt.Sprintf(format, args...)}
}

func needs(what string) finding { return notSeen("not looked at: needs %s", what) }

// examination is one run of a doctor, and what earlier checks found for later ones.
type examination struct {
	Doctor

	account string       // "" until the credentials are known to work
	stack   *deployed    // nil until it is read
	token   token.Stored // of version 0 until a usable one is read
}

// check is one line of the doctor's report.
type check struct {
	name string
	look func(context.Context) finding
}

func (e *examination) checks() []check {
	return []check{
		{"credentials", e.credentials},
		{"stack", e.deployment},
		{"secret", e.withStack(e.secret)},
		{"token", e.withStack(e.minted)},
		{"user", e.withStack(e.user)},
		{"schedule", e.withStack(e.schedule)},
		{"recipients", e.withStack(e.recipients)},
		{"alarms", e.withStack(e.alarms)},
	}
}

// withStack is a check that needs the stack.
func (e *examination) withStack(look func(context.Context) finding) func(context.Context) finding {
	return func(ctx context.Context) finding {
		if e.stack == nil {
			return needs("the stack")
		}

		return look(ctx)
	}
}

// Examine runs every check, prints a line or more for each, and is an error where one failed or ctx ended.
func Examine(ctx context.Context, d Doctor) error {
	e := &examination{Doctor: d}

	var failures, all int

	for _, c := range e.checks() {
		seen := c.look(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}

		all++
		if seen.verdict == bad {
			failures++
		}

		d.line("%-7s %-12s %s", seen.verdict, c.name, seen.text)

		for _, line := range seen.more {
			d.line("%-20s %s", "", line)
		}
	}

	if failures > 0 {
		return fmt.Errorf("%d of %d checks failed; what to do stands beside each", failures, all)
	}

	return nil
}
