package operator_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/operator"
)

// healthy is a world in which nothing is wrong, but that no token is there yet.
func healthy(t *testing.T) *world {
	t.Helper()

	w := newWorld(t)
	w.fill(t, clientID, canary+"-1")

	return w
}

// examined is the doctor's report, with times and ports made equal, and whether it failed.
func (w *world) examined(t *testing.T, unready error) (report string, failed error) {
	t.Helper()

	err := operator.Examine(t.Context(), w.target(), unready)
	report = w.said(t, err)
	report = regexp.MustCompile(`\b(\d+h)?\d+m\d+s`).ReplaceAllString(report, "TIME")
	report = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(report, "HOST")

	return report, err
}

// lineOf is what the report says about a check, with the lines below that belong to it.
func lineOf(t *testing.T, report, check string) string {
	t.Helper()

	found := regexp.MustCompile(`(?m)^\S+ +` + check + ` .*(\n {20,}.*)*`).FindString(report)
	if found == "" {
		t.Fatalf("nothing is said about %s:\n%s", check, report)
	}

	return found
}

func TestTheDoctorFindsAHealthyStackHealthy(t *testing.T) {
	t.Parallel()

	w := healthy(t)

	report, err := w.examined(t, nil)
	if err != nil {
		t.Error(err)
	}

	want := `ok      credentials  account 000000000000, region eu-central-1
ok      stack        exports is CREATE_COMPLETE
ok      secret       exports/credentials contains the credentials of client client-1
ok      token        /exports/token contains version 1, good for another TIME
ok      listings     HOST answers for users
ok      schedule     the rotator runs by rate(1 minute)
ok      bucket       exports-bucket takes conditional writes
ok      executions   none failed within a day
ok      recipients   the topic exports-alarms sends to: email
ok      alarms       none of 13 in ALARM
`
	if diff := cmp.Diff(want, report); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}

	// The token that is there now is good: nobody is asked again.
	report, err = w.examined(t, nil)
	if got, want := lineOf(t, report, "token"), "ok      token        /exports/token contains version 1, good for another TIME"; err != nil || got != want {
		t.Errorf("%q, want %q (%v)", got, want, err)
	}
	if diff := cmp.Diff([]string{"{}"}, w.functions.asked()); diff != "" {
		t.Errorf("the rotator was asked (-want +got):\n%s", diff)
	}
}

func TestTheDoctorNamesWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		ail  func(t *testing.T, w *world)
		want map[string]string // what the line of a check begins with
	}{
		"a rolled back update": {
			func(_ *testing.T, w *world) { w.queried.status = "UPDATE_ROLLBACK_COMPLETE" },
			map[string]string{
				"stack":    "FAILED  stack        exports is UPDATE_ROLLBACK_COMPLETE: the last change failed, so what runs is older than what was deployed; see why in its events (aws cloudformation describe-stack-events --stack-name exports) and deploy again",
				"listings": "ok ",
			},
		},
		"a creation that failed": {
			func(_ *testing.T, w *world) { w.queried.status, w.queried.outputs = "ROLLBACK_COMPLETE", nil },
			map[string]string{
				"stack": "FAILED  stack        exports is ROLLBACK_COMPLETE: its creation failed;", "alarms": "-       alarms       not looked at: needs the stack",
			},
		},
		"a change under way": {
			func(_ *testing.T, w *world) { w.queried.status = "UPDATE_IN_PROGRESS" },
			map[string]string{"stack": "FAILED  stack        exports is UPDATE_IN_PROGRESS: wait until that has ended", "token": "ok "},
		},
		"a stack that was deleted": {
			func(_ *testing.T, w *world) { w.queried.status = "DELETE_COMPLETE" },
			map[string]string{"stack": "FAILED  stack        there is no stack exports in eu-central-1: deploy it first"},
		},
		"another template's stack": {
			func(_ *testing.T, w *world) { w.queried.outputs = nil },
			map[string]string{"stack": "FAILED  stack        exports has no outputs"},
		},
		"no credentials in the secret": {
			func(t *testing.T, w *world) { t.Helper(); w.fill(t, "", "") },
			map[string]string{
				"secret":   `FAILED  secret       exports/credentials does not contain {"client_id":"…","client_secret":"…"}: put the OAuth client's there, make set-credentials STACK=exports`,
				"token":    "FAILED  token        /exports/token: read the access token: no token is stored, and the rotator failed: InvalidCredentials: ",
				"listings": "-       listings     not looked at: needs a token",
			},
		},
		"a client that is refused": {
			func(t *testing.T, w *world) { t.Helper(); w.fill(t, clientID, canary+"-wrong") },
			map[string]string{"secret": "ok ", "token": "FAILED  token        /exports/token: read the access token: no token is stored, and the rotator failed: InvalidCredentials: "},
		},
		"a secret that this caller may not read": {
			func(_ *testing.T, w *world) { w.deny("secretsmanager.GetSecretValue") },
			map[string]string{"secret": "-       secret       your AWS role may not read exports/credentials"},
		},
		"a client whose role lacks the permission": {
			func(t *testing.T, w *world) { t.Helper(); w.fault(t, `{"path":"/api/v2/users/query","status":403}`) },
			map[string]string{"listings": "FAILED  listings     HOST answers for 0 listings, and not for:\n                     users: HOST answered with status 403"},
		},
		"an organisation that fails": {
			func(t *testing.T, w *world) { t.Helper(); w.fault(t, `{"path":"/api/v2/users/query","status":503}`) },
			map[string]string{"listings": "FAILED  listings     HOST answers for 0 listings, and not for:\n                     users: HOST answered with status 503"},
		},
		"a client that is shown nobody": {
			func(t *testing.T, w *world) {
				t.Helper()
				w.fault(t, `{"path":"/api/v2/users/query","status":200,"body":"{\"entities\":[]}"}`)
			},
			map[string]string{"listings": "FAILED  listings     HOST answers for 0 listings, and not for:\n                     users: not one is shown: give the OAuth client's role the permission directory:user:view in all divisions"},
		},
		"an address that is not on the allow list": {
			func(t *testing.T, w *world) {
				t.Helper()
				w.fault(t, `{"path":"/api/v2/users/query","status":401,"body":"{\"code\":\"ip.not.authorized\",\"status\":401}"}`)
			},
			map[string]string{"listings": "-       listings     not allowed from here: this machine's address is not on the organisation's allow list; the functions may reach it all the same"},
		},
		"an organisation that is reached by the functions alone": {
			func(_ *testing.T, w *world) { w.queried.parameters["GenesysApiUrl"] = "http://127.0.0.1:1" },
			map[string]string{"listings": "-       listings     not reachable from here: HOST: no connection can be made; the functions may reach it all the same, from a VPC above all"},
		},
		"a schedule of several listings": {
			func(_ *testing.T, w *world) { w.schedules("users,queues,external-contacts,conversations,audits") },
			map[string]string{"listings": "ok      listings     HOST answers for users, queues, external-contacts, conversations, audits (not asked for: a job alone would show it)"},
		},
		"a schedule of all, one of them forbidden": {
			func(t *testing.T, w *world) {
				t.Helper()
				w.schedules("all")
				w.fault(t, `{"path":"/api/v2/analytics/conversations/details/jobs/availability","status":403}`)
			},
			map[string]string{"listings": "FAILED  listings     HOST answers for 19 listings, and not for:\n                     conversations: HOST answered with status 403"},
		},
		"a schedule of what nothing exports": {
			func(_ *testing.T, w *world) { w.schedules("users,userz") },
			map[string]string{"listings": "FAILED  listings     HOST answers for 1 listings, and not for:\n                     nothing exports one of users,userz: correct ExportScheduleListings"},
		},
		"a stack of an unknown organisation": {
			func(_ *testing.T, w *world) {
				w.queried.parameters = map[string]string{"GenesysEnvironment": "nowhere"}
			},
			map[string]string{"listings": "FAILED  listings     the stack's parameters do not say where the API is (GENESYS_ENVIRONMENT is unknown"},
		},
		"a token that the API refuses": {
			func(t *testing.T, w *world) {
				t.Helper()
				if report, err := w.examined(t, nil); err != nil {
					t.Fatalf("%v\n%s", err, report)
				}
				w.age(t)
				w.organisation.RevokeTokens()
			},
			map[string]string{"token": "ok ", "listings": "ok      listings     HOST answers for users"},
		},
		"a schedule that is off": {
			func(_ *testing.T, w *world) { w.queried.schedule = "DISABLED" },
			map[string]string{"schedule": "FAILED  schedule     exports-rotator is DISABLED, so that nothing runs the rotator: aws scheduler update-schedule, or deploy again"},
		},
		"a schedule that is gone": {
			func(_ *testing.T, w *world) { w.queried.schedule = "" },
			map[string]string{"schedule": "FAILED  schedule     there is no schedule exports-rotator, so that nothing runs the rotator: deploy again"},
		},
		"a bucket that is gone": {
			func(_ *testing.T, w *world) {
				w.queried.outputs["ExportsBucket"], w.queried.outputs["ExportsLocation"] = "another-bucket", "s3://another-bucket/exports/"
			},
			map[string]string{"bucket": "FAILED  bucket       write an object to the bucket another-bucket: "},
		},
		"an execution that failed": {
			func(_ *testing.T, w *world) {
				w.machine.begin("e-1", &execution{status: "FAILED", failed: [2]string{"CursorExpired", "Start another."}})
			},
			map[string]string{"executions": "FAILED  executions   failed within a day, 1 or more; each cause says what to do:"},
		},
		"a subscription that nobody has confirmed": {
			func(_ *testing.T, w *world) { w.queried.subscriptions = []string{"email?"} },
			map[string]string{"recipients": "FAILED  recipients   nobody hears of an alarm: deploy with AlarmEmail=ADDRESS, or subscribe to the topic exports-alarms; not confirmed yet: email: open the link"},
		},
		"some subscriptions that are not confirmed": {
			func(_ *testing.T, w *world) { w.queried.subscriptions = []string{"email", "email?", "https", "sms?"} },
			map[string]string{"recipients": "ok      recipients   the topic exports-alarms sends to: email, https; not confirmed yet: email, sms: open the link"},
		},
		"an alarm, while a stack of a longer name has others": {
			func(_ *testing.T, w *world) {
				w.queried.alarms["exports-token-expiring"] = "ALARM"
				w.queried.alarms["exports-export-stalled"] = "INSUFFICIENT_DATA"
				w.queried.alarms["exports-prod-invocations-failed"] = "ALARM"
			},
			map[string]string{"alarms": "FAILED  alarms       1 of 13 in ALARM; what each means and what to do first stands in the runbook:\n" +
				"                     exports-token-expiring: What exports-token-expiring means. RUNBOOK.md"},
		},
		"alarms that are gone": {
			func(_ *testing.T, w *world) { w.queried.alarms = nil },
			map[string]string{"alarms": "FAILED  alarms       missing: exports-rotator-errors, exports-rotator-silent, "},
		},
		"an alarm that tells nobody": {
			func(_ *testing.T, w *world) { w.queried.muted = "exports-token-expiring" },
			map[string]string{"alarms": "FAILED  alarms       these tell nobody, as their actions are switched off: exports-token-expiring: "},
		},
		"a caller that may nothing": {
			func(_ *testing.T, w *world) { w.deny("sns", "monitoring", "ssm", "lambda", "secretsmanager") },
			map[string]string{
				"stack": "ok ", "token": "FAILED  token        read the token /exports/token: access was denied: your AWS role needs ssm:GetParameter",
				"recipients": "FAILED  recipients   list the subscriptions of the topic exports-alarms: access was denied: your AWS role needs sns:ListSubscriptionsByTopic",
				"alarms":     "FAILED  alarms       read the alarms exports-*: access was denied: your AWS role needs cloudwatch:DescribeAlarms",
			},
		},
		"credentials that have expired": {
			func(_ *testing.T, w *world) { w.answer("sts", "ExpiredToken") },
			map[string]string{
				"credentials": "FAILED  credentials  ask AWS whose the credentials are: AWS does not take the credentials (ExpiredToken): log in again (aws sso login) or set AWS_PROFILE",
				"stack":       "-       stack        not looked at: needs credentials", "schedule": "-       schedule     not looked at: needs the stack",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := healthy(t)
			test.ail(t, w)

			report, err := w.examined(t, nil)

			for check, want := range test.want {
				if got := lineOf(t, report, check); !strings.HasPrefix(got, want) {
					t.Errorf("%s\nwant %s", got, want)
				}
			}

			ended := "<nil>"
			if failures := strings.Count("\n"+report, "\nFAILED "); failures > 0 {
				ended = fmt.Sprintf("%d of 10 checks failed; what to do stands beside each", failures)
			}
			if fmt.Sprint(err) != ended {
				t.Errorf("ended with %v, want %s", err, ended)
			}
		})
	}
}

func TestTheDoctorWithoutUseOfAWSSaysSoOnce(t *testing.T) {
	t.Parallel()

	w := healthy(t)

	report, err := w.examined(t, errors.New("no region: set AWS_REGION"))
	if err == nil || strings.Count(report, "FAILED") != 1 || lineOf(t, report, "credentials") != "FAILED  credentials  no region: set AWS_REGION" {
		t.Errorf("%v\n%s", err, report)
	}
}

func TestTheDoctorEndsWithItsContext(t *testing.T) {
	t.Parallel()

	w := healthy(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	cancel(interrupted)

	if err := operator.Examine(ctx, w.target(), nil); !errors.Is(err, interrupted) {
		t.Errorf("ended with %v", err)
	}
}

// schedules has the stack's schedule export these listings.
func (w *world) schedules(listings string) { w.queried.parameters["ExportScheduleListings"] = listings }

// fault scripts the organisation's faults, a line each.
func (w *world) fault(t *testing.T, script string) {
	t.Helper()

	faults, err := genesyssim.ParseFaults(strings.NewReader(script))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.organisation.SetFaults(faults); err != nil {
		t.Fatal(err)
	}
}
