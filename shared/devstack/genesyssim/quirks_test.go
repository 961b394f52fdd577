package genesyssim_test

import (
	"slices"
	"testing"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func TestEveryQuirkHasATopicAGradeAndWhereItIsKnownASource(t *testing.T) {
	t.Parallel()
	grades := []genesyssim.Grade{
		genesyssim.Documented, genesyssim.Observed, genesyssim.Inferred, genesyssim.Dialect, genesyssim.Invented,
	}
	seen, topics := map[string]bool{}, []string{}
	for _, quirk := range genesyssim.Quirks() {
		if !slices.Contains(grades, quirk.Grade) || quirk.Topic == "" || quirk.What == "" {
			t.Errorf("not a quirk: %+v", quirk)
		}
		if known := quirk.Grade == genesyssim.Documented || quirk.Grade == genesyssim.Observed; known && quirk.Source == "" {
			t.Errorf("%s, and nobody says where: %s", quirk.Grade, quirk.What)
		}
		if seen[quirk.What] {
			t.Errorf("listed twice: %s", quirk.What)
		}
		seen[quirk.What] = true
		if slices.Contains(topics, quirk.Topic) && topics[len(topics)-1] != quirk.Topic {
			t.Errorf("topic %s is in two places", quirk.Topic)
		}
		topics = append(topics, quirk.Topic)
	}
	if len(seen) < 30 {
		t.Errorf("%d quirks are listed, want all of them", len(seen))
	}
}
