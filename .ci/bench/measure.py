"""The measurements. Each returns figures, or what figures are made of; all of one figure's numbers come from one run."""

import contextlib
import re
import statistics
import subprocess
import sys
import time

import peers
import relay
import with_server
from figures import Figure
from process import Process
from world import BUILD, PAGE, slow_uploads, world

FUNCTIONS = {"rotator": 1.6, "export-users": 2.0, "export-directory": 2.0, "export-history": 2.0}
LATENCY, UPLOAD = 0.2, 0.1
SMALL, LARGE, HUGE = 10_000, 200_000, 1_000_000
MEGA = 1_000_000


def say(text):
    print(f"… {text}", file=sys.stderr, flush=True)


def binary(function):
    return BUILD / function / "bootstrap"


def floor(world):
    """What the floor uses of the processor for each page."""
    with Process(BUILD / "bench/floor", world.variables()) as process:
        before = process.cpu()
        pages = process.invoke({"Origin": world.genesys, "Path": world.first_page, "Token": world.token})
        used = process.cpu() - before
    if pages != world.pages:
        raise SystemExit(f"the floor read {pages} pages, not {world.pages}")

    return used / world.pages


class Export:
    """One export of every user by the built function, in one invocation, and what its process used."""

    def __init__(self, world, prefix=(), **variables):
        with Process(binary("export-users"), world.variables() | variables, prefix) as process:
            started, begun = process.cpu(), time.perf_counter()
            result = process.invoke(world.event())
            self.wall, self.cpu, self.peak = time.perf_counter() - begun, process.cpu(), process.peak()
        self.cpu_per_page = (self.cpu - started) / world.pages
        if (result["status"], result["records"]) != ("complete", world.users):
            raise SystemExit(f"the export is not complete: {result}")


def cpu(users, runs):
    """The processor time of a page against the floor's, in turn; the second value is the seconds of a page."""
    ratios, seconds = [], []
    with world(users) as w:
        floor(w)  # from here on the pages are there
        for run in range(runs):
            say(f"CPU of {w.pages} pages, {run + 1} of {runs}")
            least = floor(w)
            seconds.append(Export(w).cpu_per_page)
            ratios.append(seconds[-1] / least)

    return Figure(f"CPU of a page of {PAGE} users, of the floor's", ratios, "≤", 2.6), statistics.median(seconds)


def small_page():
    """The seconds of a page of 100 users."""
    with world(50_000, page=100) as w:
        floor(w)

        return statistics.median(Export(w).cpu_per_page for _ in range(5))


def conversations():
    """The seconds of a page of 100 conversations, those of the simulator, in one export of a day."""
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 3 * 86_400))
    event = {"export_id": "bench", "listing": "conversations", "interval": f"{day}T00:00:00Z/{day}T23:59:59Z", "page_size": 100}
    with world(SMALL, page=100, handler=relay.Relay, options=("-sizes", "conversations=50000", "-job-time", "0s")) as w:
        with Process(binary("export-history"), w.variables()) as process:
            before, result = process.cpu(), {}
            while result.get("status") != "complete":
                time.sleep(result.get("wait_seconds", 0))
                result = process.invoke(event)

            return (process.cpu() - before) / result["pages"]


def start(runs):
    """The time to the first request for an event against an empty function's, in turn."""
    ratios = {function: [] for function in FUNCTIONS}
    with world(SMALL) as w:
        for run in range(runs):
            say(f"start, {run + 1} of {runs}")
            empty, taken = [], {function: [] for function in FUNCTIONS}
            for _ in range(10):
                for function in FUNCTIONS:
                    empty.append(started(BUILD / "bench/empty", w))
                    taken[function].append(started(binary(function), w))
            for function, times in taken.items():
                ratios[function].append(statistics.median(times) / statistics.median(empty))

    return [
        Figure(f"start of {function} to the first `/next`, of an empty function's", ratios[function], "≤", bound)
        for function, bound in FUNCTIONS.items()
    ]


def started(path, w):
    with Process(path, w.variables()) as process:
        return process.start_seconds


def wall(runs):
    """The time of a large export where each page takes 200 ms and each upload 100 ms, of what the pages alone take."""
    cores = {"": (), ", on one core": ("taskset", "-c", "0")}
    ratios = {name: [] for name in cores}
    with world(LARGE, LATENCY) as w, slow_uploads(w.aws, UPLOAD) as s3:
        begun = time.perf_counter()
        floor(w)
        least = (time.perf_counter() - begun) / (w.pages * LATENCY)
        for run in range(runs):
            say(f"wall time, {run + 1} of {runs}")
            for name, prefix in cores.items():
                ratios[name].append(Export(w, prefix, AWS_ENDPOINT_URL_S3=s3).wall / (w.pages * LATENCY))
    figures = [
        Figure(f"time of {LARGE:,} users at 200 ms a page and 100 ms an upload{name}, of the pages' alone", values, "≤", 1.04, places=3)
        for name, values in ratios.items()
    ]

    return [*figures, Figure("the floor's time, which uploads nothing, of the same", [least], places=3)]


def growth(sizes, runs, compared=()):
    """By client, then by size: processor time, time and memory of whole processes, in turn."""
    found = {}
    for users in sizes:
        with world(users) as w:
            floor(w)
            for run in range(runs):
                say(f"{users:,} users, {run + 1} of {runs}")
                export = Export(w)
                found.setdefault("export-users", {}).setdefault(users, []).append((export.cpu, export.wall, export.peak))
                for peer in compared if users <= LARGE else ():
                    found.setdefault(peer, {}).setdefault(users, []).append(peers.run(peer, w))

    return found


def memory(found, sizes):
    """How much memory an export has, and how much of that is the export's size."""
    peaks = {users: [peak / MEGA for _, _, peak in found["export-users"][users]] for users in sizes}
    medians = [statistics.median(values) for values in peaks.values()]
    named = [Figure(f"peak resident size at {users:,} users", values, "≤", 36, "MB", 1) for users, values in peaks.items()]

    return [*named, Figure("the largest of these, of the smallest", [max(medians) / min(medians)], "≤", 1.15)]


def compared(found):
    """How many times ours other clients need."""
    figures = []
    for peer in peers.VENDOR, peers.TUTORIAL:
        for users in SMALL, LARGE:
            pairs = list(zip(found[peer][users], found["export-users"][users]))
            figures.append(Figure(f"CPU of the {peer} at {users:,} users, of ours", [a[0] / b[0] for a, b in pairs], "≥", 8, places=1))
        figures.append(Figure(f"memory of the {peer} at {LARGE:,} users, of ours", [a[2] / b[2] for a, b in pairs], "≥", 10, places=1))

    return figures


def virtual(runs):
    """What tests in virtual time report."""
    say(f"tests in virtual time, {runs} times")
    argv = ["go", "test", "-count", str(runs), "-v", "-run", "ShareOfALimitThatItDoesNotKnow|ThrottledWaiting", "./shared/exporter"]
    done = subprocess.run(argv, cwd=with_server.TOP, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout[-3000:] + done.stderr)
    values = {}
    for name, value in re.findall(r"^=== ATTR +\S+ (\w+) ([\d.-]+)$", done.stdout, re.MULTILINE):
        values.setdefault(name, []).append(float(value))

    return [
        Figure("used of its share of a limit that it does not know, ten virtual minutes", values["share_of_the_limit"], "≥", 0.95),
        Figure("429s that it meets there", values["throttled"], "≤", 1, "", 0),
        Figure("429s that a second client meets there, once the first one's window is over", values["throttled_other"], "≤", 0, "", 0),
        Figure("billed of what it waits for after a 429", [100 * value for value in values["billed_share_of_waiting"]], "≤", 2, "%", 1),
    ]
