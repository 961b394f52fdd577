"""LocalStack, with functions that run as processes of this machine. Its own executor wants Docker and a binary from outside.

Run by LocalStack's Python, with LocalStack's variables. LOST_REPLIES names exports whose first invocation does its work and then
ends without an answer, as one does whose process is killed. An invocation goes to the function's bootstrap over a Runtime API of its
own, and ends at the function's timeout, as it does in Lambda:
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import concurrent.futures
import http.server
import json
import os
import queue
import subprocess
import tempfile
import threading
import time

from localstack import config
from localstack.runtime import main
from localstack.services.lambda_.invocation import runtime_executor
from localstack.services.lambda_.invocation.lambda_models import InvocationResult

LOST_REPLIES = set(json.loads(os.environ.get("LOST_REPLIES", "[]")))
HOST = "127.0.0.1"
LOCK = threading.Lock()


class Processes(runtime_executor.RuntimeExecutor):
    """One process of one version of a function; LocalStack gives it one invocation at a time."""

    process = log = server = answer = None

    def start(self, env_vars):
        self.given, self.asked = queue.Queue(), threading.Event()
        self.server = http.server.ThreadingHTTPServer((HOST, 0), runtime_api(self))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
        variables = kept | {name: str(value) for name, value in env_vars.items()}
        variables["AWS_LAMBDA_RUNTIME_API"] = f"{HOST}:{self.server.server_port}"
        self.variables, self.code = variables, self.function_version.config.code.get_unzipped_code_location()
        self.log = tempfile.TemporaryFile()
        self.begin()
        if not self.asked.wait(10):
            raise runtime_executor.LambdaRuntimeException(f"the function asks for no invocation: {self.get_logs()[-1000:]}")

    def begin(self):
        self.process = subprocess.Popen([self.code / "bootstrap"], cwd=self.code, env=self.variables, stdout=self.log, stderr=self.log)
        threading.Thread(target=self.watch, args=(self.process,), daemon=True).start()

    def watch(self, process):
        status = process.wait()
        if self.answer and not self.answer.done():
            self.fail("Runtime.ExitError", f"Runtime exited with status {status}")

    def fail(self, kind, message):
        body = json.dumps({"errorType": kind, "errorMessage": f"RequestId: {self.request_id} Error: {message}"})
        self.answer.set_result((body.encode(), True))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.server.shutdown()
        self.server.server_close()

    def invoke(self, payload):
        self.request_id, self.answer = payload["invoke-id"], concurrent.futures.Future()
        if self.process.poll() is not None:
            self.begin()
        begun, seconds = self.log.seek(0, os.SEEK_END), self.function_version.config.timeout
        self.given.put((payload, int((time.time() + seconds) * 1000)))
        try:
            body, is_error = self.answer.result(seconds)
        except concurrent.futures.TimeoutError:
            self.process.kill()
            self.answer = concurrent.futures.Future()
            self.fail("Sandbox.Timedout", f"Task timed out after {seconds}.00 seconds")
            body, is_error = self.answer.result()
        with LOCK:
            if (export_id := json.loads(payload["payload"] or "{}").get("export_id")) in LOST_REPLIES:
                LOST_REPLIES.remove(export_id)
                body, is_error = b'{"errorType":"Runtime.ExitError","errorMessage":"its reply is lost"}', True
        return InvocationResult(self.request_id, body, is_error, self.get_logs()[begun:])

    def get_logs(self):
        return os.pread(self.log.fileno(), 1 << 26, 0).decode(errors="replace")

    def get_address(self):
        return HOST

    def get_endpoint_from_executor(self):
        return HOST

    def get_runtime_endpoint(self):
        return f"http://{HOST}:{config.GATEWAY_LISTEN[0].port}"

    @classmethod
    def prepare_version(cls, function_version):
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        """Leaves the code where it is: LocalStack deletes it."""


def runtime_api(function):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            function.asked.set()
            payload, deadline = function.given.get()
            self.reply(
                200,
                payload["payload"].encode(),
                {
                    "Lambda-Runtime-Aws-Request-Id": payload["invoke-id"],
                    "Lambda-Runtime-Deadline-Ms": str(deadline),
                    "Lambda-Runtime-Invoked-Function-Arn": payload["invoked-function-arn"],
                    "Lambda-Runtime-Trace-Id": payload["trace-id"],
                },
            )

        def do_POST(self):
            body = self.body()
            if function.answer and not function.answer.done():
                function.answer.set_result((body, self.path.endswith("/error")))
            self.reply(202, b"{}", {})

        def body(self):
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():  # trailers
                pass
            return body

        def reply(self, status, body, headers):
            self.send_response_only(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Says nothing: the function has a log of its own."""

    return Handler


if __name__ == "__main__":
    runtime_executor.get_runtime_executor = lambda: Processes
    main.main()
