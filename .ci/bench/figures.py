"""Figures, the bounds that they have to keep, and the table of both."""

import os
import pathlib
import platform
import statistics
import subprocess

SLACK = 1.5  # of the bounds, in a smoke test on a machine that others use as well


class Figure:
    """What was measured several times, and the bound that the median keeps, if any. places is how many digits are shown."""

    def __init__(self, name, values, sign="", bound=0, unit="×", places=2):
        self.name, self.values, self.sign, self.bound, self.unit, self.places = name, values, sign, bound, unit, places

    @property
    def median(self):
        return statistics.median(self.values)

    def holds(self, slack=1):
        return not self.sign or (self.median <= self.limit(slack) if self.sign == "≤" else self.median >= self.limit(slack))

    def limit(self, slack):
        return self.bound * slack if self.sign == "≤" else self.bound / slack

    def shown(self, value):
        return f"{value:,.{self.places}f} {self.unit}".rstrip()

    def row(self, slack=1):
        spread = f"{min(self.values):,.{self.places}f} to {max(self.values):,.{self.places}f}, n={len(self.values)}"
        end = f"{self.sign} {self.shown(self.limit(slack))} | {'ok' if self.holds(slack) else '**not ok**'}" if self.sign else "|"

        return f"| {self.name} | {self.shown(self.median)} | {spread} | {end} |"


def table(figures, slack=1):
    head = ["| figure | measured | spread | bound | |", "|---|---|---|---|---|"]

    return "\n".join(head + [figure.row(slack) for figure in figures])


def machine():
    """What it was measured on, in one line."""
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name")), platform.machine())
    go = subprocess.run([os.environ.get("GO", "go"), "version"], capture_output=True, text=True, check=True).stdout.split()[2]
    node = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip() or "none"

    return f"{os.cpu_count()} cores of {model}, Linux {platform.release()}; {go}, Node {node}, Python {platform.python_version()}"
