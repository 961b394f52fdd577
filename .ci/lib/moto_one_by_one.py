"""moto_server, on a free port, answering one request after the other.

moto looks at a write's condition first and writes then, without a lock in between, so that of two writes at once both
might win. AWS lets one of them win; here one of them comes first.
"""

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

run_simple("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
