"""Somebody who is told: an HTTP server that takes notices, or does not, as it is told.

with Webhook(500, 0) as webhook:
    ...
    assert webhook.seen[0]["event"] == "job-dead"
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Self


class Webhook(HTTPServer):
    """Gives these answers in turn, then 200; 0 is something that is not HTTP."""

    def __init__(self, *answers: int) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.answers = list(answers)
        self.seen: list[dict[str, Any]] = []
        """The bodies of all notices, taken or not."""
        self.keys: list[str] = []
        """Their Idempotency-Keys."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Taker(BaseHTTPRequestHandler):
    """One notice."""

    server: Webhook

    def do_POST(self) -> None:
        """Write the notice down and answer as told."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.keys.append(self.headers["Idempotency-Key"])
        self.server.seen.append(body)
        answer = self.server.answers.pop(0) if self.server.answers else 200
        if answer:
            self.send_response(answer)
            self.end_headers()
        else:
            self.wfile.write(b"this is not HTTP\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
