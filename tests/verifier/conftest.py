"""Small providers and contracts, told in a few words."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest


def interaction(description: str, path: str = "/orders/1", **more: Any) -> dict[str, Any]:
    """A V3 interaction: a GET that gets 200, unless said otherwise."""
    request = {"method": more.pop("method", "GET"), "path": path, **more.pop("request", {})}
    response = {"status": more.pop("status", 200), **more.pop("response", {})}
    states = more.pop("states", None)
    made = {"description": description, "request": request, "response": response, **more}
    if states:
        made["providerStates"] = [s if isinstance(s, dict) else {"name": s} for s in states]
    return made


def contract(*interactions: dict[str, Any], consumer: str = "web-shop", provider: str = "orders") -> dict[str, Any]:
    return {
        "consumer": {"name": consumer},
        "provider": {"name": provider},
        "interactions": list(interactions),
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }


@pytest.fixture
def tell() -> Any:
    """`tell.interaction(…)` and `tell.contract(…)`: contract documents in few words."""

    class Tell:
        pass

    Tell.interaction = staticmethod(interaction)
    Tell.contract = staticmethod(contract)
    return Tell


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write a document into the test's folder; gives its path."""

    def write(document: Any, name: str = "contract.json") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return str(path)

    return write


class Provider:
    """A real HTTP server that answers by (method, path) and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Any] = {}
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.split("?")[0]
                with provider.lock:
                    provider.seen.append((self.command, self.path, dict(self.headers), content))
                found = provider.answers.get((self.command, path), provider.answers.get(("*", path), (404, {}, b"")))
                status, headers, body = found(self.path, dict(self.headers), content) if callable(found) else found
                if not isinstance(body, bytes):
                    body = json.dumps(body).encode()
                    headers = {"Content-Type": "application/json", **headers}
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = answer

            def log_message(self, *arguments: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def on(self, path: str, status: int = 200, body: Any = b"", method: str = "*", **headers: str) -> None:
        self.answers[method, path] = (status, {k.replace("_", "-"): v for k, v in headers.items()}, body)

    def asked(self, path: str | None = None) -> list[tuple[str, str]]:
        return [(m, p) for m, p, _, _ in self.seen if path is None or p.split("?")[0] == path]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    running = Provider()
    yield running
    running.stop()


@pytest.fixture
def another_provider() -> Iterator[Provider]:
    running = Provider()
    yield running
    running.stop()
