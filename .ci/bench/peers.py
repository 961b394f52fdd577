"""Other clients of the same API, as processes: the vendor's SDK, and what tutorials do."""

import os
import pathlib
import subprocess
import time

import with_server
from process import cpu_seconds, peak_bytes
from world import EXPAND, PAGE

HERE = pathlib.Path(__file__).parent
PACKAGES = with_server.TOOLS / "conformance-npm"
PYTHON = with_server.TOOLS / "bench-python/bin/python"

VENDOR, TUTORIAL = "vendor's SDK", "tutorial"


def argv(name, url):
    if name == VENDOR:
        return ["node", HERE / "vendor_loop.mjs", PACKAGES, url, PAGE, ",".join(EXPAND), os.devnull]

    return [PYTHON, HERE / "tutorial.py", url, PAGE, ",".join(EXPAND), os.devnull]


def run(name, world):
    """Lets a client read every user, and returns the processor time, the time and the memory of its process."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in argv(name, world.genesys)], env=with_server.environment(world.trust),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    with process:
        process.stdin.write(world.token + "\n")
        process.stdin.flush()
        printed = process.stdout.readline().strip()
        measured = cpu_seconds(process.pid), time.perf_counter() - begun, peak_bytes(process.pid)
    if printed != str(world.users):
        raise SystemExit(f"{name} read {printed or 'no'} users, not {world.users}")

    return measured
