"""A built function under a Runtime API of Lambda that is served here, and what its process has used."""

import json
import os
import socket
import subprocess
import tempfile
import time
import uuid

NEXT = "/runtime/invocation/next"
TICKS = os.sysconf("SC_CLK_TCK")


class Process:
    """A function's process. It has asked for its first event when it is made; start_seconds is how long that took."""

    def __init__(self, binary, variables, prefix=()):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.reader = None
        environ = {
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "TZ": ":UTC", "_HANDLER": "bootstrap",
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % self.listener.getsockname()[1],
            "AWS_LAMBDA_FUNCTION_NAME": "bench", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        }
        self.log = tempfile.TemporaryFile()
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [*prefix, str(binary)], env=environ | variables, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        self.expect(NEXT)
        self.start_seconds = time.perf_counter() - begun

    def invoke(self, event, seconds=900):
        """Answers the request for an event, and returns the function's result once it has asked for another event."""
        deadline = int((time.time() + seconds) * 1000)
        self.answer(
            "200 OK", json.dumps(event).encode(),
            f"Lambda-Runtime-Aws-Request-Id: {uuid.uuid4()}\r\nLambda-Runtime-Deadline-Ms: {deadline}\r\n"
            "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:000000000000:function:bench\r\n",
        )
        path, body = self.request()
        self.answer("202 Accepted", b"")
        self.expect(NEXT)
        if not path.endswith("/response"):
            raise RuntimeError(f"the function failed: {body.decode()}\n{self.printed()}")

        return json.loads(body)

    def expect(self, end):
        path, _ = self.request()
        if not path.endswith(end):
            raise RuntimeError(f"the function asked for {path}, not for {end}\n{self.printed()}")

    def request(self):
        """The next request's path and body, on whichever connection it comes."""
        self.listener.settimeout(10)
        while True:
            if self.reader is None:
                self.connection, _ = self.listener.accept()
                self.connection.settimeout(900)
                self.reader = self.connection.makefile("rb")
            line = self.reader.readline()
            if line:
                break
            self.reader = None
        headers = {}
        while (header := self.reader.readline().strip()):
            name, _, value = header.decode().partition(":")
            headers[name.lower()] = value.strip()

        return line.decode().split()[1], self.body(headers)

    def body(self, headers):
        if headers.get("transfer-encoding") != "chunked":
            return self.reader.read(int(headers.get("content-length", 0)))
        whole = b""
        while (size := int(self.reader.readline(), 16)):
            whole += self.reader.read(size)
            self.reader.readline()
        while self.reader.readline().strip():  # trailers
            pass

        return whole

    def answer(self, status, body, headers=""):
        self.connection.sendall(f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def peak(self):
        return peak_bytes(self.process.pid)

    def printed(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-2000:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.listener.close()
        self.log.close()
        if self.reader:
            self.reader.close()
            self.connection.close()


def cpu_seconds(pid):
    """What a process has used of the processor so far, by itself and by the kernel for it: utime and stime of proc(5)."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()

    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_bytes(pid):
    """The most that a process that still runs has had resident: VmHWM of proc(5)."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))
