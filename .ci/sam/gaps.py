"""What moto's CloudFormation cannot, and how the template is prepared for it. look fails as soon as moto can, so that nothing
is prepared for longer than it has to be.
"""

import ast
import contextlib
import json

# These types it passes over: the stack is made without them.
TYPES = {
    "AWS::CloudWatch::Alarm": "the alarms are evaluated elsewhere, by their own rules",
    "AWS::Lambda::EventInvokeConfig": "nothing is invoked asynchronously here",
    "AWS::S3::BucketPolicy": "nothing reads the bucket's policy here",
    "AWS::Scheduler::Schedule": "a schedule's input is given to the state machine by hand",
    "AWS::SecretsManager::Secret": "the local world holds the secret",
    "AWS::SNS::Subscription": "nobody is written to",
}
NO_VALUE = {"Ref": "AWS::NoValue"}


def prepare(stacks, template, given):
    """A copy of the template that moto makes what CloudFormation would make of the template itself, with these parameters."""
    prepared = without_no_value(template, conditions(stacks, template, given))
    for resource in prepared["Resources"].values():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            fill_in(resource["Properties"])
    return prepared


def conditions(stacks, template, given):
    """What each of the template's conditions comes to. moto tells it itself, in the outputs of a stack made for that."""
    asked = {key: template[key] for key in ("AWSTemplateFormatVersion", "Parameters", "Conditions")}
    asked["Outputs"] = {name: {"Value": {"Fn::If": [name, "holds", "does not"]}} for name in template["Conditions"]}
    asked["Resources"] = {"Queue": {"Type": "AWS::SQS::Queue"}}  # a stack has to have one
    with probed(stacks, asked, Parameters=given) as outputs:
        return {name: value == "holds" for name, value in outputs.items()}


@contextlib.contextmanager
def probed(stacks, template, **more):
    """The outputs of a stack that is there for so long."""
    stacks.create_stack(StackName="probe", TemplateBody=json.dumps(template), **more)
    stacks.get_waiter("stack_create_complete").wait(StackName="probe", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    outputs = stacks.describe_stacks(StackName="probe")["Stacks"][0]["Outputs"]
    yield {output["OutputKey"]: output["OutputValue"] for output in outputs}
    stacks.delete_stack(StackName="probe")


def without_no_value(value, holds):
    """Without a list's elements that are AWS::NoValue: moto leaves a null in their places."""
    if isinstance(value, dict) and "Fn::If" in value:
        condition, *branches = value["Fn::If"]
        return {"Fn::If": [condition, *(without_no_value(branch, holds) for branch in branches)]}
    if isinstance(value, dict):
        return {key: without_no_value(inner, holds) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_no_value(inner, holds) for inner in value if not is_no_value(inner, holds)]
    return value


def is_no_value(value, holds):
    if not isinstance(value, dict) or list(value) != ["Fn::If"]:
        return value == NO_VALUE
    condition, where_true, where_false = value["Fn::If"]
    return (where_true if holds[condition] else where_false) == NO_VALUE


def fill_in(properties):
    """Makes one Fn::Sub of a definition and its DefinitionSubstitutions, which moto does not know. Not the one with a map:
    moto takes the $$ of $$.Execution for an escaped $ there."""
    definition = properties["DefinitionString"]
    for name, value in properties.pop("DefinitionSubstitutions").items():
        definition = definition.replace("${%s}" % name, spelt(value))
    properties["DefinitionString"] = {"Fn::Sub": definition}


def spelt(value):
    """An intrinsic function as Fn::Sub has it in its text."""
    [(function, argument)] = value.items()
    if function == "Fn::GetAtt":
        argument = ".".join(argument)
    return argument if function == "Fn::Sub" else "${%s}" % argument


def make_executable(machines, made):
    """Makes the state machine that CloudFormation made a second time, by the API: moto's interpreter sees no other."""
    try:
        machines.describe_state_machine(stateMachineArn=made["stateMachineArn"])
    except machines.exceptions.StateMachineDoesNotExist:
        machines.create_state_machine(**{key: made[key] for key in ("name", "definition", "roleArn", "type")})
        return
    raise SystemExit("moto's interpreter sees what CloudFormation makes now: make_executable is needed no more")


def policies(iam, role):
    """The inline policies of a role by name. moto keeps those that CloudFormation made as text of Python."""
    documents = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    return {name: ast.literal_eval(text) if isinstance(text, str) else text for name, text in documents.items()}


def look(checks, here):
    """Holds moto to what is said of it above. Executions of the stack may not be running."""
    machine = {
        "DefinitionString": '{"${Name}":0}',
        "DefinitionSubstitutions": {"Name": "x"},
        "StateMachineName": "probe",
        "RoleArn": "arn:aws:iam::000000000000:role/probe",
    }
    template = {
        "Resources": {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}},
        "Outputs": {
            "List": {"Value": {"Fn::Join": ["", ["a", NO_VALUE]]}},
            "Escape": {"Value": {"Fn::Sub": ["$$.Execution${Name}", {"Name": ""}]}},
            "Arn": {"Value": {"Ref": "Machine"}},
        },
    }
    here.execute(False)
    with probed(here.client("cloudformation"), template) as outputs:
        told = here.client("stepfunctions").describe_state_machine(stateMachineArn=outputs["Arn"])
    here.execute(True)
    checks.expect("what moto makes of AWS::NoValue in a list", outputs["List"], "aNone")
    checks.expect("what moto makes of $$ in Fn::Sub", outputs["Escape"], "$.Execution")
    checks.expect("what moto makes of DefinitionSubstitutions", told["definition"], machine["DefinitionString"])
    role = {"RoleName": here.resources["RotatorRole"], "PolicyName": "rotate"}
    document = here.client("iam").get_role_policy(**role)["PolicyDocument"]
    checks.must("moto keeps an inline policy of CloudFormation as text of Python", isinstance(document, str))
    machines = here.client("stepfunctions", here.front.moto)
    nameless = machines.start_execution(stateMachineArn=here.resources["ExportWorkflow"], input='{"unknown":0}')
    checks.must("moto names no execution", nameless["executionArn"].endswith(":None"))
