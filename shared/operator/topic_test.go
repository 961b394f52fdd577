package operator_test

import (
	"net/http"
	"strconv"
	"sync"
)

// subscriptionsPage is how many subscriptions a page of the fake has; SNS has a hundred.
const subscriptionsPage = 2

// topic is SNS with one topic, in the query protocol.
type topic struct {
	arn string

	mu            sync.Mutex
	subscriptions []subscription
}

type subscription struct {
	protocol  string
	confirmed bool
}

// subscribe adds one.
func (t *topic) subscribe(protocol string, confirmed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()

	t.subscriptions = append(t.subscriptions, subscription{protocol, confirmed})
}

func (t *topic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()

	if r.FormValue("Action") != "ListSubscriptionsByTopic" {
		queryError(w, http.StatusBadRequest, "InvalidAction", "no such action")
		return
	}
	if r.FormValue("TopicArn") != t.arn {
		queryError(w, http.StatusNotFound, "NotFound", "Topic does not exist")
		return
	}

	type member struct{ SubscriptionArn, Owner, Protocol, Endpoint, TopicArn string }

	from, _ := strconv.Atoi(r.FormValue("NextToken"))

	var page struct {
		Subscriptions []member `xml:"Subscriptions>member"`
		NextToken     string   `xml:",omitempty"`
	}
	for i, s := range t.subscriptions[from:min(len(t.subscriptions), from+subscriptionsPage)] {
		arn := "PendingConfirmation"
		if s.confirmed {
			arn = t.arn + ":" + strconv.Itoa(from+i)
		}
		page.Subscriptions = append(page.Subscriptions, member{arn, account, s.protocol, canary + "@example.com", t.arn})
	}
	if next := from + subscriptionsPage; next < len(t.subscriptions) {
		page.NextToken = strconv.Itoa(next)
	}

	queryReply(w, "ListSubscriptionsByTopic", page)
}
