"""A stack as its operator meets it, by the commands of the README: from an empty secret to an export that is complete, an update,
and the deletion. What they print is what an operator reads, so it is looked at as text.
"""

import json
import re
import secrets

from deployed import ARCHITECTURE, parameters, write_secretly
from exports import organisation, records


class Operator:
    """What an operator does with one stack. printed has each command and what it printed, in order."""

    def __init__(self, stack, checks):
        self.stack, self.checks, self.printed = stack, checks, []
        self.looked = self.exported = 0  # checks of the doctor, and records

    def make(self, *arguments, **more):
        done = self.stack.make(*arguments, **more)
        said = done.stdout + done.stderr
        self.printed.append(f"$ make {' '.join(arguments)} STACK={self.stack.name}\n{said}")
        return done.returncode, said

    def credentials(self, folder):
        """Wrong ones are told apart from right ones, and neither is ever shown."""
        right = json.loads(self.stack.credentials.read_text(encoding="utf-8"))
        wrong = right | {"client_secret": f"wrong-{secrets.token_hex(8)}"}
        for name, content, works in (("wrong", wrong, False), ("right", right, True)):
            file = folder / f"{name}.json"
            write_secretly(file, json.dumps(content))
            status, said = self.make("set-credentials", f"CREDENTIALS={file}", "YES=1")
            self.checks.expect(f"set-credentials, {name} ones: {said}", status == 0, works)
            self.checks.must(f"set-credentials, {name} ones: no secret is shown", content["client_secret"] not in said)
        file.chmod(0o644)
        status, said = self.make("set-credentials", f"CREDENTIALS={file}", "YES=1")
        self.checks.must(f"a file that others can read is refused: {said}", status and "chmod 600" in said)

    def doctor(self):
        """Everything is well, but for an alarm that rings since no schedule fires here."""
        status, said = self.make("doctor")
        verdicts = {name: verdict for verdict, name in re.findall(r"(?m)^(ok|-|FAILED) +(\w+) ", said)}
        wrong = sorted(name for name, verdict in verdicts.items() if verdict == "FAILED")
        self.checks.expect(f"doctor: what is wrong: {said}", wrong, ["alarms"])
        self.checks.must(f"doctor names the alarm that rings: {said}", f"{self.stack.name}-rotator-silent" in said and status)
        self.looked = len(verdicts)

    def export(self):
        """Started and followed to its end; a wrong one says what to change; the same again gives the same."""
        status, said = self.make("export", "EXPORT_ID=by-make", 'OPTIONS={"state":"any"}')
        self.checks.expect(f"export: {said}", status, 0)
        manifest = re.search(r"s3://\S+/by-make/manifest\.json", said)
        self.checks.must("export: the manifest is told", manifest)
        found = records(self.stack.client("s3"), manifest.group(0))
        self.checks.must("export: the organisation's users, byte for byte", found == organisation(self.stack.genesys, "any"))
        status, said = self.make("export", "EXPORT_ID=by-make")
        self.checks.must(f"export, again: {said}", status == 0 and manifest.group(0) in said)
        status, said = self.make("export", "EXPORT_ID=bad", 'OPTIONS={"page_size":0}')
        self.checks.must(f"export, refused: {said}", status and "InvalidInput" in said and "page_size" in said)
        status, said = self.make("export", "LISTINGS=nobodys")
        self.checks.must(f"export, of no listing: {said}", status and "InvalidInput" in said and "wrapup-codes" in said)
        status, said = self.make("export", "LISTINGS=skills,teams", "EXPORT_ID=by-make")
        told = re.findall(r"(?m)^complete    (\w+): s3://\S+/by-make/manifest\.json$", said)
        self.checks.must(f"export, of two: {said}", status == 0 and told == ["teams", "skills"])
        self.exported = len(found)

    def missing(self):
        """What is missing is said in one line."""
        for what, change, want in (
            ("region", {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "AWS_REGION"),
            ("credentials", {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "credentials"),
        ):
            for target in ("export", "deploy", "destroy", "logs"):
                status, said = self.make(target, variables=change)
                told = [line for line in said.splitlines() if not line.startswith(("make", "building what has changed"))]
                self.checks.must(f"{target} without {what}: {told}", status and len(told) == 1 and want in told[0])

    def update(self):
        """By previous values, of what was built once: nothing that was given before is asked for again, and nothing changes."""
        before = self.settings()
        place = {"LocationConstraint": self.stack.session.region_name}
        self.stack.client("s3").create_bucket(Bucket="artifacts", CreateBucketConfiguration=place)
        for command in (["package", f"ARCHITECTURE={ARCHITECTURE}"], ["deploy", "TEMPLATE=.aws-sam/packaged.yaml", "YES=1"]):
            status, said = self.make(*command, "ARTIFACT_BUCKET=artifacts")
            self.checks.expect(f"{command[0]}: {said}", status, 0)
        self.checks.expect("the functions' settings after an update by previous values", self.settings(), before)

    def settings(self):
        functions = self.stack.client("lambda")
        told = [functions.get_function_configuration(FunctionName=self.stack.outputs[name]) for name in ("RotatorFunction", "ExportUsersFunction", "ExportHistoryFunction")]
        return [(one["FunctionName"], one["Architectures"], one["Timeout"], one["Environment"]["Variables"]) for one in told]

    def destroy(self):
        """Not while a consumer's role has the token policy; then all goes but what is kept, and that is told."""
        iam = self.stack.client("iam")
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        iam.create_role(RoleName="a-consumer", AssumeRolePolicyDocument=json.dumps(trust))
        policy = {"RoleName": "a-consumer", "PolicyArn": self.stack.outputs["TokenReadPolicyArn"]}
        iam.attach_role_policy(**policy)
        status, said = self.make("destroy", "YES=1")
        self.checks.must(f"destroy names who has the policy: {said}", status and "a-consumer" in said and "detach" in said)
        iam.detach_role_policy(**policy)
        status, said = self.make("destroy", "YES=1")
        self.checks.expect(f"destroy: {said}", status, 0)
        for what in (self.stack.outputs["ExportsBucket"], "redentials", self.stack.outputs["TokenParameterName"]):
            self.checks.must(f"destroy tells that {what} stays: {said}", what in said)
        left = self.stack.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])["StackSummaries"]
        self.checks.must("the stack is gone", self.stack.name not in [stack["StackName"] for stack in left])


def deploy(stack):
    return stack.deploy(**parameters(stack))
