package commandline_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"math"
	"strings"
	"testing"

	"genesys-cloud-export/shared/commandline"
)

func TestOptionsAreReadAndWhatIsWrongWithOneIsOneLineThatNamesIt(t *testing.T) {
	t.Parallel()

	for argument, want := range map[string]string{
		"-users=abc": `invalid value "abc" for flag -users: parse error (walk -h lists the options)`,
		"-users=":    `invalid value "" for flag -users: parse error (walk -h lists the options)`,
		"-fast":      `flag provided but not defined: -fast (walk -h lists the options)`,
		"-out=":      `-out is empty: give it a value, or leave it out (make: OUT=)`,
		"now":        `"now" is no option (walk -h lists them)`,
		"-users=500": "",
		"-out=here":  "",
		"-h":         flag.ErrHelp.Error(),
	} {
		var printed bytes.Buffer

		line := commandline.New("walk", &printed)
		users := line.Int("users", 5, "how many users")
		out := line.String("out", "there", "a folder")

		err := commandline.Options(line, []string{argument})
		if err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%s: got %v, want %q", argument, err, want)
		}
		if listed := strings.Contains(printed.String(), "-users"); listed != errors.Is(err, flag.ErrHelp) || !listed && printed.Len() > 0 {
			t.Errorf("%s: it printed %q, want the list for -h, else nothing", argument, printed.String())
		}
		if (*users == 500) != (argument == "-users=500") || (*out == "here") != (argument == "-out=here") {
			t.Errorf("%s: there are %d users, and the folder is %s", argument, *users, *out)
		}
	}

	line := commandline.New("walk", nil)
	if err := commandline.Parse(line, []string{"rest"}); err != nil || line.Arg(0) != "rest" {
		t.Errorf("got %v and the argument %q, want what is no option left to the caller", err, line.Arg(0))
	}
}

func TestACommandThatFailsExitsWithOneAndAListOfOptionsIsNoFailure(t *testing.T) {
	t.Parallel()

	for err, want := range map[error]int{nil: 0, flag.ErrHelp: 0, errors.New("a failure"): 1} {
		if got := commandline.Run("walk", func(context.Context, []string) error { return err }); got != want {
			t.Errorf("%v: the exit code is %d, want %d", err, got, want)
		}
	}
}

func TestAnArgumentIsQuotedWhereAShellWouldReadItOtherwise(t *testing.T) {
	t.Parallel()

	for argument, want := range map[string]string{
		"s3://bucket/a-b_c.d": "s3://bucket/a-b_c.d", `{"state":"any"}`: `'{"state":"any"}'`, "it's": `'it'\''s'`, "": "''",
	} {
		if got := commandline.Quoted(argument); got != want {
			t.Errorf("%q: got %s, want %s", argument, got, want)
		}
	}
}

func TestThousandsAreSetApart(t *testing.T) {
	t.Parallel()

	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567", -999: "-999", -1000: "-1,000", -123456: "-123,456",
		math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := commandline.Grouped(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}
