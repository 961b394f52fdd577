// Package commandline is what the project's commands share: options whose mistakes are one line, arguments as a shell reads
// them, and numbers as people do.
package commandline

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// Run is a command's main: the context of the work ends when a signal asks for it. An error is printed as one line that begins
// with the command's name, and the result is the exit code.
func Run(command string, work func(ctx context.Context, arguments []string) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	if err := work(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		_, _ = fmt.Fprintln(os.Stderr, command+":", err)

		return 1
	}

	return 0
}

// New makes an empty set of options for a command such as "devstack run"; help goes to out.
func New(command string, out io.Writer) *flag.FlagSet {
	line := flag.NewFlagSet(command, flag.ContinueOnError)
	line.SetOutput(out)

	return line
}

// Options reads the arguments of a command that takes options alone. Its error is that of [Parse], or names what is no option.
func Options(line *flag.FlagSet, arguments []string) error {
	if err := Parse(line, arguments); err != nil {
		return err
	}

	if line.NArg() > 0 {
		return fmt.Errorf("%q is no option (%s -h lists them)", line.Arg(0), line.Name())
	}

	return nil
}

// Parse reads options and leaves further arguments to the caller. The error is one line, or [flag.ErrHelp] where -h asked for
// the list, which is printed then. An option that is given and empty is refused: a variable of a shell or of make was not set.
func Parse(line *flag.FlagSet, arguments []string) error {
	out, usage := line.Output(), line.Usage
	line.SetOutput(io.Discard) // the package flag prints all options around each error
	line.Usage = func() {}

	err := line.Parse(arguments)

	line.SetOutput(out)
	line.Usage = usage

	switch {
	case errors.Is(err, flag.ErrHelp):
		usage()

		return err
	case err != nil:
		return fmt.Errorf("%w (%s -h lists the options)", err, line.Name())
	}

	for i, argument := range arguments[:len(arguments)-line.NArg()] {
		name, value, joined := strings.Cut(argument, "=")
		if argument == "" {
			name, joined = arguments[i-1], true
		}

		if joined && value == "" && strings.HasPrefix(name, "-") {
			name = strings.TrimLeft(name, "-")

			return fmt.Errorf("-%s is empty: give it a value, or leave it out (make: %s=)", name, strings.ToUpper(strings.ReplaceAll(name, "-", "_")))
		}
	}

	return nil
}

// Quoted is an argument as a POSIX shell takes it back.
func Quoted(argument string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_./:=@%+-]+$`).MatchString(argument) {
		return argument
	}

	return "'" + strings.ReplaceAll(argument, "'", `'\''`) + "'"
}

// Grouped is a number with commas between its thousands: -1,234,567.
func Grouped[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}

	return digits
}
