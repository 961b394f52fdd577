package verify_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/verify"
)

func TestLatestAndCheckpointMustAgreeWithTheExport(t *testing.T) {
	t.Parallel()

	const night0, night2 = state + "night-0/manifest.json", state + "night-2/manifest.json"

	for name, c := range map[string]struct {
		spoil func(d *draft)
		want  verify.Kind
	}{
		"no latest": {func(d *draft) { d.latest = nil }, verify.LatestMissing},
		"latest names an older export": {func(d *draft) {
			d.latest = pointer("night-0", earlier)
			d.others[night0] = `{"completed_at":"` + earlier + `"}`
		}, verify.LatestBackwards},
		"latest names a newer export that is not there": {func(d *draft) { d.latest = pointer("night-2", later) }, verify.LatestDangling},
		"latest makes an older export newer": {func(d *draft) {
			d.latest = pointer("night-0", later)
			d.others[night0] = `{"completed_at":"` + earlier + `"}`
		}, verify.LatestDisagrees},
		"latest names an export whose manifest is none": {func(d *draft) {
			d.latest = pointer("night-2", later)
			d.others[night2] = `x`
		}, verify.LatestDisagrees},
		"latest gives this export another time":     {func(d *draft) { d.latest["completed_at"] = later }, verify.LatestDisagrees},
		"latest gives this export another manifest": {func(d *draft) { d.latest["manifest"] = night2 }, verify.LatestDisagrees},
		"latest gives another bucket":               {func(d *draft) { d.latest["manifest"] = "s3://other/" + manifest }, verify.LatestDisagrees},
		"latest lacks its time":                     {func(d *draft) { delete(d.latest, "completed_at") }, verify.LatestField},
		"latest has no time":                        {func(d *draft) { d.latest["completed_at"] = 5 }, verify.LatestField},
		"latest has more to say":                    {func(d *draft) { d.latest["records"] = 9 }, verify.LatestField},
		"latest is of a newer schema":               {func(d *draft) { d.latest["schema_version"] = 2 }, verify.LatestField},
		"latest names no id":                        {func(d *draft) { d.latest["export_id"] = "../x" }, verify.LatestField},
		"latest is no JSON":                         {func(d *draft) { d.latest = nil; d.others[latest] = "night-1" }, verify.LatestField},
		"no checkpoint":                             {func(d *draft) { d.checkpoint = nil }, verify.CheckpointMissing},
		"the checkpoint is no JSON":                 {func(d *draft) { d.checkpoint = nil; d.others[checkpoint] = "{" }, verify.CheckpointUnreadable},
		"the checkpoint says a thing twice": {func(d *draft) {
			d.checkpoint = nil
			d.others[checkpoint] = `{"schema_version":1,"x":1,"x":2}`
		}, verify.CheckpointUnreadable},
		"the checkpoint has no schema":             {func(d *draft) { delete(d.checkpoint, "schema_version") }, verify.CheckpointUnreadable},
		"the checkpoint is of another export":      {func(d *draft) { d.checkpoint["export_id"] = "night-2" }, verify.CheckpointDisagrees},
		"the checkpoint is of another listing":     {func(d *draft) { d.checkpoint["listing"] = "queues" }, verify.CheckpointDisagrees},
		"the checkpoint is of another environment": {func(d *draft) { d.checkpoint["environment"] = "mypurecloud.ie" }, verify.CheckpointDisagrees},
		"the checkpoint counts otherwise":          {func(d *draft) { d.checkpoint["records"] = 8 }, verify.CheckpointDisagrees},
		"the checkpoint has other pages":           {func(d *draft) { d.checkpoint["pages"] = 4 }, verify.CheckpointDisagrees},
		"the checkpoint began at another time":     {func(d *draft) { d.checkpoint["started_at"] = earlier }, verify.CheckpointDisagrees},
		"the checkpoint ended at another time":     {func(d *draft) { d.checkpoint["completed_at"] = later }, verify.CheckpointDisagrees},
		"the checkpoint is to be continued":        {func(d *draft) { d.checkpoint["status"] = "continue" }, verify.CheckpointDisagrees},
		"the checkpoint is not complete":           {func(d *draft) { d.checkpoint["complete"] = false }, verify.CheckpointDisagrees},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			d := newDraft()
			c.spoil(d)

			got := check(t, d)
			if diff := cmp.Diff([]verify.Kind{c.want}, kinds(got)); diff != "" {
				t.Errorf("kinds (-want +got):\n%s\n%s", diff, text(t, got))
			}
		})
	}
}
