package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/retry"
)

const (
	// busyWait and busyAttempts are how often a rotator that is at work is asked again; a rotation takes about a second.
	busyWait     = 2 * time.Second
	busyAttempts = 10
)

// rotation is what the rotator answers.
type rotation struct {
	Reason    string    `json:"reason"`
	Version   int64     `json:"version"`
	ExpiresAt time.Time `json:"expires_at"`
}

// rotate asks the stack's rotator. The error is the rotator's own, by type and message, where it failed.
func (t Target) rotate(ctx context.Context, stack *deployed, event string) (rotation, error) {
	function, err := stack.output(outputRotator)
	if err != nil {
		return rotation{}, err
	}

	calls := driver.New(lambda.NewFromConfig(t.AWS), driver.Config{})

	for attempt := 1; ; attempt++ {
		reply, err := calls.Invoke(ctx, function, []byte(event))

		var asked rotation

		switch failed, ok := errors.AsType[*driver.FunctionError](err); {
		case ok:
			return rotation{}, errors.New(withoutARNs(failed.Error()))
		case awsapi.Status(err) == http.StatusTooManyRequests && attempt < busyAttempts:
			if err := retry.Sleep(ctx, busyWait); err != nil {
				return rotation{}, err
			}
		case awsapi.Status(err) == http.StatusTooManyRequests:
			return rotation{}, fmt.Errorf("the rotator was busy %d times: try again in a minute, or look at its log", attempt)
		case err != nil:
			return rotation{}, told(ctx, "ask the rotator", err)
		case json.Unmarshal(reply, &asked) != nil || asked.Version < 1:
			return rotation{}, errors.New("the rotator answers as no version of it does: deploy again")
		default:
			return asked, nil
		}
	}
}
