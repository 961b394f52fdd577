"""Runs a command with one server beside it, on a free port of the loopback, and ends as the command ends.

    with_server.py genesys [option of devstack sim…] -- command…     a Genesys Cloud organisation
    with_server.py aws [option of devstack stack…] -- command…       SSM, Secrets Manager, S3 and Lambda at one address
    with_server.py moto -- command…                                  moto's SSM, Secrets Manager and S3
    with_server.py versitygw -- command…                             versitygw's S3, over an empty folder

The command finds the server through its environment: GENESYS_URL and GENESYS_CREDENTIALS_FILE, or the variables of AWS's
clients and CONFORMANCE_NAME and CONFORMANCE_ENDPOINT. It sees no AWS profile or credentials of whoever runs it. What the server
wrote is shown where the command failed. It runs at the top of the checkout; the server is stopped by its process id.
"""

import contextlib
import json
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOLS = TOP / ".tools"
START_SECONDS = 60
COMMAND_SECONDS = 300
STOP_SECONDS = 15
# As shared/devstack/conformance has them: versitygw holds signatures to them.
ACCESS_KEY, SECRET_KEY, REGION = "local", "local", "eu-central-1"


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    name, *rest = sys.argv[1:]
    options, command = rest[: rest.index("--")], rest[rest.index("--") + 1 :]
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        with SERVERS[name](pathlib.Path(folder), options) as found:
            try:
                status = subprocess.run(command, cwd=TOP, env=environment(found), timeout=COMMAND_SECONDS).returncode
            except subprocess.TimeoutExpired:
                raise SystemExit(f"{command[-1]} did not end within {COMMAND_SECONDS} s") from None
            if status:
                raise SystemExit(status)


def environment(found):
    """What the command sees: nothing of its caller's AWS, and no proxy between it and the loopback."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "CONFORMANCE_", "GENESYS_"))}
    return kept | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"} | found


@contextlib.contextmanager
def genesys(folder, options):
    credentials = folder / "credentials.json"
    with open(os.open(credentials, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        json.dump({"client_id": "conformance", "client_secret": secrets.token_urlsafe()}, file)
    argv = [".build/devstack", "sim", "-credentials", credentials, "-out", folder / "out", *options]
    with running(argv, folder) as log:
        yield {
            "GENESYS_URL": address(log, r"(http://127\.0\.0\.1:\d+)"),
            "GENESYS_CREDENTIALS_FILE": str(credentials),
        }


@contextlib.contextmanager
def aws(folder, options):
    with running([".build/devstack", "stack", "-out", folder / "out", *options], folder) as log:
        yield aws_variables(address(log, r"^AWS\s+(http://127\.0\.0\.1:\d+)")) | {"CONFORMANCE_FOLDER": str(folder / "out/s3")}


@contextlib.contextmanager
def moto(folder, options):
    argv = [TOOLS / "moto/bin/python", pathlib.Path(__file__).with_name("moto_one_by_one.py"), *options]
    with running(argv, folder) as log:
        yield conformance_variables("moto", address(log, r"(http://127\.0\.0\.1:\d+)"))


@contextlib.contextmanager
def versitygw(folder, options):
    objects, sidecar = folder / "objects", folder / "sidecar"  # a sidecar, since not every file system has attributes
    objects.mkdir()
    sidecar.mkdir()
    with socket.socket() as probe:  # it does not tell which port it took
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [TOOLS / "versitygw/versitygw", "--quiet", "--region", REGION, "--port", f"127.0.0.1:{port}", *options]
    argv += ["posix", "--sidecar", sidecar, objects]
    with running(argv, folder, {"ROOT_ACCESS_KEY_ID": ACCESS_KEY, "ROOT_SECRET_ACCESS_KEY": SECRET_KEY}) as log:
        until(log, lambda: answers(port))
        yield conformance_variables("versitygw", f"http://127.0.0.1:{port}")


SERVERS = {"genesys": genesys, "aws": aws, "moto": moto, "versitygw": versitygw}


def aws_variables(url):
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


def conformance_variables(name, url):
    return aws_variables(url) | {"CONFORMANCE_NAME": name, "CONFORMANCE_ENDPOINT": url}


class Log:
    """The server's process and what it wrote so far."""

    def __init__(self, process, path):
        self.process, self.path = process, path

    def text(self):
        return self.path.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def running(argv, folder, variables=None):
    path = folder / "server.log"
    with path.open("wb") as file:
        process = subprocess.Popen(
            [str(part) for part in argv],
            cwd=TOP,
            env=environment(variables or {}),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    log = Log(process, path)
    failed = True
    try:
        yield log
        failed = False
    finally:
        stop(process)
        if failed:
            sys.stderr.write(f"--- {argv[0]} wrote:\n{log.text()[-4000:]}\n")


def stop(process):
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def address(log, pattern):
    """The address that the server prints."""
    return until(log, lambda: re.search(pattern, log.text(), re.MULTILINE)).group(1)


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True


def until(log, look):
    """Waits until look finds something, for as long as the server lives."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if found := look():
            return found
        if log.process.poll() is not None:
            raise SystemExit(f"the server ended with {log.process.returncode} before it was ready")
        time.sleep(0.05)
    raise SystemExit(f"the server was not ready after {START_SECONDS} s")


if __name__ == "__main__":
    main()
