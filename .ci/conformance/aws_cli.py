"""Conformance: the AWS CLI, as a person types it to look around and to change things by hand, takes the local SSM, Secrets
Manager, S3 and Lambda for AWS's, and names their errors as AWS names them.

Every service is looked at in its own thread: most of a command's time is the CLI's own start.
"""

import concurrent.futures
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from checks import Checks

AWS = pathlib.Path(sys.executable).with_name("aws")
BUCKET = "exports-local"
checks = Checks("AWS CLI")
commands, named = [], set()


def aws(line, *more):
    """Runs one command, fails the check where it fails, and returns what it printed, decoded where it is JSON."""
    done = run(line, more)
    checks.must(f"aws {line} works: {done.stderr.strip()}", done.returncode == 0)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stdout.strip()


def refused(error, line, *more):
    """Runs a command that has to fail with that error."""
    done = run(line, more)
    found = re.search(r"An error occurred \((\w+)\)", done.stderr)
    checks.expect(f"aws {line}: error", found and found.group(1), error)
    checks.must(f"aws {line} ends with an error", done.returncode != 0)
    named.add(error)


def run(line, more):
    commands.append(line)
    return subprocess.run([AWS, *line.split(), *more], capture_output=True, text=True, timeout=120, check=False)


def ssm(_):
    token = "/genesys-cloud-export/token"
    until_rotated(token)
    stored = aws(f"ssm get-parameter --name {token} --with-decryption --query Parameter.Value --output text")
    checks.expect(
        "the token's document", sorted(stored), ["access_token", "expires_at", "issued_at", "schema_version", "token_type"]
    )
    sealed = aws(f"ssm get-parameter --name {token} --query Parameter.Value --output text")
    checks.must("without decryption the token is not shown", stored["access_token"] not in str(sealed))
    listed = {p["Name"]: p for p in aws("ssm describe-parameters")["Parameters"]}
    checks.expect("the token's type and key", [listed[token][k] for k in ("Type", "KeyId")], ["SecureString", "alias/aws/ssm"])

    put = "ssm put-parameter --name /cli/one --type SecureString --tier Intelligent-Tiering --value"
    checks.expect("a first put", aws(f"{put} first"), {"Version": 1, "Tier": "Standard"})
    refused("ParameterAlreadyExists", f"{put} second")
    large = "ä" * 2500  # 5,000 bytes
    checks.expect("an overwrite", aws(f"{put} {large} --overwrite"), {"Version": 2, "Tier": "Advanced"})
    refused("ValidationException", f"{put} {'x' * 8193} --overwrite")
    refused("HierarchyTypeMismatchException", "ssm put-parameter --name /cli/one --type String --value x --overwrite")

    history = aws("ssm get-parameter-history --name /cli/one --with-decryption")
    checks.expect("the history", [[p["Version"], p["Value"]] for p in history["Parameters"]], [[1, "first"], [2, large]])

    aws("ssm delete-parameter --name /cli/one")
    refused("ParameterNotFound", "ssm get-parameter --name /cli/one")
    refused("ParameterNotFound", "ssm delete-parameter --name /cli/one")
    refused("UnknownOperationException", "ssm get-parameters --names /cli/one")
    refused("ValidationException", f"ssm get-parameter --name {token}:1")


def until_rotated(token):
    """The rotator's first invocation may still be at work."""
    for _ in range(60):
        if run(f"ssm get-parameter --name {token}", ()).returncode == 0:
            return
        time.sleep(0.5)


def secrets_manager(_):
    secret = "genesys-cloud-export/credentials"
    described = aws(f"secretsmanager describe-secret --secret-id {secret}")
    checks.expect("its stages", list(described["VersionIdsToStages"].values()), [["AWSCURRENT"]])
    for secret_id in (secret, described["ARN"]):
        value = aws(f"secretsmanager get-secret-value --secret-id {secret_id} --query SecretString --output text")
        checks.expect("its value", sorted(value), ["client_id", "client_secret"])

    one = "--secret-id cli/one"
    aws("secretsmanager create-secret --name cli/one --secret-string first")
    refused("ResourceExistsException", "secretsmanager create-secret --name cli/one --secret-string again")
    aws(f"secretsmanager put-secret-value {one} --secret-string second")
    aws(f"secretsmanager put-secret-value {one} --secret-string third --version-stages AWSPENDING")
    checks.expect("the current version", aws(f"secretsmanager get-secret-value {one}")["SecretString"], "second")

    aws(f"secretsmanager delete-secret {one}")
    refused("InvalidRequestException", f"secretsmanager get-secret-value {one}")
    refused("ResourceNotFoundException", "secretsmanager describe-secret --secret-id cli/none")
    refused("UnknownOperationException", "secretsmanager list-secrets")


def s3(folder):
    here, back = folder / "here", folder / "back"
    aws("s3 mb s3://cli-bucket")
    here.write_bytes(bytes(range(256)) * (9 << 12))  # 9 MiB: the CLI reads it in ranges
    aws(f"s3api put-object --bucket cli-bucket --key export_id=a/large.bin --body {here}")
    aws(f"s3 cp s3://cli-bucket/export_id=a/large.bin {back}")
    checks.must("a large file comes back as it went", here.read_bytes() == back.read_bytes())
    here.write_text("small\n", encoding="utf-8")
    aws(f"s3 cp {here} s3://cli-bucket/_state/small.txt")
    checks.expect("a copy to the terminal", aws("s3 cp s3://cli-bucket/_state/small.txt -"), "small")
    listed = aws("s3 ls s3://cli-bucket --recursive")
    objects = [["6", "_state/small.txt"], ["9437184", "export_id=a/large.bin"]]
    checks.expect("a listing", [line.split()[2:] for line in listed.splitlines()], objects)
    folders = aws("s3api list-objects-v2 --bucket cli-bucket --delimiter /")
    checks.expect("the folders", [p["Prefix"] for p in folders["CommonPrefixes"]], ["_state/", "export_id=a/"])
    head = aws("s3api head-object --bucket cli-bucket --key _state/small.txt")
    checks.expect("the head of an object", head["ContentLength"], 6)
    conditional_writes(here, head["ETag"])
    refused("NoSuchKey", "s3api get-object --bucket cli-bucket --key none /dev/null")
    refused("404", "s3api head-object --bucket cli-bucket --key none")
    refused("NoSuchBucket", "s3api list-objects-v2 --bucket cli-nobody")
    refused("BadDigest", f"s3api put-object --bucket cli-bucket --key bad --body {here} --checksum-sha256 {'A' * 43}=")
    refused("NotImplemented", "s3api create-multipart-upload --bucket cli-bucket --key parts")
    aws("s3 rm s3://cli-bucket --recursive")
    checks.expect("an emptied bucket", aws("s3 ls s3://cli-bucket --recursive"), "")


def conditional_writes(body, tag):
    put = f"s3api put-object --bucket cli-bucket --body {body} --key"
    aws(f"{put} once", "--if-none-match", "*")
    refused("PreconditionFailed", f"{put} once", "--if-none-match", "*")
    aws(f"{put} _state/small.txt", "--if-match", tag)
    refused("PreconditionFailed", f"{put} once", "--if-match", '"0123456789abcdef0123456789abcdef"')
    refused("NoSuchKey", f"{put} never", "--if-match", tag)


def functions(folder):
    out = folder / "out.json"
    export = invoke(out, "export-users", '{"export_id":"cli","page_size":100}')
    checks.expect("an export", [export[k] for k in ("export_id", "status", "records")], ["cli", "complete", 255])
    read_export(export, folder)

    arn = f"arn:aws:lambda:{os.environ['AWS_REGION']}:000000000000:function:export-users"
    aws(f"lambda invoke --function-name {arn} {out} --payload", '{"export_id":"cli"}')
    checks.expect("a finished export, again", json.loads(out.read_text(encoding="utf-8")), export)
    failed = aws(f"lambda invoke --function-name export-users {out} --payload", '{"export_it":"cli"}')
    error = json.loads(out.read_text(encoding="utf-8"))["errorType"]
    checks.expect("a failure", [failed.get("FunctionError"), error], ["Unhandled", "InvalidInput"])
    refused("ResourceNotFoundException", f"lambda invoke --function-name nobody {out}")
    refused("InvalidRequestContentException", f"lambda invoke --function-name rotator {out} --payload", "{")
    refused("InvalidParameterValueException", f"lambda invoke --function-name rotator --invocation-type DryRun {out}")
    refused("UnknownOperationException", "lambda list-functions")


def invoke(out, function, payload):
    """Invokes an export until it says that it is complete."""
    for _ in range(20):
        aws(f"lambda invoke --function-name {function} {out} --payload", payload)
        answer = json.loads(out.read_text(encoding="utf-8"))
        if answer.get("status") != "continue":
            return answer
        time.sleep(answer["wait_seconds"])
    raise SystemExit("AWS CLI: the export does not come to its end")


def read_export(export, folder):
    """Copies an export as a person does, and counts it."""
    aws(f"s3 cp --recursive {export['location']} {folder / 'export'}")
    lines = [line for part in sorted((folder / "export").iterdir()) for line in gzip.open(part)]
    manifest = aws(f"s3 cp {export['manifest']} -")
    checks.expect("its records", [len(lines), manifest["records"]], [255, 255])


def main():
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        with concurrent.futures.ThreadPoolExecutor() as services:
            for service in (ssm, secrets_manager, s3, functions):
                own = pathlib.Path(folder, service.__name__)
                own.mkdir()
                services.submit(checks.look, service, own)
    saw = f"{len(commands)} commands, {len(named)} errors by name"
    version = run("--version", ()).stdout.split("/")[1].split()[0]
    checks.finish(f"{version}: {saw}")


if __name__ == "__main__":
    main()
