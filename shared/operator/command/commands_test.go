package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/devstack/secretsim"
)

// cloud is an AWS account with one stack, its secret and its state machine, whose executions never end.
type cloud struct {
	url     string
	secrets *secretsmanager.Client
	started chan string // the inputs
}

func newCloud(t *testing.T) *cloud {
	t.Helper()

	secrets := secretsim.New()
	c := &cloud{started: make(chan string, 1)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSStepFunctions."); {
		case secretsim.Operation(r) != "":
			secrets.ServeHTTP(w, r)
		case operation == "StartExecution":
			var asked struct{ Name, Input string }
			_ = json.NewDecoder(r.Body).Decode(&asked)
			c.started <- asked.Input
			fmt.Fprintf(w, `{"executionArn":"arn:aws:states:eu-central-1:000000000000:execution:mine-export:%s","startDate":1}`, asked.Name)
		case operation == "DescribeExecution":
			fmt.Fprint(w, `{"status":"RUNNING","startDate":1,"input":"{}"}`)
		case operation == "GetExecutionHistory":
			fmt.Fprint(w, `{"events":[]}`)
		case r.FormValue("Action") == "DescribeStacks" && r.FormValue("StackName") == "mine":
			fmt.Fprint(w, `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>mine</StackName><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>
<member><OutputKey>CredentialsSecretArn</OutputKey><OutputValue>credentials</OutputValue></member>
<member><OutputKey>RotatorFunction</OutputKey><OutputValue>rotator</OutputValue></member>
<member><OutputKey>ExportWorkflowArn</OutputKey><OutputValue>arn:aws:states:eu-central-1:000000000000:stateMachine:mine-export</OutputValue></member>
</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`)
		case strings.HasPrefix(r.URL.Path, "/2015-03-31/functions/rotator/"):
			fmt.Fprint(w, `{"version":1,"expires_at":"2030-01-01T00:00:00Z"}`)
		case r.URL.Path == "/latest/api/token":
			w.WriteHeader(http.StatusForbidden) // a machine's metadata service that gives nothing
		case r.FormValue("Action") == "GetCallerIdentity":
			fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>000000000000</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
		default:
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack does not exist</Message></Error></ErrorResponse>`)
		}
	}))
	t.Cleanup(server.Close)

	c.url = server.URL
	c.secrets = secretsmanager.NewFromConfig(aws.Config{
		Region: "eu-central-1", BaseEndpoint: &c.url, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
	if _, err := c.secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("credentials")}); err != nil {
		t.Fatal(err)
	}

	return c
}

// operated is one of the operator's commands, as a shell starts it: nothing of this process's environment reaches it.
func (c *cloud) operated(t *testing.T, environment []string, arguments ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()

	var said bytes.Buffer

	command := exec.CommandContext(t.Context(), built(t), arguments...)
	command.Stdout, command.Stderr = &said, &said
	command.Env = append([]string{"HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL=" + c.url}, environment...)

	return command, &said
}

// built is the command.
func built(t *testing.T) string {
	t.Helper()

	return filepath.Join(functiontest.Build(t, "build-operator"), "operator")
}

// keys and placed are environments with AWS credentials, without and with a region.
func keys() []string   { return []string{"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"} }
func placed() []string { return append(keys(), "AWS_REGION=eu-central-1") }

func TestAnOperatorsCommandSaysInALineWhatIsMissing(t *testing.T) {
	t.Parallel()

	c := newCloud(t)
	for name, test := range map[string]struct {
		environment []string
		arguments   []string
		want        string
	}{
		"no AWS credentials": {nil, []string{"export"}, "operator: no AWS credentials: log in (aws sso login) or set AWS_PROFILE\n"},
		"no AWS credentials, and a metadata service": {
			[]string{"AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + c.url},
			[]string{"ready"},
			"operator: no AWS credentials: log in (aws sso login) or set AWS_PROFILE\n",
		},
		"no region":             {keys(), []string{"delete-stack"}, "operator: no region: set AWS_REGION\n"},
		"no such profile":       {append([]string{"AWS_PROFILE=none"}, placed()...), []string{"delete-stack"}, "operator: there is no AWS profile none: set AWS_PROFILE to one that is configured (aws configure list-profiles)\n"},
		"no command":            {placed(), []string{"undo"}, "operator: \"undo\" is none of the commands built, delete-stack, doctor, export, policy, ready, region, set-credentials\n"},
		"a check that failed":   {placed(), []string{"doctor"}, "operator: 1 of 10 checks failed; what to do stands beside each\n"},
		"no such stack":         {placed(), []string{"export"}, "operator: there is no stack genesys-cloud-export in eu-central-1: deploy it first, or name another with STACK=\n"},
		"no name of a stack":    {placed(), []string{"export", "-stack", ""}, "operator: -stack is empty: give it a value, or leave it out (make: STACK=)\n"},
		"nobody at a terminal":  {placed(), []string{"set-credentials", "-stack", "mine"}, "operator: no client credentials: give -credentials FILE (make: CREDENTIALS=), or be at a terminal to type them\n"},
		"options of no sense":   {placed(), []string{"export", "-stack", "mine", "-options", "x"}, "operator: the options are not a JSON object such as {\"state\":\"any\"}: correct -options (make: OPTIONS=)\n"},
		"what is no option":     {placed(), []string{"doctor", "now"}, "operator: \"now\" is no option (operator doctor -h lists them)\n"},
		"an output of old days": {placed(), []string{"delete-stack", "-stack", "mine"}, "operator: the stack mine (CREATE_COMPLETE) has no output TokenReadPolicyArn: it is not of this template, or not deployed whole: deploy it again\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var said bytes.Buffer

			command, _ := c.operated(t, test.environment, test.arguments...)
			command.Stderr = &said
			err := command.Run()

			if text := said.String(); command.ProcessState.ExitCode() != 1 || text != test.want {
				t.Errorf("ended with %v and said %q, want %q", err, text, test.want)
			}
		})
	}
}

func TestCredentialsAreTakenFromAFileAndReplacedOnlyAfterConfirmation(t *testing.T) {
	t.Parallel()

	c := newCloud(t)
	folder := t.TempDir()

	set := func(id, want string, more ...string) {
		t.Helper()

		file := filepath.Join(folder, id)
		if err := os.WriteFile(file, []byte(`{"client_id":"`+id+`","client_secret":"canary"}`), 0o600); err != nil {
			t.Fatal(err)
		}

		command, said := c.operated(t, placed(), append([]string{"set-credentials", "-stack", "mine", "-credentials", file}, more...)...)
		_ = command.Run()

		reply, err := c.secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("credentials")})
		if err != nil {
			t.Fatal(err)
		}

		if text := said.String(); !strings.Contains(text, want) || strings.Contains(text, "canary") ||
			command.ProcessState.Success() != (aws.ToString(reply.SecretString) == `{"client_id":"`+id+`","client_secret":"canary"}`) {
			t.Errorf("ended with %d and said %s", command.ProcessState.ExitCode(), text)
		}
	}

	set("first", "stored     client first ")
	set("second", "operator: nobody is at a terminal to confirm, so nothing was changed: say -yes (make: YES=1)\n")
	set("second", "stored     client second ", "-yes")
}

func TestAnInterruptStopsFollowingAndNotTheExport(t *testing.T) {
	t.Parallel()

	c := newCloud(t)
	command, said := c.operated(t, placed(),
		"export", "-stack", "mine", "-export-id", "e-1", "-options", `{"page_size":500}`)

	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-c.started:
		if want := `{"listing":"users","export_id":"e-1","options":{"page_size":500}}`; got != want {
			t.Errorf("started with %s, want %s", got, want)
		}
	case <-time.After(time.Minute):
		t.Fatal("no execution was started")
	}
	if err := command.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()

	if text := said.String(); command.ProcessState.ExitCode() != 1 || !strings.Contains(text, built(t)+" export -stack mine -wait-for e-1-") {
		t.Errorf("ended with %d: %s", command.ProcessState.ExitCode(), text)
	}
}
