// Package verify checks a finished export from the outside: what lies in the bucket against the contract that readers
// of exports hold on to, and, where the source can list itself, against the source.
//
// Its rules:
//   - It is a second opinion. It imports nothing of the module, takes gzip and JSON from the standard library where the
//     writer has others, spells the keys out again, and believes no number that it has not counted itself.
//   - What is wrong with the export is a [Problem]; an error means that it could not look (network, permission,
//     settings). One wrong thing does not end the check, unless nothing can be read after it.
//   - It only reads. Parts are streamed, never held; what grows with the export is a map of 24 bytes of digests a record
//     (to see doubles), and, once an export has turned out to differ from its source, a second one of some 60 bytes for
//     each of the source's entities from there on.
//   - Nothing that it returns or prints holds an entity's content, not even an id: records are named by their number.
package verify

import (
	"context"
	"fmt"
	"time"
)

// Export checks the complete export that config names.
//
// The report tells what was counted and every [Problem] found, in the order: manifest, parts, doubles, the comparison
// with the source, strays, latest, checkpoint. Without a manifest, or with one whose list of parts cannot be read,
// nothing else is looked at. On an error the report holds what was found until then and is not to be taken for a
// verdict.
func Export(ctx context.Context, config Config) (Report, error) {
	if err := config.validate(); err != nil {
		return Report{}, err
	}

	i := &inspection{
		config: config,
		layout: layout{prefix: config.Prefix, listing: config.Listing, exportID: config.ExportID},
		store:  store{client: config.S3, bucket: config.Bucket},
		report: &Report{ExportID: config.ExportID, Listing: config.Listing},
	}
	err := i.run(ctx)

	return *i.report, err
}

// inspection is one check of one export.
type inspection struct {
	config Config
	layout layout
	store  store
	report *Report
}

// manifest is what the check needs of the export's manifest. Fields that the manifest lacks, or has wrong, are zero and
// were reported.
type manifest struct {
	environment string
	records     int64
	pages       int64
	parts       []part
	startedAt   time.Time
	completedAt time.Time
}

// part is one entry of the manifest's list of parts.
type part struct {
	key     string
	records int64
	bytes   int64
	sha256  string
}

func (i *inspection) run(ctx context.Context) error {
	m, usable, err := i.readManifest(ctx)
	if err != nil || !usable {
		return err
	}

	if err := i.readParts(ctx, m); err != nil {
		return err
	}

	if err := i.findStrays(ctx, m); err != nil {
		return err
	}

	if err := i.checkLatest(ctx, m); err != nil {
		return err
	}

	return i.checkCheckpoint(ctx, m)
}

// readParts streams all parts through one ledger and one comparison, since doubles and order are matters of the whole
// export.
func (i *inspection) readParts(ctx context.Context, m manifest) error {
	books := newLedger()

	if i.config.Truth != nil {
		truth, err := i.config.Truth(ctx)
		if err != nil {
			return fmt.Errorf("open the source's own list: %w", err)
		}
		defer truth.Close()

		books.against = newComparison(truth)
	}

	for n, p := range m.parts {
		if err := i.readPart(ctx, n, p, books); err != nil {
			return err
		}
	}

	i.report.Parts = len(m.parts)
	i.report.Records = books.records

	if books.records != m.records {
		i.report.add(Problem{
			Kind: RecordsTotal, Where: i.layout.manifest(), What: "the parts hold another number of records than the manifest says",
			Want: m.records, Got: books.records,
		})
	}

	books.settle(i.report)

	return books.against.settle(i.report)
}

// findStrays lists the parts' folder after the parts were read, so that what landed meanwhile is seen as well.
func (i *inspection) findStrays(ctx context.Context, m manifest) error {
	named := make(map[string]struct{}, len(m.parts))
	for _, p := range m.parts {
		named[p.key] = struct{}{}
	}

	return i.store.keys(ctx, i.layout.parts(), func(key string) {
		if _, ok := named[key]; ok {
			return
		}

		i.report.Strays++

		if i.report.Strays <= evidence {
			i.report.add(Problem{Kind: Stray, Where: key, What: "lies among the parts, and the manifest does not name it"})
		}
	})
}
