"""A WSGI application, called directly."""

from __future__ import annotations

import io
import sys
from typing import Any
from urllib.parse import unquote_to_bytes

from tallystick.contract.model import ActualRequest, ActualResponse
from tallystick.verifier.targets.inprocess import (
    Caller,
    application_error,
    header_lines,
    malformed,
    out_of_time,
    without_body,
)
from tallystick.verifier.targets.watchdog import OutOfTime, watchdog
from tallystick.verifier.wire import BODY_LIMIT_BYTES


class WsgiTarget:
    """The application. Everything runs in the thread that verifies, one request after the other."""

    concurrent = False
    base_path = ""

    def __init__(self, app: Any, *, redirects: str = "follow", limit_bytes: int = BODY_LIMIT_BYTES):
        self.app = app
        self._redirects, self._limit = redirects, limit_bytes

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def sender(self) -> WsgiSender:
        return WsgiSender(self.app, self._redirects, self._limit)


class WsgiSender(Caller):
    def __init__(self, app: Any, redirects: str, limit_bytes: int):
        super().__init__(redirects, limit_bytes)
        self._app = app

    def call(self, request: ActualRequest, timeout_seconds: float) -> ActualResponse:
        answer = _Answer()
        chunks: Any = None
        try:
            with watchdog(timeout_seconds):
                try:
                    chunks = self._app(_environ(request), answer.start)
                    for chunk in chunks:
                        answer.parts.append(chunk)
                finally:
                    close = getattr(chunks, "close", None)
                    if close is not None:
                        close()
        except OutOfTime:
            raise out_of_time(timeout_seconds) from None
        except Exception as error:
            raise application_error(error) from error
        return answer.response(request.method)


class _Answer:
    """What an application says through `start_response`, and the parts of its body."""

    def __init__(self) -> None:
        self.status: str | None = None
        self.headers: list[tuple[str, str]] = []
        self.parts: list[bytes] = []

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if self.status is not None and exc_info is None:
            raise RuntimeError("start_response was called twice")
        self.status, self.headers = status, list(headers)
        return self.parts.append

    def response(self, method: str) -> ActualResponse:
        if self.status is None:
            raise malformed("it did not call start_response")
        code = self.status[:3]
        if not code.isascii() or not code.isdigit():
            raise malformed(f"its status is {self.status!r}")
        try:
            lines = tuple((n, _text(v)) for n, v in self.headers)
            content = b"".join(self.parts)
        except (TypeError, ValueError) as error:
            raise malformed(str(error)) from None
        if without_body(method, int(code)):
            return ActualResponse(int(code), lines)
        promised = next((v for n, v in lines if n.lower() == "content-length"), None)
        if promised is not None and promised != str(len(content)):
            raise malformed(f"it announced {promised} bytes and sent {len(content)}")
        return ActualResponse(int(code), lines, content)


def _text(value: str) -> str:
    """WSGI carries header bytes as Latin-1 text; they may be UTF-8 all the same."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _environ(request: ActualRequest) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "RAW_URI": request.path + (f"?{request.query}" if request.query else ""),
        "QUERY_STRING": request.query or "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.content),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in header_lines(request):
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        text = value.encode("utf-8").decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ
