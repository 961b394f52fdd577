package commandline_test

import (
	"bytes"
	"errors"
	"flag"
	"math"
	"strings"
	"testing"

	"genesys-cloud-export/shared/commandline"
)

// options has one option of each kind, and tells what was printed.
func options() (*flag.FlagSet, *bytes.Buffer, *int) {
	var (
		printed bytes.Buffer
		size    int
	)

	line := commandline.New("walk", &printed)
	line.Int("users", 5, "how many users")
	line.String("out", "there", "a folder")
	line.Var(commandline.Number{Into: &size, Least: 1, Most: 500}, "page-size", "users a page")

	return line, &printed, &size
}

func TestWhatIsWrongWithAnOptionIsOneLineThatNamesIt(t *testing.T) {
	t.Parallel()

	for _, test := range []struct{ argument, want string }{
		{"-users=abc", `invalid value "abc" for flag -users: parse error (walk -h lists the options)`},
		{"-users=", `invalid value "" for flag -users: parse error (walk -h lists the options)`},
		{"-fast", `flag provided but not defined: -fast (walk -h lists the options)`},
		{"-out=", `-out is empty: give it a value, or leave it out (make: OUT=)`},
		{"-page-size=0", `invalid value "0" for flag -page-size: give a whole number from 1 to 500 (walk -h lists the options)`},
		{"-page-size=501", `invalid value "501" for flag -page-size: give a whole number from 1 to 500 (walk -h lists the options)`},
		{"-page-size=5x", `invalid value "5x" for flag -page-size: give a whole number from 1 to 500 (walk -h lists the options)`},
		{"now", `"now" is no option (walk -h lists them)`},
	} {
		line, printed, _ := options()

		err := commandline.Options(line, []string{test.argument})
		if err == nil || err.Error() != test.want || printed.Len() > 0 {
			t.Errorf("%s: got %v and printed %q, want %q alone", test.argument, err, printed, test.want)
		}
	}
}

func TestOptionsThatAreRightAreTaken(t *testing.T) {
	t.Parallel()

	line, printed, size := options()
	if err := commandline.Parse(line, []string{"-page-size=500", "-out", "here", "rest"}); err != nil || *size != 500 || line.Arg(0) != "rest" || printed.Len() > 0 {
		t.Errorf("got %v, page size %d, argument %q and printed %q", err, *size, line.Arg(0), printed)
	}

	if line, _, size := options(); commandline.Options(line, nil) != nil || *size != 0 {
		t.Errorf("the page size that nobody gave is %d", *size)
	}
}

func TestHelpListsTheOptions(t *testing.T) {
	t.Parallel()

	line, printed, _ := options()
	if err := commandline.Options(line, []string{"-h"}); !errors.Is(err, flag.ErrHelp) || !strings.Contains(printed.String(), "-page-size") {
		t.Errorf("got %v and printed %q", err, printed)
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
