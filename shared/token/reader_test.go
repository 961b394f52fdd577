package token_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"

	"github.com/google/go-cmp/cmp"
)

func TestReaderHoldsItsTokenWhileItIsGood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rotate(token.Rotation{})
		reader := w.readers(1, nil)[0]
		before := w.parameter.reads

		for range 10 {
			if _, err := reader.Token(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}

		if got := w.parameter.reads - before; got != 1 {
			t.Errorf("the store was read %d times for one token, want once", got)
		}
	})
}

func TestReaderFindsWhatAnotherHasRotatedWithoutAsking(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rotate(token.Rotation{})
		lambda := newReserved(w.rotator)
		reader := w.readers(1, lambda)[0]
		if _, err := reader.Token(t.Context()); err != nil {
			t.Fatal(err)
		}

		old := w.stored()
		w.rotate(token.Rotation{Force: true})
		reader.Reject(old)
		got, err := reader.Token(t.Context())

		if err != nil || got.Version != 2 || len(lambda.asks) != 0 {
			t.Errorf("version %d, error %v, after %d asks, want version 2 after none", got.Version, err, len(lambda.asks))
		}
	})
}

func TestReaderNearTheEndAsksAndThenTakesWhatIsStored(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		name string
		left time.Duration
		want failure.Kind
	}{
		{"20 s are left: the rotator's answer counts", 20 * time.Second, ""},
		{"nothing is left", 0, failure.TokenUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.rotate(token.Rotation{})
				time.Sleep(lifetime - test.left)
				idle := &answers{}
				got, err := w.readers(1, idle)[0].Token(t.Context())

				wantKind(t, err, test.want)
				if idle.asked != 1 {
					t.Errorf("the rotator was asked %d times, want once", idle.asked)
				}
				if test.want == "" && got.Version != 1 {
					t.Errorf("got version %d, want 1", got.Version)
				}
			})
		})
	}
}

func TestReaderErrorsSayWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()

	store := failure.New(failure.StorageUnavailable, "SSM is down")

	for _, test := range []struct {
		name    string
		prepare func(w *world)
		reject  bool
		rotator token.Asker
		kind    failure.Kind
		parts   []string
	}{
		{"nobody to ask", func(*world) {}, false, nil, failure.TokenUnavailable, []string{"no token is stored", "ROTATOR_FUNCTION_NAME"}},
		{
			"the rotator failed", func(*world) {}, false, &answers{errs: []error{errors.New("InvalidCredentials")}},
			failure.TokenUnavailable,
			[]string{"no token is stored", "InvalidCredentials"},
		},
		{
			"the rotator left the rejected token", func(w *world) { w.rotate(token.Rotation{}) }, true, &answers{},
			failure.TokenUnavailable,
			[]string{"the rotator ran", "rejected"},
		},
		{
			"the rotator left nothing", func(*world) {}, false, &answers{},
			failure.TokenUnavailable,
			[]string{"after the rotation", "no token is stored"},
		},
		{
			"the store is down", func(w *world) { w.parameter.readFaults = []error{store} }, false, &answers{},
			failure.StorageUnavailable,
			[]string{"SSM is down"},
		},
		{
			"the store is down after the rotation", func(w *world) { w.parameter.readFaults = []error{nil, store} }, false, &answers{},
			failure.StorageUnavailable,
			[]string{"SSM is down", "after the rotation"},
		},
		{
			"newer schema", func(w *world) { w.parameter.value, w.parameter.version = []byte(`{"schema_version":9}`), 4 }, false, &answers{},
			failure.TokenUnavailable,
			[]string{"newer schema", "deploy"},
		},
		{
			"corrupt", func(w *world) { w.parameter.value, w.parameter.version = []byte(`?`), 4 }, false, nil,
			failure.TokenUnavailable,
			[]string{"not a token document"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				test.prepare(w)
				reader := w.readers(1, test.rotator)[0]
				if test.reject {
					settle()
					w.rejects(reader)
				}

				_, err := reader.Token(t.Context())

				wantKind(t, err, test.kind)
				for _, part := range test.parts {
					if err == nil || !strings.Contains(err.Error(), part) {
						t.Errorf("error %v, want %q in it", err, part)
					}
				}
			})
		})
	}
}

func TestReaderTellsTheRotatorWhichVersionWasRejected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.rotate(token.Rotation{})
		asked := &answers{}
		reader := w.readers(1, asked)[0]
		settle()
		w.rejects(reader)
		_, _ = reader.Token(t.Context())

		w.rotate(token.Rotation{Force: true})
		time.Sleep(lifetime)
		_, _ = reader.Token(t.Context())

		if diff := cmp.Diff([]int64{1, 0}, asked.told); diff != "" {
			t.Errorf("rejected versions that the rotator was told (-want +got):\n%s", diff)
		}
	})
}
