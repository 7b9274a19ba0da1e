"""A proxy before an MLflow server that answers as servers do on a bad day."""

import http.client
import threading
from collections.abc import Callable
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Fault = Callable[[str, str], str | int | None]
"""From method and path to what goes wrong: a status, `hang`, `cut` (it is done, and nobody is told), None."""


def all_is_well(_method: str, _path: str) -> None:
    return None


class FaultyProxy:
    """Forwards to a server, or does what `fault` says.

    Parameters
    ----------
    upstream
        URI of the server.
    """

    def __init__(self, upstream: str) -> None:
        self.fault: Fault = all_is_well
        self.faults = 0
        self.let_go = threading.Event()  # ends what hangs
        self.token: str | None = None  # who has another, or none, is told 401
        self.authorizations: set[str | None] = set()
        self._upstream = urlsplit(upstream).netloc
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(proxy) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fault = proxy.fault(self.command, self.path) or proxy.judge(self.headers)
                if fault is not None:
                    proxy.faults += 1
                if fault == "hang":
                    proxy.let_go.wait()
                elif isinstance(fault, int):
                    self.send_response(fault)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                else:
                    status, answer = proxy.ask(self.command, self.path, body, dict(self.headers))
                    if fault != "cut":
                        self.send_response(status)
                        self.send_header("Content-Type", "application/json")
                        self.send_header("Content-Length", str(len(answer)))
                        self.end_headers()
                        self.wfile.write(answer)
                self.close_connection = True

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def judge(self, headers: Message) -> int | None:
        said = headers.get("Authorization")
        self.authorizations.add(said)
        return 401 if self.token and said != f"Bearer {self.token}" else None

    def ask(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._upstream, timeout=60)
        headers = {k: v for k, v in headers.items() if k.lower() not in ("host", "connection")}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
