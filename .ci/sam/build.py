"""sam build, and a look at what it built: for each function its own static binary for the right architecture, under the name
that the runtime starts.

    build.py [host]    for both processors, or for this machine's alone, whose build is what sam local runs then
"""

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys

from checks import Checks
from local import ARCHITECTURE, BUILD, FOLDERS, TOP, sam
from with_server import environment

GO = os.environ.get("GO", "go")
MACHINES = {"x86_64": (62, "amd64"), "arm64": (183, "arm64")}  # e_machine in the file's header, and Go's name
FLAGS = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=auto -tags=lambda.norpc -trimpath '-ldflags=-s -w'"}
PT_INTERP = 3
checks = Checks("sam build")


def build(architecture):
    shutil.rmtree(BUILD, ignore_errors=True)
    argv = [sam(), "build", "--build-dir", str(BUILD), "--parameter-overrides", f"Architecture={architecture}"]
    done = subprocess.run(
        argv, cwd=TOP, env=environment(FLAGS | {"SAM_CLI_TELEMETRY": "0"}), capture_output=True, text=True, check=False
    )
    checks.must(f"sam build for {architecture} ends well: {done.stderr[-600:]}", done.returncode == 0)
    digests = {look(logical, folder, architecture) for logical, folder in FOLDERS.items()}
    checks.expect(f"different binaries for {architecture}", len(digests), len(FOLDERS))


def handlers():
    """What Lambda is told to start. The runtime starts bootstrap whatever it is told, and so would hide a misspelt one."""
    argv = [".build/devstack", "evaluate", "template.yaml", "GenesysEnvironment=mypurecloud.de", "RunbookUrl=https://git.example.com/RUNBOOK.md"]
    evaluated = json.loads(subprocess.run(argv, cwd=TOP, capture_output=True, check=True).stdout)
    functions = {n: r["Properties"] for n, r in evaluated["Resources"].items() if r["Type"] == "AWS::Serverless::Function"}
    checks.expect("the functions", sorted(functions), sorted(FOLDERS))
    for logical, told in functions.items():
        checks.expect(f"{logical}: runtime and handler", (told["Runtime"], told["Handler"]), ("provided.al2023", "bootstrap"))
        checks.expect(f"{logical}: where its code is", told["CodeUri"].strip("/"), f"functions/{FOLDERS[logical]}")


def look(logical, folder, architecture):
    """Looks at the artifact of a function and returns its digest."""
    built = BUILD / logical
    checks.expect(f"what is in {logical}", sorted(file.name for file in built.iterdir()), ["bootstrap"])
    content = (built / "bootstrap").read_bytes()
    machine, name = MACHINES[architecture]
    checks.expect(f"{logical}: ELF of 64 bits", content[:5], b"\x7fELF\x02")
    checks.expect(f"{logical}: the machine", struct.unpack_from("<H", content, 18)[0], machine)
    checks.must(f"{logical} is static", PT_INTERP not in segments(content))
    checks.must(f"{logical} can be run", os.access(built / "bootstrap", os.X_OK))
    told = subprocess.run([GO, "version", "-m", str(built / "bootstrap")], capture_output=True, text=True, check=True).stdout
    for line in (
        f"path\tgenesys-cloud-export/functions/{folder}\n",
        f"build\tGOARCH={name}\n",
        "build\tCGO_ENABLED=0\n",
        "build\t-tags=lambda.norpc\n",
        "build\t-trimpath=true\n",
    ):
        checks.must(f"{logical} was built with {line.strip()!r}", line in told)
    return hashlib.sha256(content).hexdigest()


def segments(content):
    """The types of the program's segments."""
    offset = struct.unpack_from("<Q", content, 32)[0]
    size, count = struct.unpack_from("<HH", content, 54)
    return [struct.unpack_from("<I", content, offset + size * number)[0] for number in range(count)]


def main():
    asked = [ARCHITECTURE] if sys.argv[1:] == ["host"] else ["arm64" if ARCHITECTURE == "x86_64" else "x86_64", ARCHITECTURE]
    handlers()
    for architecture in asked:
        build(architecture)
    checks.finish(f"{len(FOLDERS)} functions for {' and '.join(asked)}, each its own static binary")


if __name__ == "__main__":
    main()
