"""LocalStack, and stacks that make deploy made in it as an operator makes them. Functions run as processes of this machine, and
ask a simulated organisation.

Run with LocalStack's own Python, which has boto3.
"""

import contextlib
import json
import os
import pathlib
import platform
import secrets
import socket
import subprocess
import sys
import urllib.request

import boto3
from botocore.config import Config

from with_server import ACCESS_KEY, REGION, SECRET_KEY, TOP, address, aws_variables, environment, running, until

ARCHITECTURE = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine().lower()]
MAKE_SECONDS = 240
# https://docs.localstack.cloud/aws/capabilities/config/configuration/
LOCALSTACK = {
    "DNS_ADDRESS": "0",
    "DISABLE_EVENTS": "1",
    "SKIP_SSL_CERT_DOWNLOAD": "1",
    "PROVIDER_OVERRIDE_CLOUDFORMATION": "engine-legacy",  # the new one ends an update in a RecursionError
    "LAMBDA_RETRY_BASE_DELAY": "1",
    "LS_LOG": "error",
}


class Stack:
    """A stack that make deploy made, and the organisation that its functions ask.

    Attributes: genesys and url are the addresses of the organisation and of AWS, credentials is the file with the organisation's,
    outputs are the stack's own once it is there.
    """

    def __init__(self, name, genesys, credentials, url, folder):
        self.name, self.genesys, self.credentials, self.url, self.folder = name, genesys, credentials, url, folder
        self.session = boto3.session.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
        self.outputs = {}

    def client(self, service):
        """A client that repeats nothing."""
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120)
        return self.session.client(service, endpoint_url=self.url, config=config)

    def make(self, *arguments, variables=None):
        """One of make's targets for operators, as it is typed."""
        argv = ["make", "--silent", "--no-print-directory", *arguments, f"STACK={self.name}"]
        variables = environment(aws_variables(self.url)) | (variables or {})
        return subprocess.run(argv, cwd=TOP, env=variables, capture_output=True, text=True, timeout=MAKE_SECONDS, check=False)

    def deploy(self, **parameters):
        """make deploy with these parameters in a file, or without any. Returns what it said; what fails ends the test."""
        given = []
        if parameters:
            file = self.folder / f"{self.name}.yaml"
            file.write_text("".join(f"{name}: {json.dumps(value)}\n" for name, value in parameters.items()), encoding="utf-8")
            given = [f"PARAMETERS=file://{file}"]
        done = self.make("deploy", f"ARCHITECTURE={ARCHITECTURE}", "YES=1", *given)
        if done.returncode:
            raise RuntimeError(f"make deploy of {self.name} failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
        told = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in told["Outputs"]}
        return done.stdout

    def resources(self):
        """The physical ids by logical id."""
        told = self.client("cloudformation").describe_stack_resources(StackName=self.name)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in told if "PhysicalResourceId" in one}

    def administer(self, what, asked=None):
        """Changes the organisation; without a body, its faults end."""
        body = json.dumps(asked).encode() if asked else b""
        urllib.request.urlopen(f"{self.genesys}/_sim/{what}", body, timeout=30).close()

    def statistics(self):
        """What the organisation counts."""
        with urllib.request.urlopen(f"{self.genesys}/_sim/stats", timeout=30) as reply:
            return json.load(reply)


def write_secretly(path, text):
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def parameters(stack):
    """What every deployment here is given."""
    return {
        "GenesysEnvironment": "mypurecloud.de",
        "GenesysApiUrl": stack.genesys,
        "GenesysTokenUrl": f"{stack.genesys}/oauth/token",
        "AwsEndpointUrl": stack.url,
        "RunbookUrl": "https://git.example.com/RUNBOOK.md",
        "AlarmEmail": "operators@example.com",
        "ExportScheduleExpression": "cron(0 2 * * ? *)",
        "ExportTimeoutSeconds": "5",
    }


@contextlib.contextmanager
def localstack(folder, lost_replies):
    """LocalStack's address. The invocations of lost_replies do their work, and nobody gets their answer."""
    with socket.socket() as probe:  # it takes no port 0
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "home").mkdir()
    variables = LOCALSTACK | {
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "FILESYSTEM_ROOT": str(folder / "files"),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "home"),
        "LOST_REPLIES": json.dumps(lost_replies),
    }
    argv = [sys.executable, pathlib.Path(__file__).with_name("localstack_processes.py")]
    with running(argv, folder, variables) as log:
        until(log, lambda: "Ready." in log.text())
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def organisation(folder, name, *options):
    """A simulated organisation's address, and the file with its credentials."""
    file, place = folder / f"{name}-credentials.json", folder / f"{name}-organisation"
    write_secretly(file, json.dumps({"client_id": name, "client_secret": secrets.token_urlsafe()}))
    place.mkdir()
    argv = [".build/devstack", "sim", "-credentials", file, "-out", place / "out", *options]
    with running(argv, place) as log:
        yield address(log, r"(http://127\.0\.0\.1:\d+)"), file
