package operator_test

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"genesys-cloud-export/shared/operator"
)

// alarmsPage is how many alarms a page of the fake has; CloudWatch has fifty.
const alarmsPage = 3

// watch is CloudWatch as far as it describes alarms, in the query protocol.
type watch struct {
	mu     sync.Mutex
	states map[string]string // by name
}

// newWatch has the alarms of a stack, all OK.
func newWatch(stack string) *watch {
	w := &watch{states: make(map[string]string)}
	for _, name := range operator.AlarmNames() {
		w.states[stack+"-"+name] = "OK"
	}

	return w
}

func (a *watch) set(name, state string) {
	a.mu.Lock()
	defer a.mu.Unlock()

	a.states[name] = state
}

func (a *watch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()

	if r.FormValue("Action") != "DescribeAlarms" {
		queryError(w, http.StatusBadRequest, "InvalidAction", "no such action")
		return
	}

	names := slices.DeleteFunc(slices.Sorted(maps.Keys(a.states)), func(name string) bool {
		return !strings.HasPrefix(name, r.FormValue("AlarmNamePrefix"))
	})
	from, _ := strconv.Atoi(r.FormValue("NextToken"))

	type member struct{ AlarmName, AlarmDescription, StateValue string }

	var page struct {
		MetricAlarms []member `xml:"MetricAlarms>member"`
		NextToken    string   `xml:",omitempty"`
	}
	for _, name := range names[from:min(len(names), from+alarmsPage)] {
		page.MetricAlarms = append(page.MetricAlarms, member{name, "What " + name + " means. README.md#alarm", a.states[name]})
	}
	if next := from + alarmsPage; next < len(names) {
		page.NextToken = strconv.Itoa(next)
	}

	queryReply(w, "DescribeAlarms", page)
}
