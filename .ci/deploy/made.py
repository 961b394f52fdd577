"""What a deployment has to have made, looked at through AWS's own API, and held against what the documentation and the functions
themselves say.
"""

import json
import re
import time

from with_server import TOP

SERVICES = {"RotatorRole": "lambda", "ExporterRole": "lambda", "WorkflowRole": "states", "ScheduleRole": "scheduler"}
EXPORTERS = ["ExportUsers", "ExportDirectory", "ExportHistory"]
FUNCTIONS = {"Rotator": "RotatorRole"} | dict.fromkeys(EXPORTERS, "ExporterRole")
KEPT_SECONDS = "1209600"  # what SQS keeps a message at most
FROM_AWS = {
    ("AWS/Lambda", "Errors", "FunctionName"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
    ("AWS/States", "ExecutionsAborted", "StateMachineArn"),
    ("AWS/States", "ExecutionsFailed", "StateMachineArn"),
    ("AWS/States", "ExecutionsTimedOut", "StateMachineArn"),
}
# What the template leaves at the functions' default, and what is no setting of ours.
DEFAULTS, OTHERS = {"EXPORT_TIME_RESERVE_SECONDS"}, {"HTTPS_PROXY", "NO_PROXY", "AWS_ENDPOINT_URL"}


class Made:
    """One stack, after exports ran in it."""

    def __init__(self, stack, checks):
        self.stack, self.checks, self.resources = stack, checks, stack.resources()
        self.readme = (TOP / "functions/README.md").read_text(encoding="utf-8")

    def looks(self):
        return [self.roles, self.variables, self.machine, self.schedule, self.queues, self.alarms, self.logs, self.dashboard, self.policy_of_readers]

    def roles(self):
        """Each role is taken by its service, and may do what functions/README.md says, and nothing else."""
        iam = self.stack.client("iam")
        self.checks.expect("the roles", {name for name in self.resources if name.endswith("Role")}, set(SERVICES))
        for logical_id, service in SERVICES.items():
            name = self.resources[logical_id]
            [trust] = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
            self.checks.expect(f"who takes {logical_id}", trust["Principal"], {"Service": f"{service}.amazonaws.com"})
            [policy] = iam.list_role_policies(RoleName=name)["PolicyNames"]
            statements = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
            told = {s["Sid"]: (listed(s["Action"]), [self.general(r) for r in listed(s["Resource"])]) for s in statements}
            self.checks.expect(f"what {logical_id} may do", told, self.documented(logical_id, told))

    def documented(self, role, told):
        """A role's statements by the table of the documentation, without those that this deployment has no need of."""
        table = self.readme.partition("<!-- permissions -->")[2].partition("<!-- /permissions -->")[0]
        statements = {}
        for row in table.strip().splitlines()[2:]:
            name, statement, actions, resources, _ = (cell.strip() for cell in row.strip("|").split(" | "))
            sid, _, when = statement.partition(", with ")
            if name == role and (sid in told or not when):
                statements[sid] = re.findall("`([^`]+)`", actions), re.findall("`([^`]+)`", resources)
        return statements

    def general(self, resource):
        """An ARN as the documentation has it."""
        names = {self.resources["Exports"]: "stack-exports", self.resources["Credentials"].rpartition(":")[2]: "STACK-Credentials-a1b2c3"}
        names |= {self.resources[name]: f"STACK-{name}" for name in ("ScheduleDeadLetters", "FailedInvocations")}
        names |= {"eu-central-1": "REGION", "000000000000": "ACCOUNT", self.stack.name: "STACK"}
        for physical, general in names.items():
            resource = resource.replace(physical.rpartition("/")[2], general)
        return resource

    def variables(self):
        """Every setting that the documentation names comes from the template, under its name."""
        functions, known = self.stack.client("lambda"), set(re.findall(r"(?m)^\| `([A-Z_]+)`", self.readme))
        given = set()
        for logical_id, role in FUNCTIONS.items():
            told = functions.get_function_configuration(FunctionName=self.resources[logical_id])
            self.checks.expect(f"{logical_id}: the role", told["Role"].partition(":role/")[2], self.resources[role])
            given |= set(told["Environment"]["Variables"])
        self.checks.expect("variables that functions are given", sorted(given - OTHERS), sorted(known - DEFAULTS))

    def machine(self):
        """The definition that is executed is filled in, and names what is there."""
        told = self.stack.client("stepfunctions").describe_state_machine(stateMachineArn=self.stack.outputs["ExportWorkflowArn"])
        self.checks.must("the definition is filled in", "${" not in told["definition"])
        functions = {name.rpartition(":")[2] for name in re.findall(r'"(arn:aws:lambda:[^"]+)"', told["definition"])}
        self.checks.expect("the functions that it invokes", functions, {self.resources[name] for name in FUNCTIONS})
        self.checks.expect("its role", told["roleArn"].partition(":role/")[2], self.resources["WorkflowRole"])

    def schedule(self):
        """Every schedule starts something that is there, with a role that its service takes and that may start it."""
        schedules, iam = self.stack.client("scheduler"), self.stack.client("iam")
        names = [told["Name"] for told in schedules.list_schedules()["Schedules"] if told["Name"].startswith(f"{self.stack.name}-")]
        self.checks.expect("the schedules", sorted(names), [f"{self.stack.name}-export", f"{self.stack.name}-rotator"])
        for name in names:
            target = schedules.get_schedule(Name=name)["Target"]
            role = target["RoleArn"].partition(":role/")[2]
            self.checks.expect(f"the role of {name}", role, self.resources["ScheduleRole"])
            [policy] = iam.list_role_policies(RoleName=role)["PolicyNames"]
            statements = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]["Statement"]
            may = {resource for statement in statements for resource in listed(statement["Resource"])}
            for arn in (target["Arn"], target["DeadLetterConfig"]["Arn"]):
                self.checks.must(f"{name} may reach {arn}: {may}", arn in may)

    def queues(self):
        """Both keep what they are given, encrypted. An invocation that failed for good is in its queue."""
        sqs = self.stack.client("sqs")
        for output in ("ScheduleDeadLettersUrl", "FailedInvocationsUrl"):
            told = sqs.get_queue_attributes(QueueUrl=self.stack.outputs[output], AttributeNames=["All"])["Attributes"]
            kept = [told["MessageRetentionPeriod"], told.get("SqsManagedSseEnabled", "").lower()]
            self.checks.expect(f"{output}: kept and encrypted", kept, [KEPT_SECONDS, "true"])
        event = json.dumps({"export_id": "by-nobody", "page_size": 0})
        name = self.stack.outputs["ExportUsersFunction"]
        self.stack.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=event)
        end = time.monotonic() + 60
        while not (got := sqs.receive_message(QueueUrl=self.stack.outputs["FailedInvocationsUrl"]).get("Messages")):
            if time.monotonic() > end:
                raise TimeoutError("the failed invocation does not come into its queue")
            time.sleep(0.5)
        told = json.loads(got[0]["Body"])
        self.checks.expect("what failed", told["requestPayload"], json.loads(event))
        self.checks.expect("why", told["responsePayload"]["errorType"], "InvalidInput")
        self.checks.expect("how often it was tried", told["requestContext"]["approximateInvokeCount"], 3)

    def alarms(self):
        """Each looks at a metric that AWS has, or that the functions were seen to emit, and tells somebody."""
        told = self.stack.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{self.stack.name}-")["MetricAlarms"]
        emitted = self.emitted()
        self.checks.must(f"there are alarms: {len(told)}", len(told) >= 12)
        for alarm in told:
            looked = (alarm["Namespace"], alarm["MetricName"], ",".join(d["Name"] for d in alarm["Dimensions"]))
            self.checks.must(f"{alarm['AlarmName']} looks at a metric that there is: {looked}", looked in emitted | FROM_AWS)
            topic = [self.stack.outputs["AlarmTopicArn"]]
            self.checks.expect(f"whom {alarm['AlarmName']} tells", [alarm["AlarmActions"], alarm["OKActions"]], [topic, topic])

    def emitted(self):
        """The metrics in the functions' logs, in the embedded format."""
        logs, seen = self.stack.client("logs"), set()
        for output in (f"{name}LogGroup" for name in FUNCTIONS):
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=self.stack.outputs[output])
            for line in (event["message"] for page in pages for event in page["events"] if '"_aws"' in event["message"]):
                for given in json.loads(line)["_aws"]["CloudWatchMetrics"]:
                    for metric in given["Metrics"]:
                        seen |= {(given["Namespace"], metric["Name"], ",".join(names)) for names in given["Dimensions"]}
        return seen

    def logs(self):
        names = [self.stack.outputs[f"{name}LogGroup"] for name in (*FUNCTIONS, "Workflow")]
        groups = self.stack.client("logs").describe_log_groups()["logGroups"]
        self.checks.must("the log groups are there, by their names", set(names) <= {group["logGroupName"] for group in groups})

    def dashboard(self):
        made = [name for name in self.resources if name == "Dashboard"]
        self.checks.expect("the dashboard", made, ["Dashboard"])

    def policy_of_readers(self):
        """What consumers of the token attach lets them read it, and nothing else."""
        iam, arn = self.stack.client("iam"), self.stack.outputs["TokenReadPolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        [statement] = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]["Statement"]
        want = f"arn:aws:ssm:eu-central-1:000000000000:parameter{self.stack.outputs['TokenParameterName']}"
        self.checks.expect("what readers may do", [statement["Action"], statement["Resource"]], ["ssm:GetParameter", want])


def listed(value):
    return value if isinstance(value, list) else [value]
