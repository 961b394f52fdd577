package lambdasim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

// catching has the probe catch SIGTERM the way aws-lambda-go offers, with so much time to end.
func catching(grace time.Duration) func(*lambdasim.Config, *lambdasim.Function) {
	return func(c *lambdasim.Config, f *lambdasim.Function) {
		c.Grace, f.Env = grace, map[string]string{"CATCH_SIGTERM": "1"}
	}
}

// closed closes the endpoint and returns how long that took.
func (w world) closed(t *testing.T) time.Duration {
	t.Helper()

	began := time.Now()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	return time.Since(began)
}

func TestAnInvocationEndsInGoodOrderWhenTheEndpointIsClosed(t *testing.T) {
	t.Parallel()
	w := start(t, catching(time.Minute))

	answer := w.begin(t, `{"do":"until terminated"}`)
	w.invoke(t, "{}") // and leaves an idle process
	if took := w.closed(t); took > 20*time.Second {
		t.Errorf("closing took %v, want no wait for what is idle", took)
	}

	ended := receive(t, answer)
	if ended.err != nil || ended.output.FunctionError != nil || string(ended.output.Payload) != `"committed"` {
		t.Errorf("the invocation ended as %+v, want what it answers after SIGTERM", ended)
	}
	if strings.Contains(w.logs.String(), "WARNING") {
		t.Errorf("the extension is not taken:\n%s", w.logs.String())
	}
}

func TestAnInvocationThatDoesNotEndAfterSIGTERMIsKilled(t *testing.T) {
	t.Parallel()
	const grace = 300 * time.Millisecond
	w := start(t, catching(grace))

	answer := w.begin(t, `{"do":"sleep","millis":60000}`)
	if took := w.closed(t); took < grace || took > 20*time.Second {
		t.Errorf("closing took %v, want at least %v and no minute", took, grace)
	}
	wantRefusal(t, "the invocation", receive(t, answer).err, "ServiceException", http.StatusInternalServerError)
}

func TestClosingIsFinalAndDoesNotWaitForAFunctionThatCatchesNoSIGTERM(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *lambdasim.Config, _ *lambdasim.Function) { c.Grace = time.Minute })

	answer := w.begin(t, `{"do":"sleep","millis":60000}`)
	if took := w.closed(t); took > 20*time.Second {
		t.Errorf("closing took %v", took)
	}
	wantRefusal(t, "the running invocation", receive(t, answer).err, "ServiceException", http.StatusInternalServerError)

	w.closed(t)
	_, err := w.client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("probe")})
	wantRefusal(t, "the next invocation", err, "ServiceException", http.StatusInternalServerError)
}
