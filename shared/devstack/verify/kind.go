package verify

// Kind names a check that an export failed.
type Kind string

// What can be wrong with the manifest.
const (
	// ManifestMissing: there is no manifest, so there is no complete export of this id.
	ManifestMissing Kind = "manifest_missing"
	// ManifestUnreadable: it is no single JSON object, or its list of parts is no list of objects.
	ManifestUnreadable Kind = "manifest_unreadable"
	// ManifestField: a field is unknown, missing, doubled, or its value is not what the contract says.
	ManifestField Kind = "manifest_field"
	// ManifestIdentity: it is the manifest of another export or listing.
	ManifestIdentity Kind = "manifest_identity"
	// RecordsSum: the parts' records, as the manifest gives them, do not add up to its total.
	RecordsSum Kind = "records_sum"
	// RecordsTotal: the lines counted in all parts are not the manifest's total.
	RecordsTotal Kind = "records_total"
	// Pages: fewer than one page, or fewer pages than parts, though a part holds whole pages.
	Pages Kind = "pages"
)

// What can be wrong with a part.
const (
	// PartName: the key is not part-NNNNNN-….jsonl.gz in the export's own folder.
	PartName Kind = "part_name"
	// PartOrder: the number in the key is not the part's place in the manifest, counted from 1.
	PartOrder Kind = "part_order"
	// PartMissing: the object is not there.
	PartMissing Kind = "part_missing"
	// PartEncoding: the object has a Content-Encoding, so that some clients would unpack it and some would not.
	PartEncoding Kind = "part_encoding"
	// PartBytes: the object has another size than the manifest says.
	PartBytes Kind = "part_bytes"
	// PartSHA256: the object has another SHA-256 than the manifest says.
	PartSHA256 Kind = "part_sha256"
	// PartEmpty: there is no record in it.
	PartEmpty Kind = "part_empty"
	// PartRecords: it holds another number of lines than the manifest says.
	PartRecords Kind = "part_records"
	// GzipIncomplete: the compressed stream ends before its end.
	GzipIncomplete Kind = "gzip_incomplete"
	// GzipCorrupt: the object is no gzip, or its data or checksum is damaged.
	GzipCorrupt Kind = "gzip_corrupt"
	// GzipTrailing: something that is no gzip follows the last whole gzip member.
	GzipTrailing Kind = "gzip_trailing"
	// LineJSON: a line is not exactly one JSON object.
	LineJSON Kind = "line_json"
	// LineTooLong: a line is over 64 MiB and was not looked into.
	LineTooLong Kind = "line_too_long"
	// LineUnterminated: the last line lacks its line end.
	LineUnterminated Kind = "line_unterminated"
	// Stray: an object lies among the parts that the manifest does not name.
	Stray Kind = "stray"
)

// What can be wrong with the entities, white space outside strings aside.
const (
	// EntityTwice: an entity stands in the export twice, byte for byte. Positions are those of the repetitions.
	EntityTwice Kind = "entity_twice"
	// IDTwice: two different entities have one id. Positions are those of the later ones.
	IDTwice Kind = "id_twice"
	// SourceMissing: the source lists an entity that the export lacks. Positions are lines of the source's list.
	SourceMissing Kind = "source_missing"
	// SourceExtra: the export holds what the source does not list, or lists once only.
	SourceExtra Kind = "source_extra"
	// SourceDifferent: export and source have an entity of one id with different bytes.
	SourceDifferent Kind = "source_different"
	// SourceOrder: an entity stands after one that the source lists later.
	SourceOrder Kind = "source_order"
)

// What can be wrong beside manifest and parts.
const (
	// LatestMissing: there is no latest, though an export is complete.
	LatestMissing Kind = "latest_missing"
	// LatestField: latest is no JSON object, or a field of it is unknown, missing, doubled or of a wrong value.
	LatestField Kind = "latest_field"
	// LatestBackwards: latest names an export that was completed before this one.
	LatestBackwards Kind = "latest_backwards"
	// LatestDangling: the export that latest names has no manifest.
	LatestDangling Kind = "latest_dangling"
	// LatestDisagrees: latest names another manifest, or another time, than the export it points to has.
	LatestDisagrees Kind = "latest_disagrees"
	// CheckpointMissing: there is no checkpoint, so the id cannot be invoked again.
	CheckpointMissing Kind = "checkpoint_missing"
	// CheckpointUnreadable: the checkpoint is no JSON object with a schema_version.
	CheckpointUnreadable Kind = "checkpoint_unreadable"
	// CheckpointDisagrees: a field that carries one of the contract's names says otherwise than the manifest, or that the
	// export is not complete.
	CheckpointDisagrees Kind = "checkpoint_disagrees"
)
