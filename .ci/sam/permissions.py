"""Conformance: moto's IAM over the roles as they were deployed. Each role's calls are let through, and with any one statement taken
away just that statement's calls are refused.

Of S3's statements moto judges action and resource, of the others the action alone: it asks for every resource, so that here
their resources are every one. It passes over the condition s3:prefix, and refuses calls of Lambda and X-Ray whatever a policy
says, as it gives their actions other names.

Run with moto's own Python, which has boto3.
"""

import contextlib
import importlib.metadata
import json
import time
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

import gaps
from checks import Checks
from deployed import BUCKET, deployed
from with_server import REGION

PART, STATE = "exports/users/export_id=a/part-000001-a.jsonl.gz", "exports/_state/users/a/checkpoint.json"
checks = Checks("IAM")


def on(key, **more):
    return {"Bucket": BUCKET, "Key": key} | more


def calls(here):
    """What each role's owner calls, by the statement that lets it."""
    queue = {"QueueUrl": here.outputs["FailedRunsUrl"], "MessageBody": "x"}
    undelivered = {"QueueUrl": here.outputs["ScheduleDeadLettersUrl"], "MessageBody": "x"}
    token = {"Name": here.outputs["TokenParameterName"]}
    start = {"stateMachineArn": here.outputs["ExportWorkflowArn"], "input": '{"unknown":0}', "name": "by-a-role"}
    return {
        "RotatorRole": {
            "ReadCredentials": [("secretsmanager", "get_secret_value", {"SecretId": here.outputs["CredentialsSecretArn"]})],
            "KeepToken": [
                ("ssm", "put_parameter", token | {"Value": "x", "Type": "SecureString", "Overwrite": True}),
                ("ssm", "get_parameter", token | {"WithDecryption": True}),
            ],
            "ReportFailedRuns": [("sqs", "send_message", queue)],
            "WriteLog": logged(here.outputs["RotatorLogGroup"]),
        },
        "ExportUsersRole": {
            "ReadToken": [("ssm", "get_parameter", token | {"WithDecryption": True})],
            "WriteParts": [("s3", "put_object", on(PART, Body=b"x")), ("s3", "delete_object", on(PART))],
            "KeepState": [("s3", "put_object", on(STATE, Body=b"x")), ("s3", "get_object", on(STATE))],
            "ListExports": [("s3", "list_objects_v2", {"Bucket": BUCKET, "Prefix": "exports/users/export_id=a/"})],
            "ReportFailedRuns": [("sqs", "send_message", queue)],
            "WriteLog": logged(here.outputs["ExportUsersLogGroup"]),
        },
        "WorkflowRole": {"StartSuccessor": [("stepfunctions", "start_execution", start)]},
        "ScheduleRole": {"KeepUndelivered": [("sqs", "send_message", undelivered)]},
    }


def judged_wrongly(here):
    """Calls that the exporter may make, and that moto refuses."""
    return [
        ("lambda", "invoke", {"FunctionName": here.resources["Rotator"]}),
        ("xray", "put_trace_segments", {"TraceSegmentDocuments": ["{}"]}),
    ]


def never():
    """What the exporter may not, of what it is near to."""
    elsewhere = {"Bucket": "packaged-artifacts"}
    return [
        ("s3", "put_object", on("exports/other/part", Body=b"x")),
        ("s3", "put_object", on("exports/_state/other/checkpoint.json", Body=b"x")),
        ("s3", "put_object", on("other", Body=b"x")),
        ("s3", "get_object", on(PART)),
        ("s3", "delete_object", on(STATE)),
        ("s3", "list_objects_v2", elsewhere),
        ("s3", "put_object", elsewhere | {"Key": PART, "Body": b"x"}),
        ("s3", "delete_bucket", {"Bucket": BUCKET}),
        ("ssm", "put_parameter", {"Name": "/x", "Value": "x", "Type": "String"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "x"}),
    ]


def logged(group):
    stream = {"logGroupName": group, "logStreamName": "x"}
    events = [{"timestamp": int(time.time() * 1000), "message": "x"}]
    return [("logs", "create_log_stream", stream), ("logs", "put_log_events", stream | {"logEvents": events})]


def main():
    with deployed(["-users", "1"]) as here:
        here.client("s3", here.front.moto).create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        statements = 0
        for logical_id, by_statement in calls(here).items():
            role = Role(here, logical_id)
            checks.look(role.look, by_statement)
            statements += len(by_statement)
            if logical_id == "ExportUsersRole":
                checks.look(role.look_beyond)
    checks.finish(f"moto {importlib.metadata.version('moto')}: {statements} statements of four roles taken away in turn")


class Role:
    """One role, taken by whoever makes its calls. statements are as far as moto knows them."""

    def __init__(self, here, logical_id):
        self.here, self.logical_id = here, logical_id
        self.moto, self.name = here.front.moto, here.resources[logical_id]
        self.iam = here.client("iam")
        [(self.policy, document)] = gaps.policies(self.iam, self.name).items()
        self.statements = [known(statement) for statement in document["Statement"]]
        arn = self.iam.get_role(RoleName=self.name)["Role"]["Arn"]
        key = here.client("sts").assume_role(RoleArn=arn, RoleSessionName="conformance")["Credentials"]
        self.session = boto3.session.Session(
            key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"], region_name=REGION
        )

    def look(self, by_statement):
        for away in (None, *by_statement):
            kept = [statement for statement in self.statements if statement["Sid"] != away]
            checks.expect(f"{self.logical_id} has {away}", len(self.statements) - len(kept), 1 if away else 0)
            with self.judged(kept):
                got = {sid: [self.refused(*call) for call in made] for sid, made in by_statement.items()}
            want = {sid: [sid == away] * len(made) for sid, made in by_statement.items()}
            checks.expect(f"{self.logical_id} without {away}: what is refused", got, want)

    def look_beyond(self):
        with self.judged(self.statements):
            for call in never():
                checks.must(f"{self.logical_id} may not {call}", self.refused(*call))
            for call in judged_wrongly(self.here):
                checks.must(f"moto refuses {call} whatever a policy says", self.refused(*call))
            other_prefix = ("s3", "list_objects_v2", {"Bucket": BUCKET, "Prefix": "other/"})
            checks.must("moto passes over s3:prefix", not self.refused(*other_prefix))

    @contextlib.contextmanager
    def judged(self, statements):
        """Gives the role these statements and judges every call by them."""
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.iam.put_role_policy(RoleName=self.name, PolicyName=self.policy, PolicyDocument=document)
        enforce(self.moto, True)
        try:
            yield
        finally:
            enforce(self.moto, False)

    def refused(self, service, method, parameters):
        config = Config(retries={"total_max_attempts": 1})
        client = self.session.client(service, endpoint_url=self.moto, config=config)
        try:
            getattr(client, method)(**parameters)
        except ClientError as failure:
            return failure.response["ResponseMetadata"]["HTTPStatusCode"] == 403  # what else fails was let through
        return False


def known(statement):
    """A statement as far as moto knows it."""
    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    return statement if all(action.startswith("s3:") for action in actions) else statement | {"Resource": "*"}


def enforce(moto, really):
    """Switches the judging on or off."""
    asked = urllib.request.Request(f"{moto}/moto-api/reset-auth", b"0" if really else b"inf", {"Content-Type": "text/plain"})
    urllib.request.urlopen(asked, timeout=30).close()


if __name__ == "__main__":
    main()
