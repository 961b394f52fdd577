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
	w.fill(clientID, canary+"-1")

	return w
}

// examined is the doctor's report, with times and ports made equal, and whether it failed.
func (w *world) examined(unready error) (report string, failed error) {
	w.t.Helper()

	err := operator.Examine(w.t.Context(), w.target(), unready)
	report = w.said(err)
	report = regexp.MustCompile(`\b(\d+h)?\d+m\d+s`).ReplaceAllString(report, "TIME")
	report = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(report, "HOST")

	return report, err
}

func TestTheDoctorFindsAHealthyStackHealthy(t *testing.T) {
	t.Parallel()

	w := healthy(t)

	alarms := 0 // of the template; the world has their names
	for _, resource := range readTemplate(t).Resources {
		if resource.Type == "AWS::CloudWatch::Alarm" {
			alarms++
		}
	}

	want := fmt.Sprintf(`ok      credentials  account 000000000000, region eu-central-1
ok      stack        exports is CREATE_COMPLETE
ok      secret       exports/credentials contains the credentials of client client-1
ok      token        /exports/token contains version 1, good for another TIME
ok      listings     HOST answers for users
ok      schedule     the rotator runs by rate(1 minute)
ok      bucket       exports-bucket takes conditional writes
ok      executions   none failed within a day
ok      recipients   the topic exports-alarms sends to: email
ok      alarms       none of %d in ALARM
`, alarms)
	for range 2 {
		report, err := w.examined(nil)
		if diff := cmp.Diff(want, report); diff != "" || err != nil {
			t.Errorf("ended with %v, report (-want +got):\n%s", err, diff)
		}
	}

	// The token was good the second time: nobody was asked again.
	if diff := cmp.Diff([]string{"{}"}, w.functions.asked()); diff != "" {
		t.Errorf("the rotator was asked (-want +got):\n%s", diff)
	}
}

func TestTheDoctorNamesWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()

	const (
		users = `{"path":"/api/v2/users/query","status":`
		none  = "FAILED  listings     HOST answers for 0 listings, and not for:\n                     users: "
	)

	for want, ail := range map[string]func(w *world){
		"FAILED  stack        exports is UPDATE_ROLLBACK_COMPLETE: the last change failed, so what runs is older than what was deployed; see why " +
			"in its events (aws cloudformation describe-stack-events --stack-name exports) and deploy again\nok      listings": func(w *world) {
			w.queried.status = "UPDATE_ROLLBACK_COMPLETE"
		},
		"FAILED  stack        exports is ROLLBACK_COMPLETE: its creation failed;\n-       alarms       not looked at: needs the stack": func(w *world) {
			w.queried.status, w.queried.outputs = "ROLLBACK_COMPLETE", nil
		},
		"FAILED  stack        exports is UPDATE_IN_PROGRESS: wait until that has ended\nok      token": func(w *world) {
			w.queried.status = "UPDATE_IN_PROGRESS"
		},
		"FAILED  stack        there is no stack exports in eu-central-1: deploy it first": func(w *world) { w.queried.status = "DELETE_COMPLETE" },
		"FAILED  stack        exports has no outputs":                                     func(w *world) { w.queried.outputs = nil },
		`FAILED  secret       exports/credentials does not contain {"client_id":"…","client_secret":"…"}: put the OAuth client's there, make set-credentials STACK=exports
FAILED  token        /exports/token: read the access token: no token is stored, and the rotator failed: InvalidCredentials:
-       listings     not looked at: needs a token`: func(w *world) { w.fill("", "") },
		`ok      secret
FAILED  token        /exports/token: read the access token: no token is stored, and the rotator failed: InvalidCredentials:`: func(w *world) {
			w.fill(clientID, canary+"-wrong")
		},
		"-       secret       your AWS role may not read exports/credentials": func(w *world) { w.deny("secretsmanager.GetSecretValue") },
		none + "HOST answered with status 403":                                func(w *world) { w.fault(users + `403}`) },
		none + "HOST answered with status 503":                                func(w *world) { w.fault(users + `503}`) },
		none + "not one is shown: give the OAuth client's role the permission directory:user:view in all divisions": func(w *world) {
			w.fault(users + `200,"body":"{\"entities\":[]}"}`)
		},
		"-       listings     not allowed from here: this machine's address is not on the organisation's allow list; the functions may reach it all the same": func(w *world) {
			w.fault(users + `401,"body":"{\"code\":\"ip.not.authorized\",\"status\":401}"}`)
		},
		"-       listings     not reachable from here: HOST: no connection can be made; the functions may reach it all the same, from a VPC above all": func(w *world) {
			w.queried.parameters["GenesysApiUrl"] = "http://127.0.0.1:1"
		},
		"ok      listings     HOST answers for users, queues, external-contacts, conversations, audits (not asked for: a job alone would show it)": func(w *world) {
			w.schedules("users,queues,external-contacts,conversations,audits")
		},
		"FAILED  listings     HOST answers for 19 listings, and not for:\n                     conversations: HOST answered with status 403": func(w *world) {
			w.schedules("all")
			w.fault(`{"path":"/api/v2/analytics/conversations/details/jobs/availability","status":403}`)
		},
		"FAILED  listings     HOST answers for 1 listings, and not for:\n                     nothing exports one of users,userz: correct ExportScheduleListings": func(w *world) {
			w.schedules("users,userz")
		},
		"FAILED  listings     the stack's parameters do not say where the API is (GENESYS_ENVIRONMENT is unknown": func(w *world) {
			w.queried.parameters = map[string]string{"GenesysEnvironment": "nowhere"}
		},
		"ok      token\nok      listings     HOST answers for users": func(w *world) { // the API refuses the token that is stored
			if report, err := w.examined(nil); err != nil {
				w.t.Fatalf("%v\n%s", err, report)
			}
			w.age()
			w.organisation.RevokeTokens()
		},
		"FAILED  schedule     exports-rotator is DISABLED, so that nothing runs the rotator: aws scheduler update-schedule, or deploy again": func(w *world) {
			w.queried.schedule = "DISABLED"
		},
		"FAILED  schedule     there is no schedule exports-rotator, so that nothing runs the rotator: deploy again": func(w *world) {
			w.queried.schedule = ""
		},
		"FAILED  bucket       write an object to the bucket another-bucket: ": func(w *world) {
			w.queried.outputs["ExportsLocation"] = "s3://another-bucket/exports/"
		},
		"FAILED  executions   failed within a day, 1 or more; each cause says what to do:\n                     e-1: CursorExpired: Start another.": func(w *world) {
			w.machine.begin("e-1", &execution{status: "FAILED", failed: [2]string{"CursorExpired", "Start another."}})
		},
		"FAILED  recipients   nobody hears of an alarm: deploy with AlarmEmail=ADDRESS, or subscribe to the topic exports-alarms; not confirmed yet: email: open the link": func(w *world) {
			w.queried.subscriptions = []string{"email?"}
		},
		"ok      recipients   the topic exports-alarms sends to: email, https; not confirmed yet: email, sms: open the link": func(w *world) {
			w.queried.subscriptions = []string{"email", "email?", "https", "sms?"}
		},
		"FAILED  alarms       1 of 13 in ALARM; what each means and what to do first stands in the runbook:\n" +
			"                     exports-token-expiring: What exports-token-expiring means. RUNBOOK.md": func(w *world) {
			w.queried.alarms["exports-token-expiring"] = "ALARM"
			w.queried.alarms["exports-export-stalled"] = "INSUFFICIENT_DATA"
			w.queried.alarms["exports-prod-invocations-failed"] = "ALARM" // of another stack, whose name is longer
		},
		"FAILED  alarms       missing: exports-rotator-errors, exports-rotator-silent, ": func(w *world) { w.queried.alarms = nil },
		"FAILED  alarms       these tell nobody, as their actions are switched off: exports-token-expiring: ": func(w *world) {
			w.queried.muted = "exports-token-expiring"
		},
		`ok      stack
FAILED  token        read the token /exports/token: access was denied: your AWS role needs ssm:GetParameter
FAILED  recipients   list the subscriptions of the topic exports-alarms: access was denied: your AWS role needs sns:ListSubscriptionsByTopic
FAILED  alarms       read the alarms exports-*: access was denied: your AWS role needs cloudwatch:DescribeAlarms`: func(w *world) {
			w.deny("sns", "monitoring", "ssm", "lambda", "secretsmanager")
		},
		`FAILED  credentials  ask AWS whose the credentials are: AWS does not take the credentials (ExpiredToken): log in again (aws sso login) or set AWS_PROFILE
-       stack        not looked at: needs credentials
-       schedule     not looked at: needs the stack`: func(w *world) { w.answer("sts", "ExpiredToken") },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()

			w := healthy(t)
			ail(w)

			report, err := w.examined(nil)
			for line := range strings.Lines(want) { // each begins one of the report's
				if !strings.Contains("\n"+report, "\n"+strings.TrimSuffix(line, "\n")) {
					t.Errorf("%s\nwant a line %s", report, line)
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

	report, err := w.examined(errors.New("no region: set AWS_REGION"))
	if err == nil || strings.Count(report, "FAILED") != 1 || !strings.HasPrefix(report, "FAILED  credentials  no region: set AWS_REGION\n") {
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

// fault scripts a fault of the organisation.
func (w *world) fault(script string) {
	w.t.Helper()

	faults, err := genesyssim.ParseFaults(strings.NewReader(script))
	if err == nil {
		err = w.organisation.SetFaults(faults)
	}

	if err != nil {
		w.t.Fatal(err)
	}
}
