"""Somebody's program that is told of events: a small HTTP server that knows nothing of our code.

It checks each signature by itself (Standard Webhooks 1.0.0), and answers as it is told to: with a
status, or with nothing for as long as it likes.
"""

import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG = 0


class Heard:
    """What came, and what is answered next; without more 200."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.answers: deque[int] = deque()
        self.messages: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.unsigned = 0
        self.came = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.port = 0

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook?of=us"

    def is_signed(self, headers: Any, body: bytes) -> bool:
        """Whether one of the secrets signed it."""
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        told = headers["webhook-signature"].split(" ")
        for secret in self.secrets:
            key = base64.b64decode(secret.removeprefix("whsec_"))
            digest = hmac.new(key, signed, hashlib.sha256).digest()
            if "v1," + base64.b64encode(digest).decode() in told:
                return True
        return False


@contextmanager
def listening(tls: ssl.SSLContext | None = None) -> Iterator[Heard]:
    """While it does; by TLS where a context is given."""
    heard = Heard()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = heard.answers.popleft() if heard.answers else 200
            if not heard.is_signed(self.headers, body):
                heard.unsigned += 1
            if status == 200:
                heard.messages.append(json.loads(body))
                heard.ids.append(self.headers["webhook-id"])
            heard.came.release()
            if status == HANG:
                heard.go_on.wait(60)
                return
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_told: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    heard.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        heard.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()
