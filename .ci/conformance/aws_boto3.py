"""Conformance: boto3 makes the calls that the functions make, with their parameters, and gets what AWS gives: from the local
SSM, Secrets Manager, S3 and Lambda. Errors are caught by the classes that AWS's own models give them, so that a name
that AWS does not know is not caught.

The organisation is started with a token endpoint that takes its time, so that two rotations at once meet.
"""

import base64
import concurrent.futures
import gzip
import hashlib
import io
import json
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from checks import Checks

BUCKET, TOKEN, SECRET = "exports-local", "/genesys-cloud-export/token", "genesys-cloud-export/credentials"
checks = Checks("boto3")
calls, named = [], set()


def client(service):
    """A client that counts its calls and repeats none."""
    made = boto3.client(service, config=Config(retries={"total_max_attempts": 1}, read_timeout=120))
    made.meta.events.register("before-call", lambda **_: calls.append(service))
    return made


ssm, secrets_manager, s3, functions = (client(name) for name in ("ssm", "secretsmanager", "s3", "lambda"))


def refused(what, error, call, **parameters):
    """Makes a call that has to fail with an error of that class, or of that code where the model has no class."""
    name = error if isinstance(error, str) else error.__name__
    try:
        call(**parameters)
    except ClientError as failure:
        checks.expect(what, failure.response["Error"]["Code"], name)
        checks.must(f"{what}: {failure!r} is of its class", isinstance(error, str) or isinstance(failure, error))
        checks.must(f"{what}: the refusal has a request id", failure.response["ResponseMetadata"].get("RequestId"))
        named.add(name)
        return failure.response
    checks.fail(f"{what} was not refused")
    return {}


def token_parameter():
    """As shared/tokenstore uses SSM."""
    errors = ssm.exceptions
    wait_for(lambda: ssm.get_parameter(Name=TOKEN, WithDecryption=True), errors.ParameterNotFound)
    put = {"Name": "/boto3/token", "Type": "SecureString", "Tier": "Intelligent-Tiering", "Overwrite": True}
    for version, size, tier in ((1, 10, "Standard"), (2, 4097, "Advanced"), (3, 8192, "Advanced"), (4, 10, "Advanced")):
        reply = ssm.put_parameter(Value="x" * size, KeyId="alias/tokens", **put)
        checks.expect(f"put {version}", [reply["Version"], reply["Tier"]], [version, tier])
    stored = ssm.get_parameter(Name="/boto3/token", WithDecryption=True)["Parameter"]
    checks.expect("what was put", [stored[key] for key in ("Value", "Version", "Type")], ["x" * 10, 4, "SecureString"])

    pages = ssm.get_paginator("get_parameter_history").paginate(Name="/boto3/token")
    checks.expect("the history", [p["KeyId"] for page in pages for p in page["Parameters"]], ["alias/tokens"] * 4)
    pages = ssm.get_paginator("describe_parameters").paginate()
    checks.must(
        "every parameter is described", {TOKEN, "/boto3/token"} <= {p["Name"] for page in pages for p in page["Parameters"]}
    )

    refused("a missing parameter", errors.ParameterNotFound, ssm.get_parameter, Name="/boto3/none", WithDecryption=True)
    refused(
        "an existing one", errors.ParameterAlreadyExists, ssm.put_parameter, Name="/boto3/token", Value="x", Type="SecureString"
    )
    refused("another type", errors.HierarchyTypeMismatchException, ssm.put_parameter, Value="x", **put | {"Type": "String"})
    refused("8,193 bytes", "ValidationException", ssm.put_parameter, Value="x" * 8193, **put)
    refused("an operation that is not there", "UnknownOperationException", ssm.get_parameters, Names=["/boto3/token"])


def client_credentials():
    """As shared/clientcred uses Secrets Manager."""
    errors = secrets_manager.exceptions
    value = secrets_manager.get_secret_value(SecretId=SECRET)
    checks.expect("the client's credentials", sorted(json.loads(value["SecretString"])), ["client_id", "client_secret"])
    for secret_id in (value["ARN"], value["ARN"][:-7]):
        checks.expect(f"by {secret_id}", secrets_manager.get_secret_value(SecretId=secret_id)["VersionId"], value["VersionId"])

    one = {"SecretId": "boto3/one"}
    secrets_manager.create_secret(Name="boto3/one")
    refused("a secret without a value", errors.ResourceNotFoundException, secrets_manager.get_secret_value, **one)
    secrets_manager.put_secret_value(SecretBinary=b"\x00\xff", **one)
    checks.expect("bytes", secrets_manager.get_secret_value(**one)["SecretBinary"], b"\x00\xff")
    value = secrets_manager.put_secret_value(SecretString="x", ClientRequestToken="a" * 32, **one)
    checks.expect("a version's id", value["VersionId"], "a" * 32)
    described = secrets_manager.describe_secret(**one)
    checks.expect("its stages", described["VersionIdsToStages"], {"a" * 32: ["AWSCURRENT"]})
    refused("an existing name", errors.ResourceExistsException, secrets_manager.create_secret, Name="boto3/one")
    refused("nobody's secret", errors.ResourceNotFoundException, secrets_manager.get_secret_value, SecretId="boto3/none")
    secrets_manager.delete_secret(**one)
    refused("a deleted secret", errors.InvalidRequestException, secrets_manager.get_secret_value, **one)
    refused("an operation that is not there", "UnknownOperationException", secrets_manager.list_secrets)


def export_store():
    """As shared/exportstore uses S3: documents by conditional writes, parts by checksum."""
    document = {"Bucket": BUCKET, "Key": "exports/_state/users/boto3/checkpoint.json", "ContentType": "application/json"}
    where = {"Bucket": BUCKET, "Key": document["Key"]}
    tag = s3.put_object(Body=b"first", IfNoneMatch="*", **document)["ETag"]
    refused("a second creation", "PreconditionFailed", s3.put_object, Body=b"x", IfNoneMatch="*", **document)
    newer = s3.put_object(Body=b"second", IfMatch=tag, **document)["ETag"]
    refused("an old tag", "PreconditionFailed", s3.put_object, Body=b"third", IfMatch=tag, **document)
    stored = s3.get_object(**where)
    checks.expect(
        "the document", [stored["Body"].read(), stored["ETag"], stored["ContentType"]], [b"second", newer, "application/json"]
    )
    refused(
        "If-Match on what is missing", s3.exceptions.NoSuchKey, s3.put_object, Body=b"x", IfMatch=tag, Bucket=BUCKET, Key="none"
    )
    refused("a missing object", s3.exceptions.NoSuchKey, s3.get_object, Bucket=BUCKET, Key="none")
    refused("a missing bucket", s3.exceptions.NoSuchBucket, s3.get_object, Bucket="nobodys", Key="none")
    refused("the head of a missing object", "404", s3.head_object, Bucket=BUCKET, Key="none")
    race(newer, document)

    part = gzip.compress(b'{"id":"1"}\n')
    sha256 = base64.b64encode(hashlib.sha256(part).digest()).decode()
    key = {"Bucket": BUCKET, "Key": "exports/users/export_id=boto3/part-000001-a.jsonl.gz", "ContentType": "application/gzip"}
    s3.put_object(Body=part, ChecksumSHA256=sha256, **key)
    refused("another's checksum", "BadDigest", s3.put_object, Body=part + b"x", ChecksumSHA256=sha256, **key)
    stored = s3.get_object(Bucket=BUCKET, Key=key["Key"], ChecksumMode="ENABLED")
    checks.expect(
        "the part", [stored["Body"].read(), stored["ChecksumSHA256"], stored.get("ContentEncoding")], [part, sha256, None]
    )
    for algorithm in ("CRC32", "SHA256"):
        s3.put_object(Bucket=BUCKET, Key="boto3/trailer", Body=io.BytesIO(part), ChecksumAlgorithm=algorithm)

    many = [f"boto3/many/{i:04}" for i in range(1005)]
    with concurrent.futures.ThreadPoolExecutor(8) as writers:
        list(writers.map(lambda name: s3.put_object(Bucket=BUCKET, Key=name, Body=b""), many))
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="boto3/many/"))
    checks.expect("the pages of a listing", [len(page["Contents"]) for page in pages], [1000, 5])
    checks.expect("the keys of a listing", [o["Key"] for page in pages for o in page["Contents"]], many)
    s3.delete_object(Bucket=BUCKET, Key=key["Key"])
    s3.delete_object(Bucket=BUCKET, Key=key["Key"])
    refused("an operation that is not there", "NotImplemented", s3.list_buckets)


def race(tag, document):
    """Of several writers with one tag, one wins."""

    def write(i):
        try:
            s3.put_object(Body=f"writer {i}".encode(), IfMatch=tag, **document)
            return "won"
        except ClientError as failure:
            return failure.response["Error"]["Code"]

    with concurrent.futures.ThreadPoolExecutor(8) as writers:
        outcomes = sorted(writers.map(write, range(8)))
    checks.expect("eight writers with one tag", outcomes, ["PreconditionFailed"] * 7 + ["won"])


def rotator():
    """As shared/rotatorclient uses Lambda."""
    errors = functions.exceptions
    ask_rotator({})
    busy_rotator()

    reply, answer = invoke("export-users", {"export_it": "x"})
    checks.expect("a failure", [reply.get("FunctionError"), answer["errorType"]], ["Unhandled", "InvalidInput"])
    refused("nobody's function", errors.ResourceNotFoundException, functions.invoke, FunctionName="nobody")
    refused("no JSON", errors.InvalidRequestContentException, functions.invoke, FunctionName="rotator", Payload=b"{")
    refused("an operation that is not there", "UnknownOperationException", functions.list_functions)


def busy_rotator():
    """While one rotation waits for its token, another is refused."""
    busy = functions.exceptions.TooManyRequestsException
    version = ssm.get_parameter(Name=TOKEN)["Parameter"]["Version"]
    refusal = {}
    with concurrent.futures.ThreadPoolExecutor(1) as callers:
        holder = callers.submit(ask_rotator, {"rejected_version": version})
        while not refusal and not holder.done():
            time.sleep(0.05)
            try:
                invoke("rotator", {})
            except busy as failure:
                refusal = failure.response
                named.add("TooManyRequestsException")
    checks.expect("its status", refusal.get("ResponseMetadata", {}).get("HTTPStatusCode"), 429)
    rotated = holder.result()[1]
    checks.expect("the rotation", [rotated["reason"], rotated["version"]], ["rejected", version + 1])
    checks.expect("the same again", ask_rotator({"rejected_version": version})[1]["rotated"], False)


def ask_rotator(event):
    """Invokes the rotator, which runs once at a time, and on a schedule."""
    return wait_for(lambda: invoke("rotator", event), functions.exceptions.TooManyRequestsException)


def invoke(name, event):
    reply = functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    return reply, json.loads(reply["Payload"].read())


def wait_for(call, error):
    """Calls until it is not refused with that error: the schedule's first rotation may still be at work."""
    for _ in range(300):
        try:
            return call()
        except error:
            time.sleep(0.1)
    return call()


def main():
    for service in (token_parameter, client_credentials, export_store, rotator):
        checks.look(service)
    checks.finish(f"{boto3.__version__}: {len(calls)} calls, {len(named)} errors by name")


if __name__ == "__main__":
    main()
