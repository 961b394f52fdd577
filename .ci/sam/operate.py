"""The operator's commands, as make calls them, against the template as moto deploys it: from an empty secret to an export that
is complete, and to what is left behind. What they print is what an operator reads, so it is looked at as text.
"""

import json
import os
import pathlib
import re
import secrets
import subprocess
import tempfile

from checks import Checks
from deployed import STACK, deployed
from exports import organisation, records
from with_server import TOP, aws_variables, environment

COMMAND_SECONDS = 180
checks = Checks("operator")


def make(here, *arguments):
    """One of make's targets for operators, as it is typed. What is built is there already, so that make is quick."""
    argv = ["make", "--silent", "--no-print-directory", *arguments, f"STACK={STACK}"]
    variables = environment(aws_variables(here.url))
    return subprocess.run(argv, cwd=TOP, env=variables, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)


def credentials(here, folder):
    """Wrong ones are told apart from right ones, and neither is ever shown."""
    right = here.client("secretsmanager").get_secret_value(SecretId=here.outputs["CredentialsSecretArn"])["SecretString"]
    wrong = json.dumps({"client_id": json.loads(right)["client_id"], "client_secret": f"wrong-{secrets.token_hex(8)}"})
    for name, content, works in (("wrong", wrong, False), ("right", right, True)):
        file = folder / name
        with open(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
            out.write(content)
        done = make(here, "set-credentials", f"CREDENTIALS={file}", "YES=1")
        said = done.stdout + done.stderr
        checks.expect(f"set-credentials, {name} ones: {said}", done.returncode == 0, works)
        checks.must(f"set-credentials, {name} ones: no secret is shown", json.loads(content)["client_secret"] not in said)
    os.chmod(folder / "right", 0o644)
    done = make(here, "set-credentials", f"CREDENTIALS={folder / 'right'}", "YES=1")
    checks.must(f"a file that others can read is refused: {done.stderr}", done.returncode and "chmod 600" in done.stderr)


def doctor(here):
    """Nobody hears of alarms before somebody subscribes; with that everything is well."""
    done = make(here, "doctor")
    for what in ("recipients", "alarms"):
        checks.must(f"doctor finds what is wrong with the {what}: {done.stdout}", done.returncode and f"FAILED  {what}" in done.stdout)
    make_alarms(here)
    here.client("sns").subscribe(TopicArn=here.outputs["AlarmTopicArn"], Protocol="sqs", Endpoint=queue(here))
    done = make(here, "doctor")
    verdicts = re.findall(r"(?m)^(ok|-|FAILED) +(\w+) ", done.stdout)
    checks.expect(f"doctor, after that: {done.stdout}{done.stderr}", [name for verdict, name in verdicts if verdict != "ok"], [])
    checks.expect("doctor's exit code", done.returncode, 0)
    return len(verdicts)


def make_alarms(here):
    """moto's CloudFormation makes no alarms; its CloudWatch takes them, as the template has them."""
    argv = [".build/devstack", "evaluate", "-stack", STACK, "template.yaml", "GenesysEnvironment=mypurecloud.de"]
    evaluated = json.loads(subprocess.run(argv, cwd=TOP, capture_output=True, check=True).stdout)
    watch = here.client("cloudwatch")
    alarms = [r["Properties"] for r in evaluated["Resources"].values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    for alarm in alarms:
        watch.put_metric_alarm(**alarm)
    checks.expect("the template's alarms", len(alarms), 11)


def queue(here):
    return here.client("sqs").get_queue_attributes(QueueUrl=here.outputs["FailedRunsUrl"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def export(here):
    """Started and followed to its end; a wrong one says what to change; the same again gives the same."""
    done = make(here, "export", "EXPORT_ID=by-make", 'OPTIONS={"state":"any"}')
    checks.must(f"export: {done.stdout}{done.stderr}", done.returncode == 0)
    manifest = re.search(r"s3://\S+/by-make/manifest\.json", done.stdout)
    checks.must("export: the manifest is told", manifest)
    found = records(here.client("s3"), manifest.group(0))
    checks.must("export: the organisation's users, byte for byte", found == organisation(here.genesys, "any"))
    again = make(here, "export", "EXPORT_ID=by-make")
    checks.must(f"export, again: {again.stdout}{again.stderr}", again.returncode == 0 and manifest.group(0) in again.stdout)
    refused = make(here, "export", "EXPORT_ID=refused", 'OPTIONS={"page_size":0}')
    said = refused.stdout + refused.stderr
    checks.must(f"export, refused: {said}", refused.returncode and "InvalidInput" in said and "page_size" in said)
    nobody = make(here, "export", "LISTING=nobodys")
    said = nobody.stdout + nobody.stderr
    checks.must(f"export, of no listing: {said}", nobody.returncode and "names a listing" in said)
    return len(found)


def missing(here):
    """What is missing is said in one line."""
    variables = environment(aws_variables(here.url))
    for what, change, want in (
        ("region", {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "AWS_REGION"),
        ("credentials", {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "credentials"),
    ):
        argv = ["make", "--silent", "export", f"STACK={STACK}"]
        done = subprocess.run(argv, cwd=TOP, env=variables | change, capture_output=True, text=True, timeout=60, check=False)
        told = [line for line in done.stderr.splitlines() if not line.startswith("make")]
        checks.must(f"without {what}: {told}", done.returncode and len(told) == 1 and want in told[0])
    argv = ["make", "--silent", "export", "STACK=nobodys"]
    done = subprocess.run(argv, cwd=TOP, env=variables, capture_output=True, text=True, timeout=60, check=False)
    checks.must(f"without a stack: {done.stderr}", done.returncode and "nobodys" in done.stderr and "deploy" in done.stderr)


def delete_stack(here):
    """What stays is told; nothing is deleted."""
    argv = [".build/operator", "delete-stack", "-stack", STACK]
    variables = environment(aws_variables(here.url))
    done = subprocess.run(argv, cwd=TOP, env=variables, capture_output=True, text=True, timeout=60, check=False)
    for what in ("exports-local", "credentials", f"/{STACK}/token", "https://aws.amazon.com/pricing/"):
        checks.must(f"delete-stack tells of {what}: {done.stdout}{done.stderr}", done.returncode == 0 and what in done.stdout)


def main():
    with tempfile.TemporaryDirectory(prefix="operate-") as name, deployed(("-users", "700")) as here:
        credentials(here, pathlib.Path(name))
        looked = doctor(here)
        count = export(here)
        missing(here)
        delete_stack(here)
    checks.finish(f"set-credentials, doctor with {looked} checks, export of {count:,} records, delete-stack")


if __name__ == "__main__":
    main()
