"""checkov over the template, offline. A finding fails; an exception stands at its resource in the template, with its reason."""

import json
import pathlib
import subprocess
import sys

from checks import Checks

TEMPLATE = "template.yaml"
checks = Checks("checkov")


def main():
    checkov = pathlib.Path(sys.executable).with_name("checkov")
    argv = [checkov, "--file", TEMPLATE, "--framework", "cloudformation", "--output", "json", "--skip-download"]
    done = subprocess.run([sys.executable, *argv], capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"checkov did not report: {done.stderr[-2000:]}")
    results, summary = report["results"], report["summary"]
    for found in results["failed_checks"]:
        checks.fail(f"{found['resource']}: {found['check_id']}, {found['check_name']}")
    for skipped in results["skipped_checks"]:
        comment = skipped["check_result"].get("suppress_comment") or ""
        checks.must(f"{skipped['resource']}: the exception from {skipped['check_id']} has a reason", len(comment.split()) > 3)
    checks.expect("templates that could not be read", summary["parsing_errors"], 0)
    checks.must(f"the template was looked at: {summary}", summary["passed"] > 20)
    checks.finish(f"{summary['checkov_version']}: {summary['passed']} passed, {len(results['skipped_checks'])} exceptions with their reasons")


if __name__ == "__main__":
    main()
