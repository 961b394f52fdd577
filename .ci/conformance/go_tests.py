"""Conformance: the adapters' tests that are written for any endpoint run a second time, against the server beside this
command, and have to pass there as they pass against this repository's own simulators.

    go_tests.py VERSION PACKAGE…
"""

import json
import os
import subprocess
import sys

from checks import Checks

GO = os.environ.get("GO", "go")
VARIABLES = ("CONFORMANCE_NAME", "CONFORMANCE_ENDPOINT")


def passing(packages, environment):
    """The tests that pass, those that do not, and what these printed."""
    argv = [GO, "test", "-count=1", "-run", "^TestConformance", "-json", *packages]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=600, check=False)
    outcomes, printed = {}, {}
    for line in done.stdout.splitlines():
        event = json.loads(line)
        test = f"{event.get('Package', '').partition('/')[2]} {event.get('Test', '')}".strip()
        if event["Action"] == "output":
            printed.setdefault(test, []).append(event["Output"])
        elif event["Action"] in ("pass", "fail", "skip"):
            outcomes[test] = event["Action"] == "pass"
    failed = {test for test, passed in outcomes.items() if not passed}
    said = "".join(text for test in sorted(failed) for text in printed.get(test, []))
    return {test for test in set(outcomes) - failed if " " in test}, failed, said + (done.stderr if done.returncode else "")


def main():
    version, *packages = sys.argv[1:]
    name = os.environ["CONFORMANCE_NAME"]
    checks = Checks(name)
    alone = {key: value for key, value in os.environ.items() if key not in VARIABLES}
    outcomes = {}
    for who, environment in (("the simulator", alone), (name, dict(os.environ))):
        passed, failed, said = passing(packages, environment)
        sys.stderr.write(said[-8000:])
        outcomes[who] = passed
        checks.must(f"some test passes against {who}", passed)
        for test in sorted(failed):
            checks.fail(f"{test} does not pass against {who}")
    for test in sorted(set.union(*outcomes.values())):
        checks.expect(f"who does not pass {test}", [who for who, passed in outcomes.items() if test not in passed], [])
    adapters = ", ".join(package.rpartition("/")[2] for package in packages)
    checks.finish(f"{version}: {len(outcomes[name])} tests of {adapters}, as against the simulator")


if __name__ == "__main__":
    main()
