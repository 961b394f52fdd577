"""Executions of the deployed state machine, as their histories tell them."""

import json
import time

from exports import organisation, records

POLL_SECONDS, END_SECONDS = 0.2, 240
LARGEST_STATE, LARGEST_OF_SEVERAL = 2048, 8192  # bytes, of one listing and of several
# The states that an execution goes through, by what names the export.
READ = ["Read input", "Is it an object?", "Fill in defaults", "List the values", "Is it as it should be?"]
ONE = [*READ, "One listing or several?", "Which listing?"]
BEGUN = [*ONE, "Users", "Begin"]
BEGUN_BY_SCHEDULE = [*READ, "Name by the schedule", *BEGUN[len(READ) :]]
INVOCATION = ["Export", "Count the invocation", "Is it complete?"]
HISTORIES = ["conversations", "user-status", "audits"]
AGAIN = ["Wait", "Is there room for another invocation?"]
REFRESH = ["Export", "Has the token been asked for often enough?", "Refresh the token", "Count the refresh", "Let the token settle"]


def invocations(count, end=("Done",)):
    """The states of so many invocations, of which the last is followed by end."""
    return (INVOCATION + AGAIN) * (count - 1) + INVOCATION + list(end)


class Execution:
    """One that has ended: status, output (decoded), invocations, error and cause, given (its input), states (the names in order), and
    failures (the errors of its tasks' attempts, in order)."""

    def __init__(self, told, events):
        self.arn, self.name, self.status = told["executionArn"], told["name"], told["status"]
        self.seconds = (told["stopDate"] - told["startDate"]).total_seconds()
        self.given, self.output = json.loads(told["input"]), json.loads(told.get("output") or "null")
        self.invocations = (self.output or {}).get("invocations", 0)
        self.error, self.cause = told.get("error", ""), told.get("cause", "")
        self.states = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
        self.failures = [event["taskFailedEventDetails"]["error"] for event in events if "taskFailedEventDetails" in event]
        self.texts = [text for event in events for text in states_of(event)]

    def __repr__(self):
        return f"{self.name}: {self.status} {self.error} {self.cause} after {' > '.join(self.states)}"


def states_of(event):
    """The state as it goes into a state or out of it."""
    for details, text in (("stateEnteredEventDetails", "input"), ("stateExitedEventDetails", "output")):
        if details in event:
            yield event[details].get(text, "")


class Machine:
    """A deployed state machine. ended has every execution whose end was waited for."""

    def __init__(self, here, checks, arn=None):
        self.here, self.checks, self.ended = here, checks, []
        self.client, self.arn = here.client("stepfunctions"), arn or here.outputs["ExportWorkflowArn"]

    def definition(self):
        return json.loads(self.client.describe_state_machine(stateMachineArn=self.arn)["definition"])

    def start(self, name=None, **given):
        more = {"name": name} if name else {}
        return self.client.start_execution(stateMachineArn=self.arn, input=json.dumps(given), **more)["executionArn"]

    def wait(self, arn):
        """Waits until the execution has ended, and looks at what holds of every execution."""
        end = time.monotonic() + END_SECONDS
        while (told := self.client.describe_execution(executionArn=arn))["status"] == "RUNNING":
            if time.monotonic() > end:
                raise TimeoutError(f"{arn} has not ended after {END_SECONDS} s")
            time.sleep(POLL_SECONDS)
        pages = self.client.get_paginator("get_execution_history").paginate(executionArn=arn)
        execution = Execution(told, [event for page in pages for event in page["events"]])
        largest = max(execution.texts, key=len)
        most = LARGEST_OF_SEVERAL if "listings" in execution.given else LARGEST_STATE
        self.checks.must(f"{execution.name}: the state is small: {largest}", len(largest.encode()) < most)
        self.checks.must(
            f"{execution.name}: no state has the next page's link", not any("next_page_uri" in text for text in execution.texts)
        )
        self.ended.append(execution)
        return execution

    def run(self, name=None, **given):
        return self.wait(self.start(name, **given))

    def run_with(self, name, given):
        """Runs an execution with an input that need not be an object."""
        return self.wait(self.client.start_execution(stateMachineArn=self.arn, name=name, input=json.dumps(given))["executionArn"])

    def complete(self, execution, export_id, state="active"):
        """Holds an execution that has to have completed its export to what the organisation has, and to nothing else."""
        if execution.status != "SUCCEEDED":
            self.checks.fail(f"not complete: {execution!r}")
            return
        output, result, s3 = execution.output, execution.output["result"], self.here.client("s3")
        told = [output["export_id"], output["listing"], output["successor"], result["status"]]
        self.checks.expect(f"{execution.name}: the output", told, [export_id, "users", "", "complete"])
        got, want = records(s3, result["manifest"]), organisation(self.here.genesys, state)
        self.checks.expect(f"{execution.name}: the records in the result", result["records"], len(want))
        self.checks.must(f"{execution.name}: every user of state {state}, byte for byte and in order", got == want)
        bucket, _, key = result["manifest"].removeprefix("s3://").partition("/")
        manifest = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        parts = [part["key"] for part in json.loads(manifest)["parts"]]
        self.checks.expect(f"{execution.name}: the parts that lie there", self.parts(export_id), parts)

    def complete_each(self, execution, export_id, listings):
        """Holds an execution of several listings to what the organisation has of each; of a history, to its manifest."""
        self.checks.expect(f"{execution!r}: its end", execution.status, "SUCCEEDED")
        counted = {one["listing"]: one["records"] for one in (execution.output or {}).get("listings", [])}
        self.checks.expect(f"{execution.name}: the listings in the output", sorted(counted), sorted(listings))
        self.lie_there(export_id, listings, counted)

    def lie_there(self, export_id, listings, counted=None):
        """Every one of these listings is complete under that id."""
        for listing in listings:
            manifest = f"s3://{self.here.outputs['ExportsBucket']}/exports/_state/{listing}/{export_id}/manifest.json"
            got = records(self.here.client("s3"), manifest)
            self.checks.must(f"{listing}: there are records", got)
            self.checks.must(f"{listing}: as many as the output says", counted is None or counted.get(listing) == len(got))
            if listing not in HISTORIES:
                self.checks.must(f"{listing}: the organisation's, byte for byte and in order", got == organisation(self.here.genesys, "active", listing))

    def parts(self, export_id):
        """The keys of the parts that lie there for an export."""
        place = {"Bucket": self.here.outputs["ExportsBucket"], "Prefix": f"exports/users/export_id={export_id}/"}
        return [found["Key"] for found in self.here.client("s3").list_objects_v2(**place).get("Contents", [])]
