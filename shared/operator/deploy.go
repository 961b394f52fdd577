package operator

import (
	"cmp"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"go.yaml.in/yaml/v3"
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

// given reads a deployment's parameters as the SAM CLI takes them: Name=value, or file://path of a file with a Name: value on
// each line. A later one counts.
func given(words []string) (map[string]string, error) {
	all := make(map[string]string)

	for _, word := range words {
		path, isFile := strings.CutPrefix(word, "file://")
		name, value, assigned := strings.Cut(word, "=")

		switch {
		case isFile && readYAML(path, all) != nil:
			return nil, fmt.Errorf("read the parameters in %s: give a file with a line Name: value for each", path)
		case isFile:
		case assigned:
			all[name] = value
		default:
			return nil, fmt.Errorf("%q is no parameter: give PARAMETERS as Name=value, or as file://path", word)
		}
	}

	return all, nil
}

// known refuses names that the template does not declare, which the SAM CLI passes over. Values are CloudFormation's to judge,
// which refuses the change set before anything is made.
func known(values map[string]string, template string) error {
	var read struct {
		Parameters map[string]any `yaml:"Parameters"`
	}
	if readYAML(template, &read) != nil {
		return fmt.Errorf("read the template %s: there is no such file, or it is no template", template)
	}

	var problems []error

	for _, name := range slices.Sorted(maps.Keys(values)) {
		if read.Parameters[name] == nil {
			problems = append(problems, fmt.Errorf("the template has no parameter %s: the README lists them", name))
		}
	}

	return errors.Join(problems...)
}

func readYAML(path string, into any) error {
	content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}

	return yaml.Unmarshal(content, into)
}

// Built are the template's parameters that say what the functions below a folder are, as they know it themselves: Architecture
// (arm64 or x86_64) and Version (the module's, or the commit's, or "unknown" where neither is known). Functions that differ, and
// a folder without any, are errors.
func Built(folder string) (string, error) {
	binaries, err := filepath.Glob(filepath.Join(folder, "*", "bootstrap"))
	if err != nil || len(binaries) == 0 {
		return "", fmt.Errorf("there is no built function below %s: make sam-build", folder)
	}

	parameters := ""

	for _, path := range binaries {
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("%s is no Go binary: make sam-build", path)
		}

		architecture := slices.IndexFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "GOARCH" })
		one := "Architecture=" + strings.Replace(info.Settings[architecture].Value, "amd64", "x86_64", 1) +
			" Version=" + cmp.Or(strings.TrimPrefix(info.Main.Version, "(devel)"), "unknown")

		if parameters != "" && one != parameters {
			return "", fmt.Errorf("the functions below %s are not of one build: make sam-build", folder)
		}

		parameters = one
	}

	return parameters, nil
}
