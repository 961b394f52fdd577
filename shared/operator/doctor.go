package operator

import (
	"context"
	"errors"
	"fmt"

	"genesys-cloud-export/shared/token"
)

// unseen is the error of a check that cannot be made from here.
type unseen string

func (u unseen) Error() string { return string(u) }

// examination is one run of the doctor, and what earlier checks found for later ones.
type examination struct {
	Target

	unready error         // why AWS cannot be used
	stack   *deployed     // nil until it is read
	tokens  *token.Reader // nil until it has read one that can be used
}

// check is one line of the doctor's report. Its error says what is wrong and what to do, or is [unseen].
type check struct {
	name   string
	output string // of the stack, given to look; "" where the check needs no stack
	look   func(ctx context.Context, output string) (string, error)
}

// run looks, where there is what the check needs.
func (e *examination) run(ctx context.Context, c check) (string, error) {
	if c.output == "" {
		return c.look(ctx, "")
	}

	if e.stack == nil {
		return "", unseen("not looked at: needs the stack")
	}

	value, err := e.stack.output(c.output)
	if err != nil {
		return "", err
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
		verdict := "ok"
		text, err := e.run(ctx, c)

		if ctx.Err() != nil {
			return context.Cause(ctx)
		}

		if _, hidden := errors.AsType[unseen](err); hidden {
			verdict, text = "-", err.Error()
		} else if err != nil {
			verdict, text = "FAILED", err.Error()
			failures++
		}

		t.line("%-7s %-12s %s", verdict, c.name, text)
	}

	if failures > 0 {
		return fmt.Errorf("%d of %d checks failed; what to do stands beside each", failures, len(checks))
	}

	return nil
}
