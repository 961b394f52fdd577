package ssmsim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/ssmsim"
)

// credentials are what the SDK signs with; nobody checks the signature.
func credentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
}

func newClient(url string, transport aws.HTTPClient) *ssm.Client {
	return ssm.New(ssm.Options{
		Region: "eu-central-1", BaseEndpoint: &url, Credentials: aws.CredentialsProviderFunc(credentials),
		HTTPClient: transport, Retryer: aws.NopRetryer{},
	})
}

// serve returns the real SDK's client of a new endpoint, and the endpoint's address.
func serve(t *testing.T, config ssmsim.Config) (*ssm.Client, string) {
	t.Helper()
	endpoint, err := ssmsim.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(endpoint)
	t.Cleanup(server.Close)

	return newClient(server.URL, server.Client()), server.URL
}

// code returns the error type that AWS gave, "" for none, and the text of anything else.
func code(err error) string {
	if err == nil {
		return ""
	}
	if refusal, ok := errors.AsType[smithy.APIError](err); ok {
		return refusal.ErrorCode()
	}

	return err.Error()
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	if got := code(err); got != want {
		t.Errorf("got error %q (%v), want %q", got, err, want)
	}
}

// put puts a SecureString that may be there, in the tier that fits.
func put(t *testing.T, client *ssm.Client, name, value string) *ssm.PutParameterOutput {
	t.Helper()
	out, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: &name, Value: &value, Type: types.ParameterTypeSecureString, Overwrite: aws.Bool(true),
		Tier: types.ParameterTierIntelligentTiering,
	})
	if err != nil {
		t.Fatal(err)
	}

	return out
}

func get(t *testing.T, client *ssm.Client, name string) (*types.Parameter, error) {
	t.Helper()
	out, err := client.GetParameter(t.Context(), &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if err != nil {
		return nil, err
	}

	return out.Parameter, nil
}

func TestAPutIsReadBackWithEverythingThatAWSTells(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{Region: "eu-west-1", Account: "123456789012"})

	before := time.Now().Add(-time.Second)
	out := put(t, client, "/app/token", "first")
	if out.Version != 1 || out.Tier != types.ParameterTierStandard {
		t.Errorf("got version %d of tier %s, want 1, Standard", out.Version, out.Tier)
	}

	got, err := get(t, client, "/app/token")
	if err != nil {
		t.Fatal(err)
	}
	if got.LastModifiedDate.Before(before) || got.LastModifiedDate.After(time.Now().Add(time.Second)) {
		t.Errorf("got last modified %s, want now", got.LastModifiedDate)
	}
	want := map[string]any{
		"name": "/app/token", "value": "first", "type": types.ParameterTypeSecureString, "version": int64(1),
		"arn": "arn:aws:ssm:eu-west-1:123456789012:parameter/app/token", "data type": "text",
	}
	have := map[string]any{
		"name": *got.Name, "value": *got.Value, "type": got.Type, "version": got.Version, "arn": *got.ARN,
		"data type": *got.DataType,
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("parameter (-want +got):\n%s", diff)
	}

	byARN, err := get(t, client, *got.ARN)
	if err != nil || *byARN.Value != "first" {
		t.Errorf("got %v, %v by the ARN, want the same", byARN, err)
	}
}

func TestAPutWithoutOverwriteCreatesOnly(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{})
	in := &ssm.PutParameterInput{Name: aws.String("p"), Value: aws.String("1"), Type: types.ParameterTypeString}

	_, err := client.PutParameter(t.Context(), in)
	wantCode(t, err, "")
	in.Value = aws.String("2")
	_, err = client.PutParameter(t.Context(), in)
	wantCode(t, err, "ParameterAlreadyExists")

	got, err := get(t, client, "p")
	if err != nil || *got.Value != "1" || got.Version != 1 {
		t.Errorf("got %v, %v, want version 1 untouched", got, err)
	}
}

func TestASecureStringIsNeverReadableWithoutDecryption(t *testing.T) {
	t.Parallel()
	client, url := serve(t, ssmsim.Config{})
	const canary = "canary-4711"
	put(t, client, "/app/token", canary)

	for _, request := range []struct{ operation, body string }{
		{"GetParameter", `{"Name":"/app/token"}`},
		{"GetParameters", `{"Names":["/app/token"]}`},
		{"GetParametersByPath", `{"Path":"/app"}`},
		{"GetParameterHistory", `{"Name":"/app/token","WithDecryption":false}`},
		{"DescribeParameters", `{}`},
	} {
		status, body := call(t, url, request.operation, request.body)
		if status != http.StatusOK || strings.Contains(body, canary) || !strings.Contains(body, "/app/token") {
			t.Errorf("%s: got status %d and %s, want 200 without the value", request.operation, status, body)
		}
	}
}

// call sends one request as bytes.
func call(t *testing.T, url, operation, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Amz-Target", "AmazonSSM."+operation)
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	response, err := http.DefaultClient.Do(request) //nolint:forbidigo // a test's one raw request
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.Header.Get("X-Amzn-RequestId") == "" {
		t.Errorf("%s: no x-amzn-RequestId", operation)
	}
	if response.StatusCode != http.StatusOK && !strings.Contains(string(content), response.Header.Get("X-Amzn-ErrorType")) {
		t.Errorf("%s: x-amzn-ErrorType is not the body's __type: %s", operation, content)
	}

	return response.StatusCode, string(content)
}

func TestRequestsThatAreNoneOfTheProtocol(t *testing.T) {
	t.Parallel()
	_, url := serve(t, ssmsim.Config{})

	for name, test := range map[string]struct{ operation, body, want string }{
		"an unknown operation":         {"SendCommand", `{}`, "UnknownOperationException"},
		"a member of the wrong type":   {"GetParameter", `{"Name":7}`, "SerializationException"},
		"a body that is not JSON":      {"GetParameter", `{"Name":`, "SerializationException"},
		"a body that is not an object": {"GetParameter", `[]`, "SerializationException"},
		"a missing name":               {"GetParameter", `{}`, "ValidationException"},
		"members in small letters":     {"GetParameter", `{"name":"p"}`, "ValidationException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body := call(t, url, test.operation, test.body)
			if status != http.StatusBadRequest || !strings.Contains(body, `"__type":"`+test.want+`"`) {
				t.Errorf("got status %d and %s, want 400 and %s", status, body, test.want)
			}
		})
	}

	status, body := call(t, url, "PutParameter", `{"Name":"p","Value":"v","Type":"String","NoSuchMember":{"a":[1]}}`)
	if status != http.StatusOK {
		t.Errorf("got status %d and %s for an unknown member, want 200", status, body)
	}
}

func TestASerializationErrorDoesNotHoldTheValue(t *testing.T) {
	t.Parallel()
	_, url := serve(t, ssmsim.Config{})

	const canary = "canary-4711"
	_, body := call(t, url, "PutParameter", `{"Name":{"`+canary+`":"`+canary+`"},"Value":"`+canary+`"`)
	if strings.Contains(body, canary) {
		t.Errorf("got %s, which shows what was sent", body)
	}
}

func TestOfPutsAtOnceEachGetsAVersionOfItsOwn(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{})

	const puts = 30
	versions := make(chan int64, puts)
	var group sync.WaitGroup
	for i := range puts {
		group.Go(func() {
			out, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{
				Name: aws.String("/race"), Value: aws.String(strconv.Itoa(i)), Type: types.ParameterTypeString,
				Overwrite: aws.Bool(true),
			})
			if err != nil {
				t.Error(err)

				return
			}
			versions <- out.Version
		})
	}
	group.Wait()
	close(versions)

	seen := make(map[int64]bool)
	for version := range versions {
		seen[version] = true
	}
	if len(seen) != puts {
		t.Errorf("got %d different versions of %d puts", len(seen), puts)
	}
}

func TestOfCreationsAtOnceOneWins(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ssmsim.Config{})

	const puts = 20
	codes := make(chan string, puts)
	var group sync.WaitGroup
	for range puts {
		group.Go(func() {
			_, err := client.PutParameter(t.Context(), &ssm.PutParameterInput{
				Name: aws.String("/once"), Value: aws.String("v"), Type: types.ParameterTypeString,
			})
			codes <- code(err)
		})
	}
	group.Wait()
	close(codes)

	got := make(map[string]int)
	for c := range codes {
		got[c]++
	}
	if diff := cmp.Diff(map[string]int{"": 1, "ParameterAlreadyExists": puts - 1}, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestItRunsInVirtualTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		endpoint, err := ssmsim.New(ssmsim.Config{})
		if err != nil {
			t.Fatal(err)
		}
		network := memnet.New()
		stop, err := network.Serve("ssm.local:80", endpoint)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		transport := network.Transport()
		defer transport.CloseIdleConnections()
		client := newClient("http://ssm.local:80", &http.Client{Transport: transport})

		put(t, client, "/v", "1")
		time.Sleep(time.Hour)
		put(t, client, "/v", "2")

		got, err := get(t, client, "/v")
		if err != nil {
			t.Fatal(err)
		}
		if !got.LastModifiedDate.Equal(time.Now()) || *got.Value != "2" {
			t.Errorf("got %s modified %s, want 2 at %s", *got.Value, got.LastModifiedDate, time.Now())
		}
	})
}

func TestARequestIsToldByItsOperation(t *testing.T) {
	t.Parallel()
	var (
		mu   sync.Mutex
		seen []string
	)
	endpoint, err := ssmsim.New(ssmsim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, ssmsim.Operation(r))
		mu.Unlock()
		endpoint.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	client := newClient(server.URL, server.Client())

	put(t, client, "/p", "v")
	if _, err := get(t, client, "/p"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"PutParameter", "GetParameter"}, seen); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}
