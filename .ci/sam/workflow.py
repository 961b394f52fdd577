"""The state machine, executed as it stands by moto's interpreter against the built functions: whole exports and everything that
may happen to one. What an export wrote is read by its manifest and held against the organisation's own list.

    workflow.py [--history]    with --history the states of the first export and each look's seconds are printed as well

Two deployments run side by side: one organisation has a rate limit and trouble with tokens, the other has neither.
Run with moto's own Python, which has boto3.
"""

import concurrent.futures
import importlib.metadata
import sys
import time

from checks import Checks
from deployed import deployed
from executions import BEFORE, REFRESH, Machine, begun, slices

WORLD = ["-users", "600", "-timeout", "3s"]
LIMITED = [*WORLD, "-rate-limit", "12", "-rate-window", "4s"]
FREE = [*WORLD, "-rate-limit", "0"]
FEW_PASSES = 2
checks = Checks("workflow")
seconds, first = {}, []


def no_token_at_the_start(machine):
    """Also names an export by its execution, waits for the rate limit, and takes several slices."""
    machine.here.client("ssm").delete_parameter(Name=machine.here.outputs["TokenParameterName"])
    execution = machine.run("a-whole-export", options={"page_size": 25})
    first.append(execution)
    checks.must(f"{execution.name} takes several slices: {execution.passes}", execution.passes >= 3)
    checks.expect(f"{execution.name}: the states", execution.states, begun("execution") + slices(execution.passes))
    checks.must(f"{execution.name} waits for the rate limit", any('"rate_limited"' in text for text in execution.texts))
    machine.complete(execution, "a-whole-export")


def token_revoked_in_mid_export(machine):
    minted = machine.here.statistics()["tokens_minted"]
    arn = machine.start(export_id="revoked", options={"page_size": 25})
    wait_until(lambda: machine.parts("revoked"))
    machine.here.administer("revoke-tokens")
    execution = machine.wait(arn)
    checks.expect(f"{execution.name}: the states", execution.states, begun("input") + slices(execution.passes))
    checks.expect("tokens that were minted instead of the revoked one", machine.here.statistics()["tokens_minted"] - minted, 1)
    machine.complete(execution, "revoked")


def rotator_that_fails_once(machine):
    """The exporter asks the rotator, which fails; the state machine asks again, and it does not."""
    machine.here.administer("faults", {"path": "/oauth/token", "status": 401})
    machine.here.administer("revoke-tokens")
    execution = machine.run(export_id="refreshed", options={"page_size": 100})
    rounds = refreshed(execution)
    checks.expect(f"{execution.name}: the states", execution.states, begun("input") + rounds * REFRESH + slices(execution.passes))
    checks.expect(f"{execution.name}: the failures", execution.failures, rounds * ["TokenUnavailable"])
    machine.complete(execution, "refreshed")


def refreshed(execution):
    """How often the rotator was asked: once, and again while the exporter lets a token settle before it reports it."""
    rounds = execution.states.count("Refresh the token")
    checks.must(f"{execution.name}: the rotator is asked one to three times: {rounds}", 1 <= rounds <= 3)
    return rounds


def rotator_that_cannot(machine):
    """The client is disabled: it ends by name and tells how to resume, and so it is resumed."""
    machine.here.administer("client", {"disabled": True})
    execution = machine.run(export_id="disabled", options={"page_size": 100})
    machine.here.administer("client", {"disabled": False})
    rounds = refreshed(execution)
    end = [*(rounds - 1) * REFRESH, *REFRESH[:3], "Tell how to mend and resume", "Failed"]
    checks.expect(f"{execution.name}: the states", execution.states, begun("input") + end)
    checks.expect(f"{execution.name}: the failures", execution.failures, [*rounds * ["TokenUnavailable"], "InvalidCredentials"])
    failed(execution, "InvalidCredentials", "Export disabled of users", "start a new execution with this export_id")
    machine.complete(machine.run(export_id="disabled"), "disabled")


def rotator_that_does_not_help(machine):
    """Every request revokes its token, so that no refresh helps: it gives up after three."""
    machine.here.administer("faults", {"path": "/api/v2/users/query", "times": -1, "action": "revoke_token"})
    execution = machine.run(export_id="hopeless", options={"page_size": 100})
    machine.here.administer("faults")
    end = [*3 * REFRESH, *REFRESH[:2], "Tell how to resume", "Failed"]
    checks.expect(f"{execution.name}: the states", execution.states, begun("input") + end)
    failed(execution, "TokenUnavailable", "Export hopeless of users", "start a new execution with this export_id")
    # So many rejections in a row make the exporter wait long before it reports the next; an operator does not wait.
    machine.here.client("lambda").invoke(FunctionName="rotator", Payload=b'{"force":true}')
    machine.complete(machine.run(export_id="hopeless"), "hopeless")


def failed(execution, error, *words):
    checks.expect(f"{execution.name}: its end", [execution.status, execution.error], ["FAILED", error])
    for word in words:
        checks.must(f"{execution.name}: the cause says {word!r}: {execution.cause}", word in execution.cause)


def permanent_errors(machine):
    """What is wrong with the input, where that ends, and what the cause says."""
    known = BEFORE["input"][:-1]
    mend = ["Export", "Tell how to mend and resume", "Failed"]
    named = ["Named by the execution", "Which listing?"]
    for name, given, states, words in (
        ("page-size-0", {"options": {"page_size": 0}}, begun("execution") + mend, ["Export page-size-0 of users", "page_size"]),
        ("no-option", {"options": {"colour": 1}}, begun("execution") + mend, ["Export no-option of users", "colour"]),
        ("colons", {"export_id": "a:b"}, begun("input") + mend, ["Export a:b of users", "export_id"]),
        ("unknown-field", {"page_size": 100}, [*known, "Unknown field"], ["none of listing, export_id, options"]),
        ("unknown-listing", {"listing": "userz"}, [*known, *named, "Unknown listing"], ["one of these: users"]),
        ("number", {"export_id": 7}, [*known, "Field of a wrong type"], ["listing and export_id are strings"]),
        ("text", {"options": '{"page_size":100}'}, [*known, "Field of a wrong type"], ["options is an object"]),
        ("array", {"options": [{"page_size": 100}]}, [*known, "Field of a wrong type"], ["options is an object"]),
        ("empty-array", {"options": []}, [*known, "Field of a wrong type"], ["options is an object"]),
        ("null", {"options": None}, [*known, "Field of a wrong type"], ["options is an object"]),
        ("no-time", {"scheduled_at": "2026-11-25"}, [*known, "Field of a wrong type"], ["2026-11-25T02:00:00Z"]),
    ):
        execution = machine.run(name, **given)
        checks.expect(f"{name}: the states", execution.states, states)
        failed(execution, "InvalidInput", "start a new execution", *words)


def replies_lost(machine):
    """The first of several slices does its work and its reply is lost, and that of a whole export: each is asked for again,
    and nothing is read twice."""
    arns = {}
    for export_id, page_size in (("lost-slice", 25), ("lost-end", 200)):
        machine.here.front.lose_reply(export_id, 1)
        arns[export_id] = machine.start(export_id=export_id, options={"page_size": page_size})
    for export_id, arn in arns.items():
        execution = machine.wait(arn)
        checks.expect(f"{export_id}: the states", execution.states, begun("input") + slices(execution.passes))
        checks.expect(f"{export_id}: the failures", execution.failures, ["Lambda.ServiceException"])
        checks.expect(f"invocations of {export_id}", machine.here.front.calls["invoke", export_id], execution.passes + 1)
        machine.complete(execution, export_id)


def twice_at_once(machine):
    """Two executions of one export: both complete it, and it is there once."""
    arns = [machine.start(f"twice-{number}", export_id="twice", options={"page_size": 25}) for number in (1, 2)]
    both = [machine.wait(arn) for arn in arns]
    for execution in both:
        machine.complete(execution, "twice")
    checks.must("one of them found the export busy", any('"busy"' in text for one in both for text in one.texts))
    checks.expect("manifests of twice", len({one.output["result"]["manifest"] for one in both if one.output}), 1)


def scheduled_twice(machine):
    """A schedule's input, delivered in duplicate."""
    given = {"listing": "users", "scheduled_at": "2026-11-25T02:00:00Z", "options": {"state": "any"}}
    both = [machine.wait(arn) for arn in [machine.start(**given), machine.start(**given)]]
    for execution in both:
        checks.expect(f"{execution.name}: the states", execution.states, begun("schedule") + slices(execution.passes))
        machine.complete(execution, "scheduled-2026-11-25T020000Z", "any")


def successors(machine):
    """Executions of two passes hand one export on, each to the one that it starts. The first start is refused once."""
    machine.here.front.refuse_start("handed-on", 2, "ExecutionLimitExceeded")
    chain = [machine.run(export_id="handed-on", options={"page_size": 10})]
    while (successor := (chain[-1].output or {}).get("successor")) and len(chain) < 20:
        chain.append(machine.wait(successor))
    checks.must(f"at least three executions make one export: {len(chain)}", len(chain) >= 3)
    for before, after in zip(chain, chain[1:]):
        handed = slices(FEW_PASSES, ("Wait before the successor", "Start a successor", "Handed over"))
        checks.expect(f"{before.name}: the states", before.states, begun("input") + handed)
        checks.expect(f"{before.name}: the passes", before.passes, FEW_PASSES)
        checks.expect(
            f"the input of {before.name}'s successor",
            after.given,
            {
                "listing": "users",
                "export_id": "handed-on",
                "options": {"page_size": 10},
                "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": before.arn,
            },
        )
    checks.expect("starts that were refused", chain[0].failures, ["StepFunctions.ExecutionLimitExceededException"])
    checks.expect(f"{chain[-1].name}: the states", chain[-1].states, begun("input") + slices(chain[-1].passes))
    machine.complete(chain[-1], "handed-on")


def successor_that_is_refused(machine):
    """For good: the execution ends by name, the export is where its checkpoint says, and is resumed."""
    machine.here.front.refuse_start("refused", 2, "StateMachineDoesNotExist")
    execution = machine.run(export_id="refused", options={"page_size": 10})
    handing = slices(FEW_PASSES, ("Wait before the successor", "Start a successor", "Tell how to resume", "Failed"))
    checks.expect(f"{execution.name}: the states", execution.states, begun("input") + handing)
    whole_name = "StepFunctions.StateMachineDoesNotExistException"
    failed(execution, whole_name.partition(".")[2], "Export refused of users", "with this export_id", whole_name)
    resumed = machine.run(export_id="refused")
    while resumed.output and (successor := resumed.output["successor"]):
        resumed = machine.wait(successor)
    machine.complete(resumed, "refused")


def wait_until(holds):
    end = time.monotonic() + 60
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("what is waited for does not come")
        time.sleep(0.1)


def look(one, machine):
    begun_at = time.monotonic()
    checks.look(one, machine)
    seconds[one.__name__] = time.monotonic() - begun_at


def limited():
    """One after the other, as they disturb each other. The first finds no exporter that has a token in memory."""
    with deployed(LIMITED) as here:
        machine = Machine(here, checks)
        for one in (
            no_token_at_the_start,
            token_revoked_in_mid_export,
            rotator_that_fails_once,
            rotator_that_cannot,
            rotator_that_does_not_help,
        ):
            look(one, machine)
        return machine


def free():
    """Side by side."""
    with deployed(FREE) as here:
        machine = Machine(here, checks)
        here.deploy("few-passes", here.parameters | {"WorkflowMaxPasses": str(FEW_PASSES)})
        few = Machine(here, checks)
        few.ended = machine.ended
        looks = [permanent_errors, replies_lost, twice_at_once, scheduled_twice]
        with concurrent.futures.ThreadPoolExecutor() as threads:
            done = [threads.submit(look, one, machine) for one in looks]
            done += [threads.submit(look, one, few) for one in (successors, successor_that_is_refused)]
            for one in done:
                one.result()
        return machine


def main():
    with concurrent.futures.ThreadPoolExecutor() as threads:
        machines = [threads.submit(worlds) for worlds in (limited, free)]
        ended = [execution for machine in machines for execution in machine.result().ended]
    if "--history" in sys.argv[1:]:
        print(" > ".join(first[0].states))
        print(", ".join(f"{name} {took:.0f} s" for name, took in seconds.items()))
    states = sum(len(execution.states) for execution in ended)
    checks.finish(f"moto {importlib.metadata.version('moto')}: {len(ended)} executions, {states:,} states, {len(seconds)} looks")


if __name__ == "__main__":
    main()
