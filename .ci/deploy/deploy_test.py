"""The template deployed by make deploy, and used as its operator uses it, in LocalStack: two stacks, whose organisations differ.
One has a rate limit and trouble with tokens, the other has neither.

    deploy_test.py [--show]    with --show what make printed, and each look's seconds, are printed as well
"""

import concurrent.futures
import contextlib
import importlib.metadata
import pathlib
import sys
import tempfile
import time

from checks import Checks
from deployed import Stack, localstack, organisation
from made import Made
from operate import Operator, deploy
from workflow import LOST_REPLIES, Workflow

# Small listings, with enough users for several invocations; jobs that are waited for once.
SIZES = "queues=120,wrapup-codes=120,stations=120,external-contacts=250,conversations=240,user-status=30,audits=240"
USERS = ["-users", "600", "-sizes", SIZES, "-job-time", "1s"]
checks = Checks("deployment")
seconds = {}


def look(one, *arguments):
    begun = time.monotonic()
    checks.look(one, *arguments)
    seconds[one.__name__] = time.monotonic() - begun


def in_turn(looks):
    for one in looks:
        look(one)


def side_by_side(*groups):
    """Runs groups of looks at once, and those of a group one after the other."""
    with concurrent.futures.ThreadPoolExecutor() as threads:
        for done in [threads.submit(in_turn, group) for group in groups]:
            done.result()


@contextlib.contextmanager
def stacks():
    with contextlib.ExitStack() as opened:
        folder = pathlib.Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="deployed-")))
        url = opened.enter_context(localstack(folder, list(LOST_REPLIES)))
        made = []
        for name, *options in (("genesys-prod", "-rate-limit", "0"), ("genesys-limited", "-rate-limit", "12", "-rate-window", "4s")):
            genesys, credentials = opened.enter_context(organisation(folder, name, *USERS, *options))
            made.append(Stack(name, genesys, credentials, url, folder))
        yield folder, *made


def main():
    with stacks() as (folder, free, limited):
        operator = Operator(free, checks)
        for stack in (free, limited):
            operator.printed.append(deploy(stack))
        look(operator.credentials, folder)
        in_turn([operator.doctor, operator.export, operator.missing])
        limited.make("set-credentials", f"CREDENTIALS={limited.credentials}", "YES=1")
        flows = [Workflow(stack, checks) for stack in (free, limited)]

        def free_and_then():
            side_by_side(*([one] for one in flows[0].free()))
            in_turn([*Made(free, checks).looks(), operator.update, operator.destroy])

        side_by_side([free_and_then], flows[1].limited())
        ended = [execution for flow in flows for execution in flow.machine.ended]
    if "--show" in sys.argv[1:]:
        print("\n".join(operator.printed))
        print(", ".join(f"{name} {took:.0f} s" for name, took in seconds.items()))
    saw = f"doctor with {operator.looked} checks, export of {operator.exported:,} records, {len(ended)} executions"
    checks.finish(f"LocalStack {importlib.metadata.version('localstack-core')}: {saw}")


if __name__ == "__main__":
    main()
