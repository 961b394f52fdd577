"""The state machine of a deployed stack: whole exports, and everything that may happen to one. What an export wrote is read by its
manifest and held against the organisation's own list.

Two stacks run side by side: one organisation has a rate limit and trouble with tokens, the other has neither.
"""

import datetime
import json
import time

from executions import AGAIN, BEGUN, BEGUN_BY_SCHEDULE, HISTORIES, ONE, READ, REFRESH, Machine, invocations

HOURS_OF_HISTORY = 8  # data are available up to six hours ago
FEW = 2  # invocations before an execution hands over
LOST_REPLIES = {"lost-one": 25, "lost-end": 200}  # page sizes by export


class Workflow:
    """What is looked at in the state machine of one stack."""

    def __init__(self, stack, checks):
        self.stack, self.checks, self.machine = stack, checks, Machine(stack, checks)
        self.few = Machine(stack, checks, few_invocations(self.machine, "few"))
        self.nowhere = Machine(stack, checks, few_invocations(self.machine, "nowhere", "arn:aws:states:eu-central-1:000000000000:stateMachine:none"))
        self.few.ended = self.nowhere.ended = self.machine.ended

    def limited(self):
        """One after the other, as they disturb each other. The first finds no exporter that has a token in memory."""
        return [
            self.no_token_at_the_start,
            self.token_revoked_in_mid_export,
            self.rotator_that_fails_once,
            self.rotator_that_cannot,
            self.rotator_that_does_not_help,
        ]

    def free(self):
        """Side by side."""
        alone = [self.bad_input, self.replies_lost, self.twice_at_once, self.scheduled_twice, self.successors, self.successor_that_is_refused]
        return [*alone, self.all_with_one_forbidden, self.children_that_hand_over]

    def no_token_at_the_start(self):
        """Also names an export by its execution, waits for the rate limit, and takes several invocations."""
        self.stack.client("ssm").delete_parameter(Name=self.stack.outputs["TokenParameterName"])
        execution = self.machine.run("a-whole-export", options={"page_size": 10})
        self.checks.must(f"{execution.name} takes several invocations: {execution.invocations}", execution.invocations >= 3)
        self.checks.expect(f"{execution.name}: the states", execution.states, BEGUN + invocations(execution.invocations))
        self.checks.must(f"{execution.name} waits for the rate limit", any('"rate_limited"' in text for text in execution.texts))
        self.machine.complete(execution, "a-whole-export")

    def token_revoked_in_mid_export(self):
        minted = self.stack.statistics()["tokens_minted"]
        arn = self.machine.start(export_id="revoked", options={"page_size": 25})
        wait_until(lambda: self.machine.parts("revoked"))
        self.stack.administer("revoke-tokens")
        execution = self.machine.wait(arn)
        self.checks.expect(f"{execution.name}: the states", execution.states, BEGUN + invocations(execution.invocations))
        self.checks.expect("tokens that were minted instead of the revoked one", self.stack.statistics()["tokens_minted"] - minted, 1)
        self.machine.complete(execution, "revoked")

    def rotator_that_fails_once(self):
        """The exporter asks the rotator, which fails; the state machine asks again, and it does not."""
        self.stack.administer("faults", {"path": "/oauth/token", "status": 401})
        self.stack.administer("revoke-tokens")
        execution = self.machine.run(export_id="refreshed", options={"page_size": 100})
        rounds = self.refreshed(execution)
        self.checks.expect(f"{execution.name}: the states", execution.states, BEGUN + rounds * REFRESH + invocations(execution.invocations))
        self.checks.expect(f"{execution.name}: the failures", execution.failures, rounds * ["TokenUnavailable"])
        self.machine.complete(execution, "refreshed")

    def refreshed(self, execution):
        """How often the rotator was asked: once, and again while the exporter lets a token settle before it reports it."""
        rounds = execution.states.count("Refresh the token")
        self.checks.must(f"{execution.name}: the rotator is asked one to three times: {rounds}", 1 <= rounds <= 3)
        return rounds

    def rotator_that_cannot(self):
        """The client is disabled: it ends by name and tells how to resume, and so it is resumed."""
        self.stack.administer("client", {"disabled": True})
        execution = self.machine.run(export_id="disabled", options={"page_size": 100})
        self.stack.administer("client", {"disabled": False})
        rounds = self.refreshed(execution)
        end = [*(rounds - 1) * REFRESH, *REFRESH[:3], "Cannot go on"]
        self.checks.expect(f"{execution.name}: the states", execution.states, BEGUN + end)
        self.checks.expect(f"{execution.name}: the failures", execution.failures, [*rounds * ["TokenUnavailable"], "InvalidCredentials"])
        self.failed(execution, "InvalidCredentials", "Export disabled of users", "start a new execution with this export_id")
        self.machine.complete(self.machine.run(export_id="disabled"), "disabled")

    def rotator_that_does_not_help(self):
        """Every request revokes its token, so that no refresh helps: it gives up after three."""
        self.stack.administer("faults", {"path": "/api/v2/users/query", "times": -1, "action": "revoke_token"})
        execution = self.machine.run(export_id="hopeless", options={"page_size": 100})
        self.stack.administer("faults")
        end = [*3 * REFRESH, *REFRESH[:2], "Name the error", "Failed"]
        self.checks.expect(f"{execution.name}: the states", execution.states, BEGUN + end)
        self.failed(execution, "TokenUnavailable", "Export hopeless of users", "start a new execution with this export_id")
        # So many rejections in a row make the exporter wait long before it reports the next; an operator does not wait.
        self.stack.client("lambda").invoke(FunctionName=self.stack.outputs["RotatorFunction"], Payload=b'{"force":true}')
        self.machine.complete(self.machine.run(export_id="hopeless"), "hopeless")

    def failed(self, execution, error, *words):
        self.checks.expect(f"{execution.name}: its end", [execution.status, execution.error], ["FAILED", error])
        for word in words:
            self.checks.must(f"{execution.name}: the cause says {word!r}: {execution.cause}", word in execution.cause)

    def bad_input(self):
        """What is wrong with the input, where that ends, and what the cause says."""
        refused, asked = [*READ[:2], "Bad input"], [*BEGUN, "Export", "Refused"]
        unmerged, unknown = [*READ, "Bad input"], "Unknown listing"
        for name, given, states, words in (
            ("page-size-0", {"options": {"page_size": 0}}, asked, ["export page-size-0 of users", "page_size"]),
            ("no-option", {"options": {"colour": 1}}, asked, ["export no-option of users", "colour"]),
            ("colons", {"export_id": "a:b"}, asked, ["export a:b of users", "export_id"]),
            ("no-object", [], refused, ["is a JSON object"]),
            ("text-alone", "x", refused, ["is a JSON object"]),
            ("unknown-field", {"page_size": 100}, unmerged, ["there is no other field"]),
            ("unknown-listing", {"listing": "userz"}, [*ONE, "The directory", "Begin", "Export", "Refused"], ["userz", "queues"]),
            ("unknown-of-several", {"listings": ["users", "userz"]}, unknown, ["users", "external-contacts", "audits"]),
            ("unknown-in-options", {"listings": "all", "options": {"userz": {}}}, unknown, ["some of these"]),
            ("both", {"listing": "users", "listings": ["users"]}, unmerged, ["stands instead of listing"]),
            ("no-listings", {"listings": []}, unmerged, ["an array of strings"]),
            ("text-of-several", {"listings": "users"}, unmerged, ['is "all" or an array']),
            ("number", {"export_id": 7}, unmerged, ["listing and export_id are strings"]),
            ("text", {"options": '{"page_size":100}'}, unmerged, ["options is an object"]),
            ("array", {"options": [{"page_size": 100}]}, unmerged, ["options is an object"]),
            ("empty-array", {"options": []}, unmerged, ["options is an object"]),
            ("null", {"options": None}, unmerged, ["options is an object"]),
            ("no-time", {"scheduled_at": "2026-11-25"}, unmerged, ["2026-11-25T02:00:00Z"]),
        ):
            execution = self.machine.run_with(name, given)
            if states == unknown:
                self.checks.expect(f"{name}: the last state", execution.states[-1], unknown)
            else:
                self.checks.expect(f"{name}: the states", execution.states, states)
            self.failed(execution, "InvalidInput", "tart a new execution", *words)

    def replies_lost(self):
        """The first of several invocations does its work and its reply is lost, and that of a whole export: each is asked for
        again, and nothing is read twice."""
        arns = {id: self.machine.start(export_id=id, options={"page_size": size}) for id, size in LOST_REPLIES.items()}
        for export_id, arn in arns.items():
            execution = self.machine.wait(arn)
            self.checks.expect(f"{export_id}: the states", execution.states, BEGUN + invocations(execution.invocations))
            self.checks.expect(f"{export_id}: the failures", execution.failures, ["Runtime.ExitError"])
            self.machine.complete(execution, export_id)

    def twice_at_once(self):
        """Two executions of one export: both complete it, and it is there once."""
        arns = [self.machine.start(f"twice-{number}", export_id="twice", options={"page_size": 25}) for number in (1, 2)]
        both = [self.machine.wait(arn) for arn in arns]
        for execution in both:
            self.machine.complete(execution, "twice")
        self.checks.must("one of them found the export busy", any('"busy"' in text for one in both for text in one.texts))
        self.checks.expect("manifests of twice", len({one.output["result"]["manifest"] for one in both if one.output}), 1)

    def scheduled_twice(self):
        """A schedule's input, delivered in duplicate."""
        given = {"scheduled_at": "2026-11-25T02:00:00Z", "options": {"state": "any"}}
        both = [self.machine.wait(arn) for arn in [self.machine.start(**given), self.machine.start(**given)]]
        for execution in both:
            self.checks.expect(f"{execution.name}: the states", execution.states, BEGUN_BY_SCHEDULE + invocations(execution.invocations))
            self.machine.complete(execution, "scheduled-2026-11-25T020000Z", "any")

    def successors(self):
        """Executions of two invocations hand one export on, each to the one that it starts."""
        chain = [self.few.run(export_id="handed-on", options={"page_size": 5})]
        while (successor := (chain[-1].output or {}).get("successor")) and len(chain) < 20:
            chain.append(self.few.wait(successor))
        self.checks.must(f"at least three executions make one export: {len(chain)}", len(chain) >= 3)
        handed = BEGUN + invocations(FEW, (*AGAIN, "Start a successor", "Done"))
        for before, after in zip(chain, chain[1:]):
            self.checks.expect(f"{before.name}: the states", before.states, handed)
            told = {"listing": "users", "export_id": "handed-on", "options": {"page_size": 5}}
            told["AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"] = before.arn
            self.checks.expect(f"the input of {before.name}'s successor", after.given, told)
        self.checks.expect(f"{chain[-1].name}: the states", chain[-1].states, BEGUN + invocations(chain[-1].invocations))
        self.few.complete(chain[-1], "handed-on")

    def all_with_one_forbidden(self):
        """It fails, naming the listing, when all others are complete; started again it is complete."""
        self.stack.administer("faults", {"path": "/api/v2/routing/queues", "times": -1, "status": 403, "code": "missing.permissions"})
        begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=HOURS_OF_HISTORY)
        options = {name: {"start": begin.strftime("%Y-%m-%dT%H:%M:%SZ")} for name in HISTORIES}
        given = {"export_id": "everything", "listings": "all", "options": options}
        execution = self.machine.run(**given)
        self.failed(execution, "ListingsFailed", "Export everything", '{"listing":"queues","error":"Forbidden"}', '"listing":"audits"')
        every = [one["listing"] for one in self.machine.definition()["States"]["Line them up"]["Parameters"]["listings"]]
        self.machine.lie_there("everything", [name for name in every if name != "queues"])
        self.checks.must("nothing of queues is complete", '"queues"' not in execution.cause.partition("these are complete")[2])
        self.stack.administer("faults")
        asked = self.stack.statistics()["requests"]
        again = self.machine.run(**given)
        self.machine.complete_each(again, "everything", every)
        more = {path: count - asked.get(path, 0) for path, count in self.stack.statistics()["requests"].items()}
        self.checks.must(f"what is complete is not exported again: {more}", not more.get("GET /api/v2/groups"))

    def children_that_hand_over(self):
        """Children of two invocations: the parent starts the next, until the listing is complete."""
        execution = self.few.run(export_id="handed-up", listings=["users", "groups"], options={"users": {"page_size": 5}})
        self.few.complete_each(execution, "handed-up", ["users", "groups"])
        children = execution.states.count("Export the listing")
        self.checks.must(f"the two listings take more than three children: {children}", children > 3)

    def successor_that_is_refused(self):
        """For good: the execution ends by name, the export is where its checkpoint says, and is resumed."""
        execution = self.nowhere.run(export_id="refused", options={"page_size": 5})
        handing = invocations(FEW, (*AGAIN, "Start a successor", "Name the error", "Failed"))
        self.checks.expect(f"{execution.name}: the states", execution.states, BEGUN + handing)
        self.failed(execution, "StateMachineDoesNotExistException", "Export refused of users", "with this export_id")
        self.machine.complete(self.machine.run(export_id="refused"), "refused")


def few_invocations(machine, name, successor=None):
    """A second state machine, which hands over after few invocations, to itself or to a successor that is not there."""
    told = machine.client.describe_state_machine(stateMachineArn=machine.arn)
    arn = machine.arn + f"-{name}"
    definition = told["definition"].replace(f'"{machine.arn}"', json.dumps(successor or arn))
    definition = json.loads(definition)
    of_child, alone = definition["States"]["Is there room for another invocation?"]["Choices"]
    of_child["And"][0]["NumericGreaterThanEquals"] = alone["NumericGreaterThanEquals"] = FEW
    made = machine.client.create_state_machine(name=f"{told['name']}-{name}", definition=json.dumps(definition), roleArn=told["roleArn"])
    return made["stateMachineArn"]


def wait_until(holds):
    end = time.monotonic() + 60
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("what is waited for does not come")
        time.sleep(0.1)
