"""What the conformance checks in Python share: expectations that are counted, and one line at the end."""

import sys
import threading


class Checks:
    def __init__(self, name):
        self.name, self.count, self.problems = name, 0, []
        self.lock = threading.Lock()

    def expect(self, what, got, want):
        """Notes a problem where got is not want."""
        self.count_one(got == want, f"{what}: got {got!r:.400}, want {want!r:.400}")

    def must(self, what, holds):
        """Notes a problem where what has to be so is not."""
        self.count_one(holds, f"not so: {what}")

    def fail(self, problem):
        """Notes a problem."""
        self.count_one(False, problem)

    def look(self, look, *arguments):
        """Calls look. What is so unexpected that the looking ends there is a problem as well."""
        try:
            look(*arguments)
        except Exception as error:
            self.fail(f"{look.__name__} ended early: {error!r}")

    def count_one(self, holds, problem):
        with self.lock:
            self.count += 1
            if not holds:
                self.problems.append(problem)

    def finish(self, saw):
        """Prints the check's line, or every problem, and ends the process."""
        if self.problems:
            for problem in self.problems[:20]:
                print(f"{self.name}: {problem:.600}", file=sys.stderr)
            sys.exit(f"{self.name}: FAILED, {len(self.problems)} of {self.count} checks")
        print(f"{self.name:<15} {saw}; {self.count} checks")
