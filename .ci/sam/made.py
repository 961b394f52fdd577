"""What a deployment has to have made, looked at through AWS's own API."""

import json

import gaps

ACTIONS_OF_READERS = {"ssm:GetParameter", "kms:Decrypt"}
SERVICES = {"RotatorRole": "lambda", "ExportUsersRole": "lambda", "WorkflowRole": "states", "ScheduleRole": "scheduler"}
KEPT_SECONDS = "1209600"  # what SQS keeps a message at most


def look(checks, here):
    for one in (resources, roles, functions, machine, queues, topic, logs, dashboard, policy_of_readers):
        checks.look(named(one), checks, here)


def named(one):
    """So that what ends early is told by its name and not by the module's."""
    one.__name__ = f"made.{one.__name__.removeprefix('made.')}"
    return one


def resources(checks, here):
    """Everything whose condition holds, but for the types that moto passes over; each of those is still in the template."""
    stacks = here.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in here.parameters.items()]
    holds = gaps.conditions(stacks, here.template, given)
    there = {name: r["Type"] for name, r in here.template["Resources"].items() if holds.get(r.get("Condition"), True)}
    want = sorted(name for name, kind in there.items() if kind not in gaps.TYPES)
    checks.expect("the resources", sorted(here.resources), want)
    kinds = {resource["Type"] for resource in here.template["Resources"].values()}
    checks.expect("types that moto passes over and the template has not", sorted(set(gaps.TYPES) - kinds), [])


def roles(checks, here):
    iam = here.client("iam")
    boundary = here.parameters.get("PermissionsBoundaryArn")
    checks.expect("the roles", {name for name in here.resources if name.endswith("Role")}, set(SERVICES))
    for logical_id, service in SERVICES.items():
        role = iam.get_role(RoleName=here.resources[logical_id])["Role"]
        [trust] = role["AssumeRolePolicyDocument"]["Statement"]
        checks.expect(f"who takes {logical_id}", trust["Principal"], {"Service": f"{service}.amazonaws.com"})
        checks.expect(f"{logical_id}: boundary", role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"), boundary)
        [document] = gaps.policies(iam, here.resources[logical_id]).values()
        for statement in document["Statement"]:
            # moto cannot refer to the secret, which it did not make.
            if statement["Sid"] != "ReadCredentials" or "CredentialsSecretArn" in here.parameters:
                complete(checks, f"{logical_id}, {statement['Sid']}", statement)


def complete(checks, what, statement):
    """Every reference in a statement came to something, and what is named is named in full."""
    named = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    for resource in named:
        checks.must(f"{what}: {resource!r} is whole", resource == "*" or resource.startswith("arn:aws:"))
    checks.must(f"{what}: nothing is left to be filled in", "${" not in json.dumps(statement))


def functions(checks, here):
    made = here.client("lambda", here.front.moto)
    for logical_id in ("Rotator", "ExportUsers"):
        told = made.get_function_configuration(FunctionName=here.resources[logical_id])
        variables = told["Environment"]["Variables"]
        checks.expect(
            f"{logical_id}: token and stack",
            [variables["TOKEN_PARAMETER_NAME"], variables["STACK_NAME"]],
            [here.outputs["TokenParameterName"], here.stack],
        )
        checks.expect(f"{logical_id}: the role", told["Role"].partition(":role/")[2], here.resources[f"{logical_id}Role"])
        subnets = told.get("VpcConfig", {}).get("SubnetIds", [])
        checks.expect(f"{logical_id}: subnets", ",".join(subnets), here.parameters.get("SubnetIds", ""))
    exporter = made.get_function_configuration(FunctionName=here.resources["ExportUsers"])["Environment"]["Variables"]
    checks.expect("whom the exporter asks for a token", exporter["ROTATOR_FUNCTION_NAME"], here.resources["Rotator"])
    checks.expect("where the exporter writes", exporter["EXPORT_BUCKET"], here.outputs["ExportsBucket"])


def machine(checks, here):
    """The definition that is executed, and everything filled in in it."""
    told = here.client("stepfunctions").describe_state_machine(stateMachineArn=here.outputs["ExportWorkflowArn"])
    checks.must("the definition is filled in", "${" not in told["definition"])
    states = json.loads(told["definition"])["States"]
    function = "arn:aws:lambda:eu-central-1:000000000000:function:"
    passes = here.parameters.get("WorkflowMaxPasses", "60")
    for what, got, want in (
        ("whom it exports with", states["Users"]["Result"], function + here.resources["ExportUsers"]),
        ("whom it asks for", states["Refresh the token"]["Parameters"]["FunctionName"], function + here.resources["Rotator"]),
        ("whom it hands on to", states["Start a successor"]["Parameters"]["StateMachineArn"], told["stateMachineArn"]),
        ("the passes", states["Begin"]["Parameters"]["max_passes.$"], f"States.StringToJson('{passes}')"),
        ("its tasks", states["Export"]["Resource"], "arn:aws:states:::lambda:invoke"),
        ("its role", told["roleArn"].partition(":role/")[2], here.resources["WorkflowRole"]),
        ("its name", told["name"], f"{here.stack}-export"),
    ):
        checks.expect(f"the state machine: {what}", got, want)


def queues(checks, here):
    sqs = here.client("sqs")
    for output in ("ScheduleDeadLettersUrl", "FailedRunsUrl"):
        told = sqs.get_queue_attributes(QueueUrl=here.outputs[output], AttributeNames=["All"])["Attributes"]
        kept = [told["MessageRetentionPeriod"], told.get("SqsManagedSseEnabled", "").lower()]
        checks.expect(f"{output}: kept and encrypted", kept, [KEPT_SECONDS, "true"])


def topic(checks, here):
    told = here.client("sns").get_topic_attributes(TopicArn=here.outputs["AlarmTopicArn"])["Attributes"]
    checks.expect("the topic's name", told["DisplayName"], f"{here.stack} alarms")


def logs(checks, here):
    names = [here.outputs[f"{name}LogGroup"] for name in ("Rotator", "ExportUsers", "Workflow")]
    groups = here.client("logs").describe_log_groups()["logGroups"]
    kept = {group["logGroupName"]: group.get("retentionInDays") for group in groups}
    checks.expect("days that logs are kept", [kept.get(name) for name in names], [30, 30, 30])


def dashboard(checks, here):
    body = json.loads(here.client("cloudwatch").get_dashboard(DashboardName=here.outputs["DashboardName"])["DashboardBody"])
    checks.must("every widget has a title", body["widgets"] and all(widget["properties"]["title"] for widget in body["widgets"]))
    checks.must("the dashboard is filled in", "${" not in json.dumps(body) and "AWS::" not in json.dumps(body))


def policy_of_readers(checks, here):
    """The policy that consumers of the token attach, and what it lets them do."""
    iam, arn = here.client("iam"), here.outputs["TokenReadPolicyArn"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    statements = document["Statement"]
    checks.must("readers may read, and decrypt", {statement["Action"] for statement in statements} <= ACTIONS_OF_READERS)
    checks.expect(
        "what readers may read",
        statements[0]["Resource"],
        f"arn:aws:ssm:eu-central-1:000000000000:parameter{here.outputs['TokenParameterName']}",
    )
    checks.expect("whether readers may decrypt", len(statements) == 2, "KmsKeyArn" in here.parameters)
