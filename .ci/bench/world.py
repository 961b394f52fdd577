"""What is measured against: the local world of `devstack stack`, whose pages come over TLS and from memory."""

import contextlib
import json
import pathlib
import tempfile
import time
import urllib.error
import urllib.request

import relay
import with_server

BUILD = with_server.TOP / ".build"
PAGE = 500
# With these a page is as large as the real API's: 795 KB, and 125 KB on the wire.
EXPAND = ["outOfOffice", "presence", "routingStatus", "station"]
TOKEN = "/genesys-cloud-export/token"
SECRET = "genesys-cloud-export/credentials"


class World:
    """An organisation, AWS, and how functions and other clients are led to them."""

    def __init__(self, users, page, genesys, aws, certificate):
        self.users, self.page, self.genesys, self.aws = users, page, genesys, aws
        self.trust = {"SSL_CERT_FILE": str(certificate), "NODE_EXTRA_CA_CERTS": str(certificate)}
        self.secret = self.call("secretsmanager.DescribeSecret", SecretId=SECRET)["ARN"]
        self.token = self.stored_token()
        self.exports = 0

    @property
    def pages(self):
        return self.users // self.page

    @property
    def first_page(self):
        return f"/api/v2/users/query?pageSize={self.page}&state=any&expand={','.join(EXPAND)}"

    def call(self, target, **body):
        """An operation of SSM or Secrets Manager, as the stack's developer. Nobody checks the signature."""
        request = urllib.request.Request(self.aws, json.dumps(body).encode(), {
            "X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1",
            "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/x/aws4_request, SignedHeaders=host, Signature=0",
        })
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.loads(reply.read())

    def stored_token(self):
        """The token that the stack's rotator stores soon."""
        for _ in range(100):
            with contextlib.suppress(urllib.error.HTTPError):
                stored = self.call("AmazonSSM.GetParameter", Name=TOKEN, WithDecryption=True)["Parameter"]["Value"]
                return json.loads(stored)["access_token"]
            time.sleep(0.2)
        raise SystemExit("the stack's rotator has stored no token")

    def variables(self):
        """The environment of every function. The limit is one that nobody meets."""
        return self.trust | with_server.aws_variables(self.aws) | {
            "GENESYS_API_URL": self.genesys, "GENESYS_TOKEN_URL": f"{self.genesys}/oauth/token",
            "GENESYS_CREDENTIALS_SECRET_ID": self.secret, "TOKEN_PARAMETER_NAME": TOKEN,
            "EXPORT_BUCKET": "exports-local", "EXPORT_PAGE_SIZE": str(self.page),
            "MAX_REQUESTS_PER_MINUTE": "100000", "RATE_SHARE_PERCENT": "100", "AWS_LAMBDA_LOG_FORMAT": "JSON",
        }

    def event(self):
        """The event of another export of every user."""
        self.exports += 1

        return {"export_id": f"bench-{self.exports}", "state": "any", "expand": EXPAND}


@contextlib.contextmanager
def world(users, latency=0, page=PAGE, handler=relay.Pages, options=()):
    """A world with so many users and no rate limit, whose pages take so many seconds each. options are the stack's."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        folder = pathlib.Path(folder)
        argv = [BUILD / "devstack", "stack", "-users", users, "-rate-limit", "0", "-out", folder / "out", *options]
        with with_server.running(argv, folder) as log:
            genesys = with_server.address(log, r"^Genesys Cloud\s+http://(127\.0\.0\.1:\d+)")
            aws = with_server.address(log, r"^AWS\s+(http://127\.0\.0\.1:\d+)")
            certified = relay.certificate(folder)
            with relay.serving(handler, certified, upstream=genesys, delay=latency, pages={}) as api:
                yield World(users, page, api, aws, certified[0])


def slow_uploads(aws, seconds):
    """An address of the same AWS at which each upload takes so many seconds."""
    return relay.serving(relay.Relay, upstream=aws.removeprefix("http://"), delay=seconds)
