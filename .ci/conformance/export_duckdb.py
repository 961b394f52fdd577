"""Conformance: DuckDB reads an export as anybody would who never saw this project: all parts below users/, with export_id as a
partition column. What it counts is what the manifest says, and each part's bytes and SHA-256 are the manifest's.

Two exports lie side by side, so that the partition column has something to tell apart.
"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import duckdb

from checks import Checks

USERS = 3000
checks = Checks("DuckDB")
saw = []


def export(out):
    """One run of the local world, whose export lands below out."""
    argv = [".build/devstack", "run", "-users", str(USERS), "-page-size", "25", "-out", out]  # stopped, and so two parts
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        sys.exit(f"DuckDB: devstack run failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def compare(manifest, bucket, counted):
    """Holds the parts as they lie there, and what DuckDB counted in each file, to the manifest."""
    for part in manifest["parts"]:
        path = bucket / part["key"]
        body = path.read_bytes()
        told = [len(body), hashlib.sha256(body).hexdigest(), counted.get(str(path))]
        checks.expect(part["key"], told, [part["bytes"], part["sha256"], part["records"]])
    checks.expect("records of the manifest's parts", sum(part["records"] for part in manifest["parts"]), manifest["records"])


def main():
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        export(folder)
        time.sleep(1)  # an export of devstack run is named by its second
        export(folder)
        checks.look(read, pathlib.Path(folder, "s3/exports-local"))
    checks.finish(f"{duckdb.__version__}: {'; '.join(saw)}")


def read(bucket):
    database = duckdb.connect()
    database.execute(
        "CREATE TABLE users AS FROM read_json(?, format = 'newline_delimited', hive_partitioning = true, filename = true)",
        [f"{bucket}/exports/users/*/*.jsonl.gz"],
    )

    def ask(query):
        return database.execute(query).fetchall()

    manifests = [json.loads(path.read_bytes()) for path in sorted(bucket.glob("exports/_state/users/*/manifest.json"))]
    checks.expect("manifests", len(manifests), 2)
    counted = dict(ask("SELECT filename, count(*) FROM users GROUP BY ALL"))
    for manifest in manifests:
        compare(manifest, bucket, counted)
    checks.expect("files", sorted(counted), sorted(str(bucket / part["key"]) for m in manifests for part in m["parts"]))

    records = {m["export_id"]: m["records"] for m in manifests}
    everybody = sum(records.values())
    checks.expect("records by export_id", dict(ask("SELECT export_id, count(*) FROM users GROUP BY ALL")), records)
    checks.expect("users by export_id", dict(ask("SELECT export_id, count(DISTINCT id) FROM users GROUP BY ALL")), records)
    [(home, divisions)] = ask("SELECT count(*), count(DISTINCT division.id) FROM users WHERE division.name = 'Home'")
    checks.must(f"{home} users in {divisions} divisions are in division Home", 0 < home < everybody and divisions == 1)
    [(addressed,)] = ask("SELECT count(*) FROM users WHERE primaryContactInfo[1].address = email")
    checks.expect("users whose first contact is their address", addressed, everybody)
    latest = json.loads((bucket / "exports/_state/users/latest.json").read_bytes())
    checks.expect("the newest export", latest["export_id"], max(manifests, key=lambda m: m["completed_at"])["export_id"])

    saw.append(f"{everybody:,} records of 2 exports in {len(counted)} parts, {home:,} in division Home")


if __name__ == "__main__":
    main()
