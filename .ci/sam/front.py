"""All of AWS at one address: S3, SSM, Secrets Manager and Lambda are the local world's, everything else is moto's. A request
says in its signature which service it is for.

moto's state machines call the functions and start executions at this address as well. So their calls are counted here, and
those that a test names go wrong: their work is done and its reply is lost, or they are refused.
"""

import collections
import functools
import http.client
import http.server
import json
import re
import threading
import urllib.parse
import uuid

LOCAL = {"s3", "ssm", "secretsmanager", "lambda"}
FUNCTION = re.compile(r"^/2015-03-31/functions/([^/]+)(/invocations|/configuration|)$")
START = "AWSStepFunctions.StartExecution"
CALL_SECONDS = 120
# What is told anew for each connection: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "expect", "te", "trailer", "upgrade", "content-length"}

Reply = collections.namedtuple("Reply", "status headers body")


class Front:
    """A context manager; world, moto and functions are told to it as soon as they are known."""

    def __init__(self):
        self.world = self.moto = None  # addresses
        self.functions = {}  # a deployed function's name to the local world's
        self.calls = collections.Counter()
        self.planned = {}
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def lose_reply(self, export_id, nth):
        """Loses the reply of the nth invocation for that export, counted from 1: the function runs, its caller gets a 500."""
        self.planned["invoke", export_id, nth] = lost

    def refuse_start(self, export_id, nth, error):
        """Refuses to start an execution for that export for the nth time, with an error of AWS's model."""
        self.planned["start", export_id, nth] = functools.partial(refused, error)

    def answer(self, method, target, headers, body):
        scope = re.search(r"Credential=[^/,]+/[^/,]+/[^/,]+/([^/,]+)/", headers.get("Authorization", ""))
        if not scope or scope.group(1) not in LOCAL:
            if headers.get("X-Amz-Target") == START:
                asked = {"name": str(uuid.uuid4())} | json.loads(body)  # moto gives no name, and says None
                whose = named(asked.get("input"))
                return self.call("start", whose, self.moto, method, target, headers, json.dumps(asked).encode())
            return forward(self.moto, method, target, headers, body)
        path, question, query = target.partition("?")
        if not (function := FUNCTION.match(path)):
            return forward(self.world, method, target, headers, body)
        name = urllib.parse.unquote(function.group(1)).rpartition(":function:")[2]
        local = self.functions.get(name, name)
        path = f"/2015-03-31/functions/{local}{function.group(2)}{question}{query}"
        if function.group(2) != "/invocations":
            return forward(self.world, method, path, headers, body)
        return self.call("invoke", named(body) or local, self.world, method, path, headers, body)

    def call(self, what, whose, *request):
        with self.lock:
            self.calls[what, whose] += 1
            spoil = self.planned.pop((what, whose, self.calls[what, whose]), None)
        return spoil(*request) if spoil else forward(*request)


def named(text):
    """The export that an event or an execution's input names."""
    try:
        return json.loads(text or "{}").get("export_id")
    except (ValueError, AttributeError):
        return None


def forward(base, method, target, headers, body):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc, timeout=CALL_SECONDS)
    try:
        connection.request(method, target, body, headers)
        reply = connection.getresponse()
        return Reply(reply.status, reply.getheaders(), reply.read())
    finally:
        connection.close()


def lost(*request):
    forward(*request)
    message = {"Type": "Service", "Message": "The service encountered an error."}
    return Reply(500, [*request_id(), ("X-Amzn-ErrorType", "ServiceException")], json.dumps(message).encode())


def refused(error, *_):
    message = {"__type": error, "message": "It was refused."}
    return Reply(400, [*request_id(), ("Content-Type", "application/x-amz-json-1.0")], json.dumps(message).encode())


def request_id():
    return [("X-Amzn-RequestId", str(uuid.uuid4()))]


def handler(front):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def relay(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {key: value for key, value in self.headers.items() if key.lower() not in OF_THE_CONNECTION}
            try:
                reply = front.answer(self.command, self.path, headers, body)
            except OSError as failure:
                reply = Reply(502, [], f"what is behind this address does not answer: {failure}".encode())
            self.send_response_only(reply.status)
            for key, value in reply.headers:
                if key.lower() not in OF_THE_CONNECTION:
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = relay

        def log_message(self, *_):
            """Says nothing: moto and the local world have logs of their own."""

    return Handler
