package operator

import (
	"cmp"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// longestName is how long a stack's name may be, so that the longest name that the template makes of it, with
// "-export-directory" behind it, is no longer than a function's may be: 64 characters
// (https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html).
const longestName = 47

// leftUnreserved is what an account has to leave without reservation:
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
const leftUnreserved = 100

// Deployment is what a stack is deployed with.
type Deployment struct {
	Target

	// Template is the file of the template, Parameters are those given, as the SAM CLI takes them: Name=value, or file://path.
	Template   string
	Parameters []string
}

// Ready looks whether the stack can be deployed, before anything is built or made: its name, the parameters' names, and whether
// the account's concurrency allows what the template reserves. It prints the account and the region that everything is done in.
func Ready(ctx context.Context, d Deployment) error {
	values, err := given(d.Parameters)
	if err == nil {
		err = errors.Join(stackName(d.Stack), known(values, d.Template))
	}

	if err != nil {
		return err
	}

	identity, err := sts.NewFromConfig(d.AWS).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return explained(ctx, "ask AWS whose credentials these are", err)
	}

	d.line("account %s, region %s, stack %s", aws.ToString(identity.Account), d.AWS.Region, d.Stack)

	if values["ReserveRotatorConcurrency"] == "false" {
		return nil
	}

	return d.reservable(ctx)
}

func stackName(name string) error {
	switch lower := strings.ToLower(name); {
	case len(name) > longestName:
		return fmt.Errorf("the stack's name %s has %d characters: give STACK= a name of at most %d, since functions are named after it",
			name, len(name), longestName)
	case strings.HasPrefix(lower, "aws"), strings.HasPrefix(lower, "ssm"):
		return fmt.Errorf("the stack's name %s begins with aws or ssm, as no SSM parameter may: give STACK= another name", name)
	default:
		return nil
	}
}

// reservable says whether the account can reserve a concurrency of one, unless the stack's rotator has it already.
func (t Target) reservable(ctx context.Context) error {
	functions := lambda.NewFromConfig(t.AWS)

	name := t.Stack + "-rotator"
	if had, err := functions.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: &name}); err == nil &&
		had.ReservedConcurrentExecutions != nil {
		return nil
	}

	account, err := functions.GetAccountSettings(ctx, &lambda.GetAccountSettingsInput{})
	if err != nil || account.AccountLimit == nil {
		return explained(ctx, "ask for the account's concurrency", cmp.Or(err, errors.New("an answer without a limit")))
	}

	if left := aws.ToInt32(account.AccountLimit.UnreservedConcurrentExecutions); left <= leftUnreserved {
		return fmt.Errorf("the account has a concurrency of %d that is not reserved, of which %d have to stay: "+
			"give PARAMETERS ReserveRotatorConcurrency=false, or raise the quota", left, leftUnreserved)
	}

	return nil
}

// Built are the template's parameters that say what the functions below a folder are, as they know it themselves: Architecture
// (arm64 or x86_64) and Version (the module's, or the commit's, or "unknown" where neither is known). Functions that differ, and
// a folder without any, are errors.
func Built(folder string) (string, error) {
	binaries, err := filepath.Glob(filepath.Join(folder, "*", "bootstrap"))
	if err != nil || len(binaries) == 0 {
		return "", fmt.Errorf("there is no built function below %s: make sam-build", folder)
	}

	found := make(map[string]bool)

	for _, path := range binaries {
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("%s is no Go binary: make sam-build", path)
		}

		version := info.Main.Version
		if version == "" || version == "(devel)" {
			version = "unknown"
		}

		architecture := ""
		for _, setting := range info.Settings {
			if setting.Key == "GOARCH" {
				architecture = strings.Replace(setting.Value, "amd64", "x86_64", 1)
			}
		}

		found["Architecture="+architecture+" Version="+version] = true
	}

	if len(found) > 1 {
		return "", fmt.Errorf("the functions below %s are not of one build: make sam-build", folder)
	}

	return slices.Collect(maps.Keys(found))[0], nil
}
