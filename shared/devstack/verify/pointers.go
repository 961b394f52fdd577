package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// checkLatest wants latest to name this export, or one that was completed no earlier and is really there.
func (i *inspection) checkLatest(ctx context.Context, m manifest) error {
	key := i.layout.latest()

	raw, found, err := i.store.document(ctx, key)
	if err != nil {
		return err
	}

	if !found {
		i.report.add(Problem{Kind: LatestMissing, Where: key, What: "there is no latest, though an export is complete"})

		return nil
	}

	d, ok := strict(i.report, LatestField, key, "", raw, "schema_version", "export_id", "manifest", "completed_at")
	if !ok {
		i.report.add(Problem{Kind: LatestField, Where: key, What: "is not one JSON object"})

		return nil
	}

	takeSchema(d)

	id, named := take[string](d, "export_id")
	target := takeText(d, "manifest")
	completed, timed := take[time.Time](d, "completed_at")

	if !named || !timed {
		return nil
	}

	if !validID(id) {
		d.complain("export_id", "is no export id")

		return nil
	}

	// The contract gives parts as full keys and results as s3:// URIs, and does not say which of them this is.
	manifestKey := i.layout.of(id).manifest()
	if target != "" && target != manifestKey && target != "s3://"+i.config.Bucket+"/"+manifestKey {
		i.disagree(LatestDisagrees, key, "manifest", "is not that of the export it names")
	}

	return i.checkNewest(ctx, m, id, completed)
}

// checkNewest compares what latest claims with the manifest of the export that it names.
func (i *inspection) checkNewest(ctx context.Context, m manifest, id string, completed time.Time) error {
	key := i.layout.latest()

	if id == i.layout.exportID {
		if !m.completedAt.IsZero() && !completed.Equal(m.completedAt) {
			i.disagree(LatestDisagrees, key, "completed_at", "is not that of the manifest")
		}

		return nil
	}

	if completed.Before(m.completedAt) {
		i.report.add(Problem{
			Kind: LatestBackwards, Where: key,
			What: fmt.Sprintf("names the export %s, completed at %s, before this one at %s",
				id, completed.Format(time.RFC3339Nano), m.completedAt.Format(time.RFC3339Nano)),
		})
	}

	raw, found, err := i.store.document(ctx, i.layout.of(id).manifest())
	if err != nil {
		return err
	}

	if !found {
		i.report.add(Problem{Kind: LatestDangling, Where: key, What: "names the export " + id + ", which has no manifest"})

		return nil
	}

	var other struct {
		CompletedAt time.Time `json:"completed_at"`
	}
	if json.Unmarshal(raw, &other) != nil || !other.CompletedAt.Equal(completed) {
		i.disagree(LatestDisagrees, key, "completed_at", "is not that of the export it names")
	}

	return nil
}

// checkCheckpoint holds the checkpoint against the manifest by the contract's names alone: what else stands in it is
// its writer's own affair, and no name but schema_version has to be there.
func (i *inspection) checkCheckpoint(ctx context.Context, m manifest) error {
	key := i.layout.checkpoint()

	raw, found, err := i.store.document(ctx, key)
	if err != nil {
		return err
	}

	if !found {
		i.report.add(Problem{Kind: CheckpointMissing, Where: key, What: "there is no checkpoint, so the export cannot be asked for again"})

		return nil
	}

	fields, doubled, ok := readObject(raw)
	if !ok || len(doubled) > 0 {
		i.report.add(Problem{Kind: CheckpointUnreadable, Where: key, What: "is not one JSON object with each name once"})

		return nil
	}

	if version, ok := decoded[int64](fields, "schema_version"); !ok || version < 1 {
		i.report.add(Problem{Kind: CheckpointUnreadable, Where: key, What: "has no schema_version"})
	}

	agree(i, fields, "export_id", i.layout.exportID)
	agree(i, fields, "listing", i.layout.listing)
	agree(i, fields, "environment", m.environment)
	agree(i, fields, "status", "complete")
	agree(i, fields, "complete", true)
	agree(i, fields, "records", m.records)
	agree(i, fields, "pages", m.pages)
	i.agreeOnTime(fields, "started_at", m.startedAt)
	i.agreeOnTime(fields, "completed_at", m.completedAt)

	return nil
}

// agree compares a field where it is there and of the type that the contract gives the name.
func agree[T comparable](i *inspection, fields map[string]json.RawMessage, name string, want T) {
	if got, ok := decoded[T](fields, name); ok && got != want {
		i.disagree(CheckpointDisagrees, i.layout.checkpoint(), name, "is not what the manifest of a complete export says")
	}
}

func (i *inspection) agreeOnTime(fields map[string]json.RawMessage, name string, want time.Time) {
	if got, ok := decoded[time.Time](fields, name); ok && !got.Equal(want) {
		i.disagree(CheckpointDisagrees, i.layout.checkpoint(), name, "is not what the manifest says")
	}
}

func decoded[T any](fields map[string]json.RawMessage, name string) (T, bool) {
	var value T

	raw, there := fields[name]
	ok := there && string(raw) != "null" && json.Unmarshal(raw, &value) == nil

	return value, ok
}

func (i *inspection) disagree(kind Kind, where, name, what string) {
	i.report.add(Problem{Kind: kind, Where: where, What: "field " + name + " " + what})
}
