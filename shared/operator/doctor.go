package operator

import (
	"context"
	"fmt"

	"genesys-cloud-export/shared/token"
)

// finding is what a check came to.
type finding struct {
	verdict string // ok, FAILED, or - for what cannot be seen from here
	text    string // what was found; of a failure also what to do
}

func found(format string, args ...any) finding { return finding{"ok", fmt.Sprintf(format, args...)} }

func notSeen(format string, args ...any) finding { return finding{"-", fmt.Sprintf(format, args...)} }

func failedf(format string, args ...any) finding {
	return finding{"FAILED", fmt.Sprintf(format, args...)}
}

func failed(err error) finding { return failedf("%s", err) }

// examination is one run of the doctor, and what earlier checks found for later ones.
type examination struct {
	Target

	unready error
	account string        // "" until the credentials are known to work
	stack   *deployed     // nil until it is read
	tokens  *token.Reader // nil until it has read one that can be used
}

// check is one line of the doctor's report.
type check struct {
	name   string
	output string // of the stack, given to look; "" where the check needs no stack
	look   func(ctx context.Context, output string) finding
}

// run looks, where there is what the check needs.
func (e *examination) run(ctx context.Context, c check) finding {
	if c.output == "" {
		return c.look(ctx, "")
	}

	if e.stack == nil {
		return notSeen("not looked at: needs the stack")
	}

	value, err := e.stack.output(c.output)
	if err != nil {
		return failed(err)
	}

	return c.look(ctx, value)
}

// Examine runs every check, prints a line or more for each, and is an error where one failed or ctx ended. unready is why AWS
// cannot be used, from [Load]; nil where it can.
func Examine(ctx context.Context, t Target, unready error) error {
	e := &examination{Target: t, unready: unready}
	failures, checks := 0, []check{
		{"credentials", "", e.credentials},
		{"stack", "", e.deployment},
		{"secret", outputSecret, e.secret},
		{"token", outputToken, e.minted},
		{"listings", outputToken, e.listings},
		{"schedule", outputRotator, e.schedule},
		{"bucket", outputLocation, e.bucket},
		{"executions", outputWorkflow, e.executions},
		{"recipients", outputTopic, e.recipients},
		{"alarms", outputTopic, e.alarms},
	}

	for _, c := range checks {
		seen := e.run(ctx, c)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}

		if seen.verdict == "FAILED" {
			failures++
		}

		t.line("%-7s %-12s %s", seen.verdict, c.name, seen.text)
	}

	if failures > 0 {
		return fmt.Errorf("%d of %d checks failed; what to do stands beside each", failures, len(checks))
	}

	return nil
}
