"""`pact broker … webhook`, and a client that signs in with a token, run as their users run them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

TELLING = {
    "webhook_scheme_whitelist": ("http",),
    "webhook_host_whitelist": ("127.0.0.0/8",),
    "webhook_first_attempt_seconds": 0,
}


@pytest.fixture
def broker(broker_with: Any) -> Any:
    """A broker that may tell receivers on this machine."""
    return broker_with(**TELLING)


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[str]]]:
    """(address, bodies received)."""
    bodies: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers.get("content-length", 0))).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", bodies
    server.shutdown()
    server.server_close()


@pytest.mark.row("PB-267")
def test_webhooks_are_created_tried_replaced_and_deleted(pact: Any, world: Any, api: Any, receiver: Any):
    url, bodies = receiver
    world.participant("Web").participant("Orders")
    data = json.dumps({"who": "${pactbroker.consumerName}"})
    what = ("--request", "POST", "--data", data, "--contract-content-changed")

    made = pact("create-webhook", url, *what, "--consumer", "Web", "--provider", "Orders", "--description", "Build")
    for_all = pact("create-webhook", url, *what)
    (of_pair,) = api("/webhooks/provider/Orders/consumer/Web")["_links"]["pb:webhooks"]
    uuid = of_pair["href"].rsplit("/", 1)[1]
    tried = pact("test-webhook", "--uuid", uuid)
    replaced = pact("create-or-update-webhook", url, *what, "--uuid", uuid, "--description", "Renamed")

    assert (made.code, for_all.code, tried.code, replaced.code) == (0, 0, 0, 0)
    assert of_pair["name"] == "Build"
    assert bodies == ['{"who":"Example Consumer"}']
    assert api(f"/webhooks/{uuid}")["description"] == "Renamed"
    assert len(api("/webhooks")["_links"]["pb:webhooks"]) == 2
    deleted = pact("delete-webhook", "--uuid", uuid)
    assert deleted.code == 0
    assert len(api("/webhooks")["_links"]["pb:webhooks"]) == 1


@pytest.mark.row("PB-267")
def test_a_refused_webhook_is_explained(pact: Any, world: Any):
    refused = pact("create-webhook", "https://elsewhere.example.org", "--request", "POST", "--contract-published")

    assert refused.code == 1
    assert "scheme must be http" in refused.text
