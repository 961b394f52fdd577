package localrun_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/localrun"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/secret"
)

// soon is long before a run would have tried everything again.
const soon = 10 * time.Second

func TestAFullDiskEndsARunAtOnceAndByNameAndTheExportGoesOnOnceThereIsRoom(t *testing.T) {
	t.Parallel()
	w := newLiveWorld(t)
	w.Retry.Base = soon // of a disk that is full nothing is tried again

	var full time.Time
	fill := func(s *stack.Stack) {
		s.Objects.Fill(true)
		full = time.Now()
	}
	w.OnInvocation = func(_ context.Context, s *stack.Stack, _ driver.Invocation) { fill(s) }

	want := "the disk is full below " + filepath.Join(w.Out, "s3") + ": make room there, or choose another folder"

	_, err := localrun.RunLive(t.Context(), w.Live)
	for _, want := range []string{want, "start again in the same way to go on"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("got %v, want %q\n%s", err, want, w.out)
		}
	}

	if took := time.Since(full); took > soon || strings.Contains(err.Error(), "interrupted") {
		t.Errorf("it took %v: %v", took, err)
	}

	w.OnInvocation = nil
	w.out.Reset()

	if _, err := localrun.RunLive(t.Context(), w.Live); err != nil {
		t.Fatalf("got %v\n%s", err, w.out)
	}

	simulated := newWorld(t)
	simulated.Out, simulated.Retry = w.Out, w.Retry
	simulated.OnStart = func(_ context.Context, s *stack.Stack) { fill(s) }

	if _, err := localrun.Run(t.Context(), simulated.Config, simulated.organisation); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("from the beginning: got %v, want %q", err, want)
	}

	if took := time.Since(full); took > soon {
		t.Errorf("from the beginning it took %v", took)
	}
}

func TestNothingIsAskedOfTheOrganisationWhereSomethingIsWrongBefore(t *testing.T) {
	t.Parallel()
	declined := errors.New("declined")

	for says, test := range map[string]struct {
		change  func(*testing.T, *localrun.Live)
		checked bool // also before anybody has typed the credentials
	}{
		"declined":                         {func(_ *testing.T, l *localrun.Live) { l.Confirm = func(context.Context) error { return declined } }, false},
		`"all" is none of active`:          {func(_ *testing.T, l *localrun.Live) { l.State = "all" }, true},
		"mypurecloud.example":              {func(_ *testing.T, l *localrun.Live) { l.Organisation.Environment = "mypurecloud.example" }, true},
		"it is not said which":             {func(_ *testing.T, l *localrun.Live) { l.Organisation.APIURL = "" }, true},
		"token endpoint is not usable":     {func(_ *testing.T, l *localrun.Live) { l.Organisation.TokenURL = "http://login.mypurecloud.de/" }, true},
		"not complete":                     {func(_ *testing.T, l *localrun.Live) { l.Organisation.ClientSecret = secret.Text{} }, false},
		"certificate authorities":          {func(_ *testing.T, l *localrun.Live) { l.Organisation.Authorities = "none" }, true},
		"has no certificate":               {func(_ *testing.T, l *localrun.Live) { l.Organisation.Authorities = templateFile }, true},
		"built functions and the template": {func(_ *testing.T, l *localrun.Live) { l.Stack.Binaries = "none" }, true},
		"the template: stat other.yaml":    {func(_ *testing.T, l *localrun.Live) { l.Stack.Template = "other.yaml" }, true},
		"is no folder":                     {func(_ *testing.T, l *localrun.Live) { l.Out = templateFile }, true},
		"is negative":                      {func(_ *testing.T, l *localrun.Live) { l.Stack.Timeout = -time.Second }, true},
		"delete it to begin another": {
			func(t *testing.T, l *localrun.Live) {
				t.Helper()
				write(t, filepath.Join(l.Out, "unfinished.json"), "{")
			}, true,
		},
		"begun otherwise (page size 50, now 7": {func(_ *testing.T, l *localrun.Live) { l.PageSize = 7 }, true},
		"now mypurecloud.de":                   {func(_ *testing.T, l *localrun.Live) { l.Organisation.Environment = "mypurecloud.de" }, true},
		"listings users, now queues":           {func(_ *testing.T, l *localrun.Live) { l.Listings = []string{"queues"} }, true},
		`"queue" is none of users, queues`:     {func(_ *testing.T, l *localrun.Live) { l.Listings = []string{"queue"} }, true},
		"state any, now active":                {func(_ *testing.T, l *localrun.Live) { l.State = "active" }, true},
		"client a-client, now b-client":        {func(_ *testing.T, l *localrun.Live) { l.Organisation.ClientID = "b-client" }, true},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			w := newLiveWorld(t)
			write(t, w.unfinished(), `{"export_id":"e","listings":["users"],"state":"any","page_size":50,"client_id":"a-client","environment":"`+
				strings.TrimPrefix(w.Organisation.APIURL, "https://")+`"}`)

			untyped := w.Live
			untyped.Organisation.ClientID, untyped.Organisation.ClientSecret = "", secret.Text{}

			if err := untyped.Check(); err != nil {
				t.Errorf("what is right is refused: %v", err)
			}

			test.change(t, &w.Live)
			test.change(t, &untyped)

			if err := untyped.Check(); (err != nil) != test.checked || test.checked && !strings.Contains(err.Error(), says) {
				t.Errorf("before credentials are typed: got %v, want %q: %t", err, says, test.checked)
			}

			_, err := localrun.RunLive(t.Context(), w.Live)
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Fatalf("got %v, want an error that says %q", err, says)
			}

			giveUp := "delete " + w.unfinished() + " to give it up"
			if otherwise := strings.Contains(err.Error(), "otherwise"); otherwise != strings.Contains(err.Error(), giveUp) {
				t.Errorf("got %v, want what to do with an export that was begun otherwise: %t", err, otherwise)
			}

			if n := w.asked(); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}
