package export_test

import (
	"bytes"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

// Whatever a store or the API answers, and wherever, an invocation that fails says of what kind the failure is, and the
// export goes on.
func TestAnswerThatMakesNoSenseIsANamedFailureWhereverItComes(t *testing.T) {
	t.Parallel()

	nameless := errors.New("canary")

	for name, answer := range map[string]error{
		"absent": export.ErrAbsent, "conflict": export.ErrConflict, "the list is denied": export.ErrListDenied, "an error of no kind": nameless,
	} {
		for _, s := range []scenario{scenarios()[0], scenarios()[2]} {
			t.Run(name+", "+s.name, func(t *testing.T) {
				t.Parallel()

				for number := range s.operations(t) {
					s.answer(t, number, at(number, exporttest.Action{Effect: exporttest.FailBefore, Err: answer}))
					s.answer(t, number, from(number, exporttest.Action{Effect: exporttest.FailBefore, Err: answer}))
				}
			})
		}
	}
}

// answer lets operations give an answer without having been done, from that number on.
func (s scenario) answer(t *testing.T, number int, fault exporttest.Fault) {
	t.Helper()

	synctest.Test(t, func(t *testing.T) {
		w := s.world()
		fault = w.lives(fault)
		for range 2 {
			did := w.invoke(t.Context(), fault)
			if did.err != nil && kindOf(did.err) == "" || did.err != nil && strings.Contains(did.err.Error(), "canary") {
				t.Errorf("got %v, want a failure with a kind, and without the text of its cause", did.err)
			}
		}

		time.Sleep(w.timeout)

		// An answer that is a lie about the checkpoint may be final; it is not about anything else.
		if did := w.invoke(t.Context(), w.lives(clean)); did.err == nil {
			s.hold(t, w, w.lives(clean))
		} else if kindOf(did.err) == "" {
			t.Errorf("afterwards: got %v, want a failure with a kind", did.err)
		}
	})

	if t.Failed() {
		t.Fatalf("operation %d", number)
	}
}

// from lets every call from that number on meet the fate.
func from(number int, action exporttest.Action) exporttest.Fault {
	var calls atomic.Int64

	return func(string, string) exporttest.Action {
		if calls.Add(1) > int64(number) {
			return action
		}

		return exporttest.Action{}
	}
}

func TestManifestThatIsThereAndCannotBeReadIsStorageUnavailableThatSaysWhatToGrant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.complete(t, nil)

		unreadable := func(op, name string) exporttest.Action {
			if op == exporttest.OpRead && name == manifestName {
				return exporttest.Action{Effect: exporttest.FailBefore, Err: export.ErrAbsent}
			}

			return exporttest.Action{}
		}

		did := w.invoke(t.Context(), unreadable)
		wantKind(t, did.err, failure.StorageUnavailable)

		if !strings.Contains(did.err.Error(), "s3:GetObject") {
			t.Errorf("the failure is %q, want it to say what to grant", did.err)
		}

		w.mustHold(t)
	})
}

func TestCheckpointThatIsThereAndCannotBeReadIsStorageUnavailable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := interrupted(t)
		w.store.DenyList()

		did := w.invoke(t.Context(), on(exporttest.OpRead, checkpointName, exporttest.Action{Effect: exporttest.FailBefore, Err: export.ErrAbsent}))
		wantKind(t, did.err, failure.StorageUnavailable)

		w.complete(t, nil)
		w.mustHold(t)
	})
}

// A list that lacks the checkpoint is one sign; the checkpoint itself is the other.
func TestListThatLacksTheCheckpointOnceIsNotTheEndOfTheExport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := interrupted(t)
		body, _ := w.store.Object(exporttest.DocumentKey(checkpointName))

		did := w.invoke(t.Context(), func(op, _ string) exporttest.Action {
			switch op {
			case exporttest.OpNames:
				w.store.Remove(exporttest.DocumentKey(checkpointName))
				return exporttest.Action{Meanwhile: func() { w.store.Edit(exporttest.DocumentKey(checkpointName), body) }}
			default:
				return exporttest.Action{}
			}
		})
		if did.err != nil || did.Status != export.StatusComplete {
			t.Errorf("got %+v and %v, want a complete export", did.Result, did.err)
		}

		w.wholeExport(t)
	})
}

func TestListThatIsDeniedInTheMiddleIsNoSignOfAMissingPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(6)...)
		// Another one works, and stops, between the list of the parts and the reading of the checkpoint.
		w.listing.Fault(3, exporttest.Refused(failure.Forbidden))

		meanwhile := onNth(exporttest.OpNames, "", 1, func() exporttest.Action {
			wantKind(t, w.invoke(t.Context(), nil).err, failure.Forbidden)
			return exporttest.Action{}
		})
		denied := onNth(exporttest.OpList, "", 2, func() exporttest.Action {
			return exporttest.Action{Effect: exporttest.FailBefore, Err: export.ErrListDenied}
		})

		did := w.invoke(t.Context(), func(op, name string) exporttest.Action {
			if action := denied(op, name); action.Effect != exporttest.Proceed {
				return action
			}

			return meanwhile(op, name)
		})
		if did.err != nil || did.Status != export.StatusComplete {
			t.Errorf("got %+v and %v, want a complete export", did.Result, did.err)
		}

		w.mustHold(t)
	})
}

func TestStoreWhoseTagsAreNotStableIsUnavailableAndNotBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := interrupted(t)
		w.store.ShakeTags()

		for range 3 {
			did := w.invoke(t.Context(), nil)
			wantKind(t, did.err, failure.StorageUnavailable)

			if !strings.Contains(did.err.Error(), "ETag") || did.stats.InvocationsBusy != 0 {
				t.Errorf("the failure is %q with the numbers %+v, want it to name the ETag", did.err, did.stats)
			}

			time.Sleep(w.timeout)
		}
	})
}

func TestCommitThatIsRefusedThoughNobodyWroteIsStorageUnavailable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		refused := exporttest.Action{Effect: exporttest.FailBefore, Err: export.ErrConflict}

		did := w.invoke(t.Context(), onNth(exporttest.OpReplace, checkpointName, 2, func() exporttest.Action { return refused }))
		wantKind(t, did.err, failure.StorageUnavailable)

		w.complete(t, nil)
		w.mustHold(t)
	})
}

func TestFieldOfNewerCodeIsToldAsSuchAndTheCheckpointStaysAsItIs(t *testing.T) {
	t.Parallel()

	for name, field := range map[string]string{
		"at the top":      `"schema_version":1`,
		"in the position": `"next":`,
		"in a part":       `"name":`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := interrupted(t)
				key := exporttest.DocumentKey(checkpointName)
				body, _ := w.store.Object(key)
				newer := bytes.Replace(body, []byte(field), []byte(`"windows":[{"from":1}],`+field), 1)
				w.store.Edit(key, newer)

				did := w.invoke(t.Context(), nil)
				wantKind(t, did.err, failure.CheckpointInvalid)

				if !strings.Contains(did.err.Error(), "written by newer code: deploy the newer version") {
					t.Errorf("the failure is %q, want it to tell newer code from damage", did.err)
				}

				if left, _ := w.store.Object(key); !bytes.Equal(left, newer) {
					t.Error("the checkpoint was written")
				}
			})
		})
	}
}
