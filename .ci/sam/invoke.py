"""sam local invoke and sam local start-lambda, over the built functions and the local world.

Every function is invoked by sam local invoke, with what it is there for, in the tutorial's dialect too, and with an event
that it refuses. Then every file in events/ goes through one warm start-lambda, and so does one whole export, by the driver
that also drives the local stack and AWS, resumed over several invocations and held against the organisation's own list.

SAM's exit code is 0 for every error of a function, and for one that could not even be started: what counts is what it
printed.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys

import boto3
import botocore.config

from checks import Checks
from exports import organisation, records
from local import TOP, sam, world
from with_server import REGION, answers, aws_variables, environment, running, until

DRIVE_SECONDS = 240
ORGANISATION = ("-users", "30000", "-latency", "10ms", "-rate-limit", "60", "-rate-window", "2s")
# Slices so short, and a limit so high until it is learned, that an export of seconds is stopped and resumed several times.
FAST = {"MaxRequestsPerMinute": "60000", "ExportPageSize": "100"}
SHORT = FAST | {"ExportTimeoutSeconds": "5"}
RESULT = [
    "export_id", "listing", "location", "manifest", "next_page_uri", "pages", "parts", "reason", "records", "status", "wait_seconds",
]  # fmt: skip
# The functions by what their examples' names begin with.
FUNCTIONS = {"rotator": "Rotator", "export-users": "ExportUsers", "export-directory": "ExportDirectory", "export-history": "ExportHistory"}
checks = Checks("sam local")


def decoded(what, answer, printed):
    """The answer, decoded. Nothing on stdout means that the function was killed, or never ran."""
    try:
        return json.loads(answer)
    except ValueError:
        checks.fail(f"{what}: answered {answer!r:.200}, and printed {printed[-1500:]}")
        return {}


def invoke(here):
    """One sam local invoke of each function and dialect."""
    rotated = decoded("Rotator", *here.invoke("Rotator", "events/rotator-force.json"))
    checks.expect("Rotator: the answer", [rotated.get(k) for k in ("rotated", "reason")], [True, "forced"])
    checks.must(f"Rotator: a token that lasts: {rotated}", rotated.get("remaining_seconds", 0) > 3000)

    answer, printed = here.invoke("ExportUsers", "events/export-users-options.json", **FAST)
    export = decoded("ExportUsers", answer, printed)
    checks.expect("ExportUsers: the fields", sorted(export), RESULT)
    checks.expect("ExportUsers: whose export", export.get("export_id"), "users-2026-11-23")
    metric = re.search(r'"RecordsExported":(\d+)', printed)
    checks.expect("ExportUsers: the metric in the log", metric and int(metric.group(1)), export.get("records"))

    dialect = {
        "GenesysTokenUrl": here.parameters["GenesysTokenUrl"].replace("/oauth/token", "/api/v2/oauth/token"),
        "GenesysTokenAuthMethod": "client_secret_post",
        "UsersQueryMethod": "POST",
    }
    rotated = decoded("Rotator, dialect", *here.invoke("Rotator", "events/rotator-force.json", **dialect))
    checks.expect("Rotator, in the tutorial's dialect", rotated.get("reason"), "forced")
    # In the tutorial's pages of 25 and at the documented pace the whole of it would take minutes: one invocation has to do.
    dialect |= SHORT
    tutorial = decoded("ExportUsers, dialect", *here.invoke("ExportUsers", "events/export-users-tutorial.json", **dialect))
    checks.must(f"ExportUsers, in the tutorial's dialect: {tutorial}", tutorial.get("records", 0) > 0)

    for function, event in (("Rotator", "rotator-invalid.json"), ("ExportUsers", "export-users-invalid.json")):
        refused = decoded(event, *here.invoke(function, f"events/{event}"))
        checks.expect(f"{event}: the error", refused.get("errorType"), "InvalidInput")
    answer, printed = here.invoke("ExportUsers", "events/export-users-new.json", ExportBucketName="", GenesysApiUrl="http://elsewhere")
    broken = decoded("a bad configuration", answer, printed)
    checks.expect("a bad configuration: the error", broken.get("errorType"), "InvalidConfiguration")
    return rotated, export


@contextlib.contextmanager
def start_lambda(here, **parameters):
    """sam local start-lambda with warm containers, and its address."""
    with socket.socket() as probe:  # it takes no port 0
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [sam(), "local", "start-lambda", "--port", str(port), "--warm-containers", "LAZY", *here.options(**parameters)]
    folder = here.folder / "start-lambda"
    folder.mkdir()
    with running(argv, folder, here.variables()) as log:
        until(log, lambda: answers(port))
        yield f"http://127.0.0.1:{port}"


def every_event(client):
    """Every example event, through the warm functions."""
    names = sorted(file.name for file in (TOP / "events").iterdir())
    for name in names:
        function = FUNCTIONS[name.partition(".")[0].rpartition("-")[0]]
        reply = client.invoke(FunctionName=function, Payload=(TOP / "events" / name).read_bytes())
        answer = json.loads(reply["Payload"].read() or b"{}")
        if "-invalid" in name:
            checks.expect(f"{name}: the error", answer.get("errorType"), "InvalidInput")
        elif function == "Rotator":
            checks.must(f"{name}: {answer}", {"rotated", "reason", "version"} <= set(answer))
        elif "-options" in name or "-resume" in name:  # an export that goes on, with what it began with
            checks.expect(f"{name}: whose export", answer.get("export_id"), "users-2026-11-23")
        else:
            checks.expect(f"{name}: the fields", sorted(answer), RESULT)
    return names


def whole_export(here, url):
    """One export by the driver, and what is in it."""
    event = here.folder / "export.json"
    event.write_text(json.dumps({"export_id": "through-start-lambda", "state": "any"}), encoding="utf-8")
    argv = [".build/devstack", "drive", "-function", "ExportUsers", "-event", str(event)]
    done = subprocess.run(
        argv, cwd=TOP, env=environment(aws_variables(url)), capture_output=True, text=True, timeout=DRIVE_SECONDS, check=False
    )
    export = decoded("devstack drive", done.stdout, done.stderr)
    invocations = re.findall(r"(?m)^invocation \d+  (\w+) \((\w+)", done.stderr)
    checks.must(f"the export takes three invocations or more: {invocations}", len(invocations) >= 3)
    checks.expect("the export's end", export.get("status"), "complete")
    if export.get("manifest"):
        found = records(client("s3", here.aws), export["manifest"])
        checks.must("the parts are the organisation's users, byte for byte", found == organisation(here.genesys, "any"))
    return export, invocations


def client(service, url):
    config = botocore.config.Config(read_timeout=120, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return boto3.client(
        service, endpoint_url=url, region_name=REGION, aws_access_key_id="local", aws_secret_access_key="local", config=config
    )


def main():
    with world(*ORGANISATION) as here:
        rotated, export = invoke(here)
        if "--show" in sys.argv:
            print(json.dumps(rotated), json.dumps(export), sep="\n", file=sys.stderr)
        with start_lambda(here, **SHORT) as url:
            names = every_event(client("lambda", url))
            whole, invocations = whole_export(here, url)
        image = here.image
    saw = f"{len(names)} events, a whole export of {whole.get('records', 0):,} records in {len(invocations)} invocations, in {image}"
    checks.finish(f"{version()}: {saw}")


def version():
    told = subprocess.run([sam(), "--version"], capture_output=True, text=True, env=os.environ | {"SAM_CLI_TELEMETRY": "0"}, check=True)
    return told.stdout.split()[-1]


if __name__ == "__main__":
    main()
