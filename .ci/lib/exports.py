"""An export read as its consumers read it, by the manifest, and the organisation's own list to hold it against. It shares
no code with the exporter."""

import gzip
import hashlib
import json
import urllib.request


def records(s3, manifest):
    """The lines of all parts of the export whose manifest lies at that s3:// URI. A part that is not as the manifest says
    is a ValueError."""
    bucket, _, key = manifest.removeprefix("s3://").partition("/")
    told = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    lines = []
    for part in told["parts"]:
        stored = s3.get_object(Bucket=bucket, Key=part["key"])["Body"].read()
        found = gzip.decompress(stored).splitlines()
        if (len(stored), hashlib.sha256(stored).hexdigest(), len(found)) != (part["bytes"], part["sha256"], part["records"]):
            raise ValueError(f"{part['key']} is not as the manifest says")
        lines += found
    if len(lines) != told["records"]:
        raise ValueError(f"the parts hold {len(lines)} records, and the manifest says {told['records']}")
    return lines


def organisation(genesys, state, listing="users"):
    """The organisation's users of that state, or another listing of its directory, one entity a line, in the order of the listing."""
    query = f"?state={state}" if listing == "users" else ""
    with urllib.request.urlopen(f"{genesys}/_sim/{listing}{query}", timeout=60) as reply:
        return reply.read().splitlines()
