"""Servers between the clients and the local world, which answer after a set time."""

import contextlib
import http.client
import http.server
import multiprocessing
import ssl
import subprocess
import time
import urllib.parse


class Relay(http.server.BaseHTTPRequestHandler):
    """Sends a request on and its reply back. A server's class names the upstream host, and how long an upload or a page takes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def parse_request(self):
        self.arrived = time.monotonic()

        return super().parse_request()

    def fetch(self):
        """The upstream's status, headers and body."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with contextlib.closing(http.client.HTTPConnection(self.upstream)) as connection:
            connection.request(self.command, self.path, body, dict(self.headers))
            reply = connection.getresponse()
            headers = [pair for pair in reply.getheaders() if pair[0].lower() not in ("content-length", "transfer-encoding", "connection")]

            return reply.status, headers, reply.read()

    def send(self, status, headers, body):
        self.send_response_only(status)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self._headers_buffer.append(b"\r\n" + body)  # one write, so that nothing waits for an acknowledgement
        self.flush_headers()

    def relay(self):
        reply = self.fetch()
        if self.command == "PUT":
            self.wait()
        self.send(*reply)

    def wait(self):
        time.sleep(max(0, self.arrived + self.delay - time.monotonic()))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = lambda self: self.relay()

    def log_message(self, *_):
        pass


class Pages(Relay):
    """Sends each page as the organisation sent it the first time, so that a client is measured and not the simulator."""

    def relay(self):
        cursor = "".join(urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("cursor", []))
        page = self.pages.get(cursor)
        if page is None:
            page = self.fetch()
            if page[0] == 200:
                self.pages[cursor] = page
        self.wait()
        self.send(*page)


def certificate(folder):
    """A new certificate for 127.0.0.1, and its key."""
    files = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=bench",
         "-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout", files[1]],
        check=True, capture_output=True,
    )

    return files


@contextlib.contextmanager
def serving(handler, certified=None, **attributes):
    """
    Serves a handler of this module on a free port, and yields its address. What it needs are attributes of its class. It runs in a process
    of its own: one that receives a part does not keep another from sending a page.
    """
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (handler,), attributes))
    server.daemon_threads = True
    if certified:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certified)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    process = multiprocessing.get_context("fork").Process(target=server.serve_forever, daemon=True)
    process.start()
    try:
        yield "%s://127.0.0.1:%d" % ("https" if certified else "http", server.server_address[1])
    finally:
        process.terminate()
        process.join()
        server.server_close()
