"""The template deployed, and what the deployment has beside it: moto makes the stack and runs its state machine, whose calls
of the functions go to the local world, where the built functions run. Both are AWS at one address, see front.py.

    deployed.py    deploys the template twice, bare and with every option, and looks at what was made

Run with moto's own Python, which has boto3.
"""

import contextlib
import importlib.metadata
import io
import json
import os
import pathlib
import subprocess
import tempfile
import urllib.request
import zipfile

import boto3
from botocore.config import Config

import gaps
import made
from checks import Checks
from front import Front
from with_server import ACCESS_KEY, REGION, SECRET_KEY, TOOLS, TOP, address, aws_variables, environment, running

STACK, SECRET, BUCKET, ACCOUNT = "genesys-cloud-export", "genesys-cloud-export/credentials", "exports-local", "000000000000"
LOCAL_FUNCTIONS = {"Rotator": "rotator", "ExportUsers": "export-users"}  # logical id to the local world's name
# Beside aws_variables, so that nothing of the caller's account or network is met, here or in moto.
ALONE = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
NEEDED = {"GenesysEnvironment": "mypurecloud.de", "ExportBucketName": BUCKET}
EVERYTHING = {
    "GenesysEnvironment": "mypurecloud.de",
    "KmsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/3f9a1c52-7d0e-4f0b-9c65-0d6f5a2b8e11",
    "PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/boundary",
    "SubnetIds": "subnet-0a1b2c3d,subnet-4e5f6a7b",
    "SecurityGroupIds": "sg-0a1b2c3d",
    "ExportRetentionDays": "90",
    "ExportScheduleExpression": "cron(0 2 * * ? *)",
    "AlarmEmail": "operators@example.com",
}
checks = Checks("deployment")


class Deployment:
    """moto with a stack in it, behind a front, over a local world.

    Attributes: genesys and url are the addresses of the organisation and of AWS, template is what was deployed. Of the last
    stack, stack is the name, parameters are those that were given, resources are the physical ids by logical id, and outputs
    are its own.
    """

    def __init__(self, genesys, front, template):
        self.genesys, self.front, self.url, self.template = genesys, front, front.url, template
        self.session = boto3.session.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
        self.stack, self.parameters, self.resources, self.outputs = "", {}, {}, {}

    def client(self, service, url=None):
        """A client that repeats nothing, of the front or of another address."""
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120)
        return self.session.client(service, endpoint_url=url or self.url, config=config)

    def execute(self, really):
        """Tells moto to run state machines, or to make up that they ran. In neither mode does it see those of the other."""
        config = json.dumps({"stepfunctions": {"execute_state_machine": really}}).encode()
        asked = urllib.request.Request(f"{self.front.moto}/moto-api/config", config, method="POST")
        urllib.request.urlopen(asked, timeout=30).close()

    def deploy(self, name, parameters):
        """Makes a stack; the functions of all stacks are the local world's. The last one's resources are kept."""
        self.execute(False)
        stacks = self.client("cloudformation")
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        prepared = gaps.prepare(stacks, self.template, given)
        stacks.create_stack(
            StackName=name, TemplateBody=json.dumps(prepared), Parameters=given, Capabilities=["CAPABILITY_IAM"]
        )
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        self.stack, self.parameters = name, parameters
        self.outputs = {
            output["OutputKey"]: output["OutputValue"]
            for output in stacks.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
        }
        self.resources = {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in stacks.describe_stack_resources(StackName=name)["StackResources"]
            if "LogicalResourceId" in resource  # what moto cannot make stands there without a name
        }
        for logical_id, local in LOCAL_FUNCTIONS.items():
            self.front.functions[self.resources[logical_id]] = local
        machines, machine = self.client("stepfunctions"), self.resources["ExportWorkflow"]
        told = machines.describe_state_machine(stateMachineArn=machine)
        self.execute(True)
        gaps.make_executable(machines, told)

    def administer(self, what, asked=None):
        """Changes the organisation; without a body, its faults end."""
        body = json.dumps(asked).encode() if asked else b""
        urllib.request.urlopen(f"{self.genesys}/_sim/{what}", body, timeout=30).close()

    def statistics(self):
        """What the organisation counts."""
        with urllib.request.urlopen(f"{self.genesys}/_sim/stats", timeout=30) as reply:
            return json.load(reply)


def expanded(folder):
    """The template as plain CloudFormation."""
    argv = [TOOLS / "sam/bin/python", ".ci/sam/expand.py", "template.yaml", folder / "expanded.json"]
    subprocess.run(argv, cwd=TOP, env=environment({}), check=True)
    return json.loads((folder / "expanded.json").read_bytes())


@contextlib.contextmanager
def deployed(options=(), parameters=None):
    """A deployment over a local world with these options of devstack stack, with these parameters beside those that it needs."""
    os.environ.update(ALONE | {key: value for key, value in aws_variables("").items() if key != "AWS_ENDPOINT_URL"})
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deployed-")))
        for name in ("world", "moto"):
            (folder / name).mkdir()
        front = stack.enter_context(Front())
        world = [".build/devstack", "stack", "-out", folder / "out", *options]
        world = stack.enter_context(running(world, folder / "world"))
        variables = {"MOTO_PORT": str(front.port), "MOTO_ACCOUNT_ID": ACCOUNT, "PYTHONUNBUFFERED": "1"}
        variables |= ALONE | {key: value for key, value in os.environ.items() if key.startswith("AWS_")}
        moto = [TOOLS / "moto/bin/python", ".ci/sam/moto_executing.py"]
        moto = stack.enter_context(running(moto, folder / "moto", variables))
        template = expanded(folder)
        front.world = address(world, r"^AWS\s+(http://127\.0\.0\.1:\d+)")
        front.moto = address(moto, r"(http://127\.0\.0\.1:\d+)")
        here = Deployment(address(world, r"^Genesys Cloud\s+(http://127\.0\.0\.1:\d+)"), front, template)
        put_artifact(here.session, front.moto)
        secret = here.client("secretsmanager").describe_secret(SecretId=SECRET)["ARN"]
        organisation = {"GenesysApiUrl": here.genesys, "GenesysTokenUrl": f"{here.genesys}/oauth/token"}
        here.deploy(STACK, NEEDED | organisation | {"CredentialsSecretArn": secret} | (parameters or {}))
        yield here


def put_artifact(session, moto):
    """Puts into moto's S3 what the functions' code seems to be. Nothing runs it."""
    packaged = {"Bucket": "packaged-artifacts", "Key": "artifact"}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("bootstrap", "")
    s3 = session.client("s3", endpoint_url=moto)
    s3.create_bucket(Bucket=packaged["Bucket"], CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Body=archive.getvalue(), **packaged)


def main():
    with deployed() as here:
        checks.look(gaps.look, checks, here)
        made.look(checks, here)
        counts = [len(here.resources)]
        here.deploy("every-option", EVERYTHING)
        made.look(checks, here)
        counts.append(len(here.resources))
    saw = f"{counts[0]} resources made, {counts[1]} with every option"
    checks.finish(f"moto {importlib.metadata.version('moto')}: {saw}, {len(gaps.TYPES)} types passed over")


if __name__ == "__main__":
    main()
