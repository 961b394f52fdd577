"""Measures what is promised of speed and size, beside a floor and beside other clients, and prints one table.

    bench.py              all of it, some twenty-five minutes
    bench.py --smoke      processor, memory at two sizes and start, in a minute, with more room in the bounds
    bench.py --write      all of it, into shared/devstack/bench.md, growth.svg and shared/operator/COST.md as well

Every figure but the memory is a ratio of two things that were measured in turn.
"""

import sys

import cost
import documents
import measure
import peers
from figures import SLACK, machine, table
from measure import HUGE, LARGE, SMALL
from world import PAGE

SIZES = [1_000, SMALL, 50_000, LARGE, HUGE]


def main(argument=""):
    if argument == "--smoke":
        smoke()
    else:
        full(argument == "--write")


def smoke():
    sizes = [5_000, 50_000]
    first, _ = measure.cpu(sizes[1], 5)
    figures = [first, *measure.memory(measure.growth(sizes, 1), sizes), *measure.start(2)]
    report(figures, SLACK)


def full(write):
    first, seconds = measure.cpu(100_000, 7)
    starts = measure.start(5)
    found = measure.growth(SIZES, 5, [peers.VENDOR, peers.TUTORIAL])
    figures = [
        first, *measure.memory(found, [SMALL, LARGE, HUGE]), *measure.wall(5), *starts, *measure.virtual(5), *measure.compared(found),
    ]
    costs = cost.table([
        (f"users, pages of {PAGE}", PAGE, seconds), ("users, pages of 100", 100, measure.small_page()),
        ("conversations, pages of 100", 100, measure.conversations()),
    ])
    print(costs, end="\n\n")
    if write:
        documents.draw(found)
        documents.put(documents.COST, "cost", costs)
        documents.put(documents.TABLE, "table", f"{machine()}\n\n{table(figures)}")
    report(figures)


def report(figures, slack=1):
    print(f"{machine()}\n\n{table(figures, slack)}")
    bad = [figure.name for figure in figures if not figure.holds(slack)]
    if bad:
        sys.exit("not within its bound: " + "; ".join(bad))


if __name__ == "__main__":
    main(*sys.argv[1:])
