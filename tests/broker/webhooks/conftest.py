"""A receiver of webhooks that can misbehave, and a broker that may tell it."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Told:
    """One request that the receiver got."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Receiver:
    """`received` grows; `answers` are taken one by one, then 200. An answer: a status, a word or a redirect."""

    url: str = ""
    received: list[Told] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)

    def wait_for(self, count: int, seconds: float = 20) -> list[Told]:
        deadline = time.monotonic() + seconds
        while len(self.received) < count:
            assert time.monotonic() < deadline, f"{len(self.received)} of {count} requests came"
            time.sleep(0.02)
        return self.received


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            length = int(self.headers.get("content-length", 0))
            text = self.rfile.read(length).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = kept.answers.pop(0) if kept.answers else 200
            kept.received.append(Told(self.command, self.path, headers, text))
            if answer == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            elif answer == "hang":
                time.sleep(3)
            elif isinstance(answer, tuple):
                self.send_response(302)
                self.send_header("Location", answer[1])
                self.end_headers()
            else:
                self.send_response(answer)
                self.end_headers()
                self.wfile.write(b"a word from the receiver")

        do_POST = do_GET = do_PUT = _take

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    kept.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()


TELLING = {
    "webhook_scheme_whitelist": ("http", "https"),
    "webhook_host_whitelist": ("127.0.0.0/8",),
    "webhook_http_method_whitelist": ("POST", "GET"),
    "webhook_first_attempt_seconds": 0,
    "webhook_retry_schedule": ("1", "1"),
    "webhook_timeout_seconds": 1,
    "secret_key": "b2y3cXk5Y0dqM2ZlV0lqQTl2a3E0Q2c2bGZQVm9aN2w=",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def telling(request: pytest.FixtureRequest, broker_with: Callable[..., Any], world_of: Callable[..., Any]) -> Any:
    """A world in a broker that may tell receivers on this machine, at once, and tries again after a second."""
    return world_of(broker_with(kind=request.param, **TELLING))


@pytest.fixture
def telling_with(broker_with: Callable[..., Any], world_of: Callable[..., Any]) -> Callable[..., Any]:
    """The same with settings of one's own, on SQLite."""
    return lambda **settings: world_of(broker_with(**{**TELLING, **settings}))


@pytest.fixture
def add_webhook() -> Callable[..., dict[str, Any]]:
    """`add_webhook(world, url, "contract_published", …)`: the webhook's document."""

    def add(world: Any, url: str, *events: str, request: dict[str, Any] | None = None, **members: Any) -> Any:
        body = {
            "events": [{"name": event} for event in events],
            "request": {"method": "POST", "url": url, **(request or {})},
            **members,
        }
        response = world.client.post("/webhooks", json=body)
        assert response.status_code == 201, response.text
        return response.json()

    return add
