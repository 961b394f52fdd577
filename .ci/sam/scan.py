"""checkov over the template, offline. A finding fails, unless exceptions.json has it, with its reason; so does an exception
without a finding.
"""

import json
import pathlib
import subprocess
import sys

from checks import Checks

TEMPLATE = "template.yaml"
EXCEPTIONS = pathlib.Path(__file__).with_name("exceptions.json")
checks = Checks("checkov")


def main():
    checkov = pathlib.Path(sys.executable).with_name("checkov")
    argv = [checkov, "--file", TEMPLATE, "--framework", "cloudformation", "--output", "json", "--skip-download"]
    done = subprocess.run([sys.executable, *argv], capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"checkov did not report: {done.stderr[-2000:]}")
    exceptions = json.loads(EXCEPTIONS.read_text(encoding="utf-8"))
    accepted = {(check, resource) for check, exception in exceptions.items() for resource in exception["resources"]}
    found = {(one["check_id"], one["resource"].rpartition(".")[2]): one["check_name"] for one in report["results"]["failed_checks"]}
    for (check, resource), name in found.items():
        checks.must(f"{resource}: {check}, {name}", (check, resource) in accepted)
    checks.expect("exceptions that nothing needs any more", sorted(accepted - set(found)), [])
    summary = report["summary"]
    checks.expect("templates that could not be read", summary["parsing_errors"], 0)
    checks.must(f"the template was looked at: {summary}", summary["passed"] > 20)
    checks.finish(f"{summary['checkov_version']}: {summary['passed']} passed, {len(accepted)} exceptions with their reasons")


if __name__ == "__main__":
    main()
