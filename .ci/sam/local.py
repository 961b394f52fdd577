"""The SAM CLI as it is, over what sam build built and the local world: what sam.test and make sam-invoke-… have in common.

    local.py FUNCTION EVENT [Parameter=Value…]    invokes the function of that folder once, with the event of that file

Containers reach the local world at the address of Docker's bridge: Genesys Cloud as host.docker.internal, since the
functions take http to nothing else, and AWS by that address itself, since S3 goes path-style for an IP address alone.
"""

import contextlib
import ipaddress
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import urllib.request

from with_server import TOOLS, TOP, address, aws_variables, environment, running

ARCHITECTURE = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine().lower()]
AWS_IMAGE = f"public.ecr.aws/lambda/provided:al2023-{ARCHITECTURE}"
STAND_IN = f"lambda-provided-stand-in:{ARCHITECTURE}"
PULL_SECONDS, INVOKE_SECONDS = 300, 120
EXPORTERS = {"ExportUsers": "export-users", "ExportDirectory": "export-directory", "ExportHistory": "export-history"}
FOLDERS = {"Rotator": "rotator"} | EXPORTERS  # by logical id
# Apart from .aws-sam/build, which make deploy deploys: SAM CLIs that watch or package a build each have their own.
BUILD = TOP / ".aws-sam/local/build"
STACK, SECRET = "genesys-cloud-export", "genesys-cloud-export/credentials"


def sam():
    """The SAM CLI: the one that the tests installed, else the one on the PATH."""
    installed = TOOLS / "sam/bin/sam"
    return str(installed) if installed.exists() else "sam"


def bridge():
    """The address of Docker's bridge on this machine."""
    told = subprocess.run(["docker", "network", "inspect", "bridge"], capture_output=True, text=True, timeout=30, check=True)
    config = json.loads(told.stdout)[0]["IPAM"]["Config"][0]
    return config.get("Gateway") or str(next(ipaddress.ip_network(config["Subnet"]).hosts()))


def image():
    """AWS's base image where it is here or can be pulled, else the stand-in, which poses as nobody's."""
    for look in (["docker", "image", "inspect", AWS_IMAGE], ["docker", "pull", "--quiet", AWS_IMAGE]):
        with contextlib.suppress(subprocess.TimeoutExpired):
            if subprocess.run(look, capture_output=True, timeout=PULL_SECONDS, check=False).returncode == 0:
                return AWS_IMAGE
    subprocess.run([pathlib.Path(__file__).with_name("stand_in.sh"), STAND_IN], timeout=PULL_SECONDS, check=True)
    return STAND_IN


class World:
    """The local world, and the SAM CLI in it."""

    def __init__(self, folder, log, host):
        self.folder, self.log = folder, log
        self.genesys = address(log, r"^Genesys Cloud\s+(http://127\.0\.0\.1:\d+)")
        self.aws = address(log, r"^AWS\s+(http://127\.0\.0\.1:\d+)")
        self.image = image()
        genesys = self.genesys.replace("127.0.0.1", "host.docker.internal")
        self.parameters = {
            "AWS::StackName": STACK,
            "Architecture": ARCHITECTURE,
            "GenesysEnvironment": "mypurecloud.de",
            "RunbookUrl": "https://git.example.com/RUNBOOK.md",
            "GenesysApiUrl": genesys,
            "GenesysTokenUrl": f"{genesys}/oauth/token",
            "AwsEndpointUrl": self.aws.replace("127.0.0.1", host),
            "ExportBucketName": "exports-local",
            "CredentialsSecretArn": self.secret(),
        }

    def secret(self):
        """The ARN of the local world's secret, by which the rotator's role knows it."""
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.DescribeSecret"}
        asked = urllib.request.Request(self.aws, json.dumps({"SecretId": SECRET}).encode(), headers)
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return json.load(answer)["ARN"]

    def options(self, **parameters):
        """What every call of sam local has. An exporter asks the local world's rotator, by its name there."""
        # As a file, since a name with colons is taken in no other way; JSON is YAML, and .json is refused.
        given = self.folder / f"parameters-{len(list(self.folder.iterdir()))}.yaml"
        given.write_text(json.dumps(self.parameters | parameters), encoding="utf-8")
        variables = self.folder / "variables.json"
        variables.write_text(json.dumps({name: {"ROTATOR_FUNCTION_NAME": "rotator"} for name in EXPORTERS}), encoding="utf-8")
        options = ["--template", BUILD / "template.yaml", "--parameter-overrides", f"file://{given}"]
        options += ["--env-vars", variables, "--skip-pull-image", "--add-host", "host.docker.internal:host-gateway"]
        return [str(option) for option in options + ["--invoke-image", self.image]]

    def variables(self):
        """The SAM CLI's environment. It hands the credentials on to the containers, and, over what the template says, each
        variable that the template declares: so no AWS_ENDPOINT_URL of this side of the bridge may be in it."""
        here = environment(aws_variables(self.aws)) | {"SAM_CLI_TELEMETRY": "0"}
        return {name: value for name, value in here.items() if name not in ("AWS_ENDPOINT_URL", "HTTPS_PROXY", "NO_PROXY")}

    def invoke(self, function, event, **parameters):
        """Invokes one function once, with what its role allows and no more, and returns what it answered and what was printed
        beside that."""
        argv = [sam(), "local", "invoke", function, "--event", str(event), *self.options(**parameters)]
        variables = self.variables() | {"AWS_ACCESS_KEY_ID": FOLDERS[function]}
        done = subprocess.run(argv, cwd=TOP, env=variables, capture_output=True, text=True, timeout=INVOKE_SECONDS, check=False)
        return done.stdout.strip(), done.stderr


@contextlib.contextmanager
def world(*options):
    """The local world, also on Docker's bridge."""
    with tempfile.TemporaryDirectory(prefix="sam-") as name:
        folder, host = pathlib.Path(name), bridge()
        argv = [".build/devstack", "stack", "-out", folder / "out", "-also-listen", host, *options]
        with running(argv, folder) as log:
            yield World(folder, log, host)


def main():
    function, event, *given = sys.argv[1:]
    logical = {folder: name for name, folder in FOLDERS.items()}[function]
    parameters = dict(pair.split("=", 1) for pair in given)
    with world("-users", os.environ.get("USERS", "1000")) as here:
        answer, printed = here.invoke(logical, event, **parameters)
    sys.stderr.write(re.sub(r"(?m)^.*failed to get the next invoke.*\n", "", printed))
    print(answer)
    if not answer or "errorType" in answer:
        sys.exit(f"{function} failed")


if __name__ == "__main__":
    main()
