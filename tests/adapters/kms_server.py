"""AWS KMS on a local port: moto behind a plain HTTP server that speaks the real protocol.

moto's own server needs a web framework that nothing else here needs; its answers are the same.
"""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from moto import mock_aws
from moto.core.models import botocore_stubber

REGION = "us-east-1"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.headers["X-Amz-Target"], body))  # type: ignore[attr-defined]
        url = f"https://kms.{REGION}.amazonaws.com{self.path}"
        headers = {name: value for name, value in self.headers.items() if name != "Host"}
        asked = AWSPreparedRequest("POST", url, headers, body, False)
        reply = botocore_stubber("before-send.kms.Any", asked)
        assert reply is not None
        self.send_response(reply.status_code)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(reply.content)))
        self.end_headers()
        self.wfile.write(reply.content)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def kms() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Serve KMS; yields its address and what was asked of it."""
    with mock_aws():
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        server.seen = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", server.seen  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
