"""The SAM CLI's validation and linter over the template, cfn-lint over what samtranslator expands it to, as a whole and with
the values of scenarios in which each condition is true and false, and a validator of others over the state machine's definition.

The expanded template is what CloudFormation is given, and most of the linter's rules do not see through SAM's resources.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

from checks import Checks
from with_server import TOOLS, TOP, environment

BIN = pathlib.Path(sys.executable).parent
HERE = pathlib.Path(__file__).parent
DEFINITION = TOP / "shared/workflow/export.asl.json"
SECRET = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:genesys-AbCdEf"
KEY = "arn:aws:kms:eu-central-1:000000000000:key/11111111-2222-3333-4444-555555555555"
# Where a condition needs a value, one that makes it true and one that makes it false: between them the scenarios show every
# condition both ways, alone and together.
SCENARIOS = {
    "its defaults": {},
    "a key": {"KmsKeyArn": KEY},
    "a boundary": {"PermissionsBoundaryArn": "arn:aws:iam::000000000000:policy/boundary"},
    "a VPC": {"SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1", "SecurityGroupIds": "sg-0123456789abcdef0"},
    "an existing secret": {"CredentialsSecretArn": SECRET},
    "an existing bucket": {"ExportBucketName": "exports-of-others"},
    "an existing topic": {"AlarmTopicArn": "arn:aws:sns:eu-central-1:000000000000:alarms"},
    "an address for alarms": {"AlarmEmail": "operator@example.com"},
    "expiring exports": {"ExportRetentionDays": "90"},
    "a schedule for exports": {"ExportScheduleExpression": "cron(0 2 * * ? *)", "ExportScheduleListings": "users,queues", "ExportScheduleOptions": '{"users":{"state":"any"}}'},
    "keys of others": {"CredentialsSecretArn": SECRET, "CredentialsKmsKeyArn": KEY, "ExportBucketName": "exports-of-others", "ExportBucketKmsKeyArn": KEY},
    "a topic for tickets": {"TicketTopicArn": "arn:aws:sns:eu-central-1:000000000000:tickets"},
    "a proxy": {"HttpsProxy": "http://proxy.example.com:3128", "NoProxy": ".amazonaws.com"},
    "no reserved concurrency": {"ReserveRotatorConcurrency": "false"},
    "gateways": {"GenesysEnvironment": "", "GenesysApiUrl": "https://gw.example.com/x", "GenesysTokenUrl": "https://gw.example.com/t"},
    "the other processor": {"Architecture": "x86_64"},
}
SCENARIOS["everything at once"] = {
    name: value for title, given in SCENARIOS.items() if title not in ("gateways", "an address for alarms", "expiring exports") for name, value in given.items()
}
checks = Checks("sam validate")


def run(*argv):
    variables = environment({"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1"})
    return subprocess.run([str(part) for part in argv], cwd=TOP, env=variables, capture_output=True, text=True, check=False)


def clean(what, done):
    checks.must(f"{what}: {(done.stdout + done.stderr).strip()[-1500:]}", done.returncode == 0)
    return done


def template(folder):
    clean("sam validate --lint", run(BIN / "sam", "validate", "--lint"))
    expanded = folder / "expanded.json"
    clean("samtranslator", run(sys.executable, HERE / "expand.py", "template.yaml", expanded))
    anywhere(expanded.read_text(encoding="utf-8"))
    # The linter takes no other partition in a state machine's definition than this one, and no substitution.
    expanded.write_text(expanded.read_text(encoding="utf-8").replace("${Partition}", "aws"), encoding="utf-8")
    seen, files = {}, []
    for title, parameters in SCENARIOS.items():
        given = {"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://git.example.com/RUNBOOK.md"} | parameters
        files.append(folder / f"{title}.json")
        files[-1].write_text(json.dumps([{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]), encoding="utf-8")
        decided = run(".build/devstack", "evaluate", "template.yaml", *(f"{name}={value}" for name, value in given.items()))
        for name, holds in json.loads(clean(title, decided).stdout)["Conditions"].items():
            seen.setdefault(name, set()).add(holds)
    # It looks into every branch, whatever a condition comes to, and holds the values to what becomes of them.
    clean("cfn-lint on what it expands to, with the values of each scenario", run(BIN / "cfn-lint", "--parameter-files", *files, "--", expanded))
    checks.must(f"there are conditions: {seen}", len(seen) > 8)
    for name, ways in seen.items():
        checks.expect(f"how the condition {name} was seen", sorted(ways), [False, True])
    return len(seen)


def anywhere(text):
    """Nothing may tie the template to a partition, a region or an account."""
    resources = json.dumps({key: part for key, part in json.loads(text).items() if key in ("Resources", "Outputs", "Conditions")})
    for what, pattern in (
        ("a partition", r"arn:aws[a-z-]*:"),
        ("a region", r"\b(?:us|eu|ap|ca|sa|me|af|mx|il|cn|us-gov|us-iso)-(?:[a-z]+-)?[a-z]+-\d\b"),
        ("an account", r"(?<![0-9a-f-])\d{12}(?![0-9a-f-])"),
        ("a partition's domain", r"(?<!lambda)(?<!states)(?<!scheduler)\.amazonaws\.com"),
    ):
        found = re.search(pattern, resources)
        checks.must(f"no resource names {what}: {found and resources[max(found.start() - 80, 0) : found.end() + 20]}", not found)


def definition(folder):
    text = DEFINITION.read_text(encoding="utf-8")
    names = sorted(set(re.findall(r"\$\{(\w+)\}", text)))
    filled = folder / "filled.json"
    function = "arn:aws:lambda:eu-central-1:000000000000:function:any"
    values = {"Partition": "aws", "StateMachineArn": "arn:aws:states:eu-central-1:000000000000:stateMachine:any"}
    filled.write_text(re.sub(r"\$\{(\w+)\}", lambda m: values.get(m[1], function), text), encoding="utf-8")
    validator = TOOLS / "asl-validator/node_modules/.bin/asl-validator"
    clean("asl-validator on the definition filled in", run(validator, "--json-path", filled))
    with tempfile.NamedTemporaryFile("w", suffix=".json") as broken:
        broken.write(filled.read_text(encoding="utf-8").replace('"Next": "Begin"', '"Next": "Nowhere"'))
        broken.flush()
        found = run(validator, "--json-path", broken.name)
        checks.must("asl-validator finds a transition that leads nowhere", found.returncode != 0)
    return names


def main():
    with tempfile.TemporaryDirectory(prefix="lint-") as folder:
        conditions = template(pathlib.Path(folder))
        substitutions = definition(pathlib.Path(folder))
    versions = run(BIN / "cfn-lint", "--version").stdout.split()[-1]
    saw = f"{conditions} conditions both ways in {len(SCENARIOS)} scenarios, a definition with {len(substitutions)} substitutions"
    checks.finish(f"cfn-lint {versions}: {saw}")


if __name__ == "__main__":
    main()
