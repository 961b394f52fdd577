"""Conformance: DuckDB reads exports of every listing by the queries of the functions' READMEs, as anybody would who never saw
this project. What it counts is what the manifests say, and each part's bytes and SHA-256 are the manifest's.

The exports are made by the functions in the local world. What changes between two exports is edited by hand, so that what the
queries have to find is known.
"""

import datetime
import gzip
import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile

import duckdb

from checks import Checks

TOP = pathlib.Path(__file__).resolve().parents[2]
MADE, EDITED = "nightly-2026-11-23", "edited"  # EDITED is completed later, and sorts before
checks = Checks("DuckDB")
saw = []


def main():
    folder = pathlib.Path(os.environ["CONFORMANCE_FOLDER"])
    listings = {name: function for function in ("export-users", "export-directory", "export-history") for name in named(function)}
    for name, function in listings.items():
        export(name, function)
    os.chdir(folder / "exports-local")
    checks.look(read_each, listings)
    checks.look(read_changes)
    checks.look(read_newest)
    checks.finish(f"{duckdb.__version__}: {'; '.join(saw)}")


def page(function):
    return (TOP / "functions" / function / "README.md").read_text(encoding="utf-8")


def named(function):
    """The listings of a function, by the table of its README."""
    table = page(function).partition("<!-- listings -->")[2].partition("<!-- /listings -->")[0]
    return re.findall(r"^\| ([a-z-]+) \| `/", table, re.MULTILINE) or ["users"]


def queries(function):
    """The SQL of a function's README, block by block; the last one is Athena's."""
    return re.findall(r"^```sql\n(.*?)^```$", page(function), re.MULTILINE | re.DOTALL)


def export(listing, function):
    event = {"export_id": MADE, "listing": listing}
    if function == "export-history":  # over midnight, so in two windows
        noon = datetime.datetime.now(datetime.UTC).replace(hour=12, minute=0, second=0, microsecond=0)
        event["interval"] = "/".join((noon - datetime.timedelta(days=days)).strftime("%FT%TZ") for days in (3, 2))
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(event, file)
        file.flush()
        done = subprocess.run(
            [TOP / ".build/devstack", "drive", "-function", function, "-event", file.name],
            capture_output=True, text=True, timeout=120, check=False,
        )
    if done.returncode != 0:
        checks.fail(f"{listing} was not exported: {done.stderr[-400:]}")


def manifest(listing, export_id):
    return json.loads(pathlib.Path("exports/_state", listing, export_id, "manifest.json").read_bytes())


def lines(listing, export_id):
    parts = [pathlib.Path(part["key"]) for part in manifest(listing, export_id)["parts"]]
    return [line for part in parts for line in gzip.decompress(part.read_bytes()).splitlines()]


def write_edited(listing, entities):
    """A later export of a listing, with these lines."""
    body = gzip.compress(b"".join(line + b"\n" for line in entities))
    part = pathlib.Path("exports", listing, f"export_id={EDITED}", "part-000001-0123456789abcdef.jsonl.gz")
    told = manifest(listing, MADE) | {"export_id": EDITED, "records": len(entities), "completed_at": "2100-01-01T00:00:00Z"}
    told["parts"] = [{"key": str(part), "records": len(entities), "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}]
    for path, content in (part, body), (pathlib.Path("exports/_state", listing, EDITED, "manifest.json"), json.dumps(told).encode()):
        path.parent.mkdir()
        path.write_bytes(content)


def read_each(listings):
    records = 0
    for listing, function in listings.items():
        told = manifest(listing, MADE)
        for part in told["parts"]:
            body = pathlib.Path(part["key"]).read_bytes()
            found = [len(body), hashlib.sha256(body).hexdigest(), len(gzip.decompress(body).splitlines())]
            checks.expect(part["key"], found, [part["bytes"], part["sha256"], part["records"]])
        read, *_, athena = queries(function)
        example = {"export-directory": "queues", "export-history": "conversations"}.get(function, listing)
        database = duckdb.connect()
        database.execute(read.replace(f"/{example}/", f"/{listing}/").replace(f"TABLE {example} ", "TABLE entities "))
        ask = asking(database)
        checks.expect(f"records of {listing} by latest and manifest", ask("SELECT count(*) FROM entities"), [(told["records"],)])
        checks.expect(f"exports of {listing}", ask("SELECT DISTINCT export_id FROM entities"), [(MADE,)])
        held_by(ask("SELECT column_name || ' ' || column_type FROM (DESCRIBE entities)"), listing, athena)
        records += told["records"]
    saw.append(f"{records:,} records of {len(listings)} listings")


def held_by(columns, listing, athena):
    """Holds what Athena's table of a listing names to what its entities have."""
    keys = set(re.findall(r"\w+", " ".join(column for (column,) in columns).lower()))
    for table in re.findall(rf"^CREATE EXTERNAL TABLE \w+ \(([^;]*?)\)\nPARTITIONED[^;]*/exports/{listing}/';", athena, re.MULTILINE):
        names = re.findall(r"(\w+)(?:: | (?=string|int|struct|array))", table)
        checks.expect(f"Athena's columns of {listing} that no entity has", [name for name in names if name.lower() not in keys], [])
        checks.must(f"Athena's table of {listing} has columns", names)


def read_changes():
    """The first three queues are gone, five have another name, and one was added; one of those that stayed was read twice."""
    _, changes, _ = queries("export-directory")
    before = lines("queues", MADE)
    renamed = [json.dumps(json.loads(line) | {"name": "renamed"}).encode() for line in before[3:8]]
    write_edited("queues", renamed + before[8:] + before[-1:] + [b'{"id":"added","name":"new"}'])
    database = duckdb.connect()
    changes = re.sub(r"(VARIABLE before = )'[^']*'", rf"\1'{MADE}'", changes)
    database.execute(re.sub(r"(VARIABLE after = )'[^']*'", rf"\1'{EDITED}'", changes))
    ask = asking(database)
    want = {"gone": [json.loads(line)["id"] for line in before[:3]], "changed": [json.loads(line)["id"] for line in renamed], "added": ["added"]}
    found = dict(ask("SELECT change, list(id ORDER BY id) FROM changes GROUP BY change"))
    checks.expect("what changed between two exports", found, {change: sorted(ids) for change, ids in want.items()})
    checks.expect("what it was before", ask("SELECT before FROM changes WHERE change = 'gone' ORDER BY ALL"), sorted((line.decode(),) for line in before[:3]))
    saw.append(f"{len(before)} queues, of which {sum(len(ids) for ids in want.values())} changes were found")


def read_newest():
    """A later export has some of the conversations, one of them twice, each time another."""
    _, newest, segments, _ = queries("export-history")
    made = lines("conversations", MADE)
    later = [json.dumps(json.loads(line) | {"originatingDirection": "later"}).encode() for line in made[:100]]
    write_edited("conversations", later + [json.dumps(json.loads(later[0]) | {"originatingDirection": "last"}).encode()])
    want = {}
    for line in made + lines("conversations", EDITED):
        conversation = json.loads(line)
        want[conversation["conversationId"]] = conversation
    database = duckdb.connect()
    database.execute(newest)
    database.execute(segments)
    ask = asking(database)
    directions = dict(ask("SELECT conversationId::VARCHAR, originatingDirection FROM conversations"))
    checks.expect("conversations, newest version of each", directions, {key: one["originatingDirection"] for key, one in want.items()})
    checks.expect("records", ask("SELECT count(*) FROM conversations"), [(len(want),)])

    nested = [
        (one["conversationId"], participant["purpose"], session["mediaType"], segment["segmentType"])
        for one in want.values() for participant in one["participants"] for session in participant["sessions"] for segment in session["segments"]
    ]
    found = ask("SELECT conversationId::VARCHAR, purpose, mediaType, segmentType FROM segments")
    checks.expect("a row a segment", sorted(found), sorted(nested))
    saw.append(f"{len(want):,} conversations of {len(made):,} records, {len(nested):,} segments")


def asking(database):
    return lambda query: database.execute(query).fetchall()


if __name__ == "__main__":
    main()
