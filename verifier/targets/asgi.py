"""An ASGI application, called directly on an event loop of its own, its lifespan included."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, Final
from urllib.parse import unquote

from tallystick.contract.model import ActualRequest, ActualResponse
from tallystick.verifier.problems import Problem, ReplayFailed
from tallystick.verifier.targets.inprocess import (
    Caller,
    application_error,
    header_lines,
    malformed,
    out_of_time,
    raised,
    without_body,
)
from tallystick.verifier.targets.watchdog import OutOfTime, watchdog
from tallystick.verifier.wire import BODY_LIMIT_BYTES

LIFESPAN_SECONDS: Final = 60.0


class AsgiTarget:
    """The application and its loop. Everything runs in the thread that verifies, one request after the other."""

    concurrent = False
    base_path = ""

    def __init__(self, app: Any, *, redirects: str = "follow", limit_bytes: int = BODY_LIMIT_BYTES):
        self.app = app
        self._redirects, self._limit = redirects, limit_bytes
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lifespan: asyncio.Task[None] | None = None
        self._to_app: asyncio.Queue[dict[str, Any]] | None = None
        self._from_app: asyncio.Queue[dict[str, Any] | BaseException] | None = None
        self.state: dict[str, Any] = {}

    def start(self) -> None:
        """Make the loop and run the application's start-up. Raises ReplayFailed when the application refuses."""
        if self._loop is not None:
            return
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._start_up())

    def stop(self) -> None:
        """Run the application's shutdown, end what it left running, close the loop."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        try:
            loop.run_until_complete(self._shut_down())
            loop.run_until_complete(_end_the_rest())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            loop.close()

    def sender(self) -> AsgiSender:
        return AsgiSender(self, self._redirects, self._limit)

    def run_on_loop(self, awaitable: Awaitable[Any]) -> Any:
        """Run a coroutine on the application's loop: state handlers may use what belongs to it."""
        assert self._loop is not None, "the target is not started"

        async def wait() -> Any:
            return await awaitable

        return self._loop.run_until_complete(wait())

    async def _start_up(self) -> None:
        self._to_app, self._from_app = asyncio.Queue(), asyncio.Queue()
        self._lifespan = asyncio.ensure_future(self._live())
        await self._to_app.put({"type": "lifespan.startup"})
        try:
            said = await asyncio.wait_for(self._from_app.get(), LIFESPAN_SECONDS)
        except TimeoutError:
            raise ReplayFailed(
                Problem("application-error", f"the application's start-up did not end in {LIFESPAN_SECONDS:g} s")
            ) from None
        if isinstance(said, BaseException):
            # An application that raises on the scope, before it says anything, does not speak the lifespan protocol.
            self._lifespan = None
        elif said["type"] == "lifespan.startup.failed":
            lines = str(said.get("message", "")).strip().splitlines()
            why = lines[-1] if lines else "it gave no reason"
            raise ReplayFailed(Problem("application-error", f"the application's start-up failed: {why}"))

    async def _live(self) -> None:
        assert self._to_app is not None
        assert self._from_app is not None
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self.app(scope, self._to_app.get, self._from_app.put)
            await self._from_app.put(RuntimeError("the lifespan ended"))
        except Exception as error:
            await self._from_app.put(error)

    async def _shut_down(self) -> None:
        if self._lifespan is None or self._lifespan.done() or self._to_app is None or self._from_app is None:
            return
        await self._to_app.put({"type": "lifespan.shutdown"})
        try:
            await asyncio.wait_for(self._from_app.get(), LIFESPAN_SECONDS)
        except TimeoutError:
            self._lifespan.cancel()


class AsgiSender(Caller):
    """Calls the application with one request at a time."""

    def __init__(self, target: AsgiTarget, redirects: str, limit_bytes: int):
        super().__init__(redirects, limit_bytes)
        self._target = target

    def call(self, request: ActualRequest, timeout_seconds: float) -> ActualResponse:
        loop = self._target._loop
        if loop is None:
            self._target.start()
            loop = self._target._loop
            assert loop is not None
        exchange = _Exchange(request)
        task = loop.create_task(_call(self._target.app, _scope(request, self._target.state), exchange))
        alarm = loop.call_later(timeout_seconds, task.cancel)
        try:
            # The timer of the loop ends what awaits; the watchdog, a little later, what blocks the loop itself.
            with watchdog(timeout_seconds + 0.5):
                loop.run_until_complete(task)
        except (asyncio.CancelledError, OutOfTime):
            if not exchange.complete:
                raise out_of_time(timeout_seconds) from None
        except KeyboardInterrupt:
            task.cancel()
            raise
        except Exception as error:
            # As over HTTP: a response that went out before the exception counts, and the exception is told with it.
            if not exchange.complete:
                raise application_error(error) from error
            self.note = f"the application raised {raised(error)}"
        finally:
            alarm.cancel()
        return exchange.response()


async def _end_the_rest() -> None:
    """Cancel what the application left running, and wait for it."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _call(app: Any, scope: dict[str, Any], exchange: _Exchange) -> Coroutine[Any, Any, None]:
    async def run() -> None:
        await app(scope, exchange.receive, exchange.send)

    return run()


def _scope(request: ActualRequest, state: dict[str, Any]) -> dict[str, Any]:
    path = request.path
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path) if "%" in path else path,
        "raw_path": path.encode(),
        "query_string": (request.query or "").encode(),
        "root_path": "",
        "headers": [(n.lower().encode(), v.encode()) for n, v in header_lines(request)],
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
        "state": dict(state),
        "extensions": {},
    }


class _Exchange:
    """The two channels of one request, and what came through them."""

    def __init__(self, request: ActualRequest):
        self._request = request
        self._asked = False
        self._start: dict[str, Any] | None = None
        self._parts: list[bytes] = []
        self._ended: asyncio.Event | None = None
        self.complete = False

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._request.content, "more_body": False}
        if not self.complete:
            self._ended = self._ended or asyncio.Event()
            await self._ended.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "http.response.start":
            if self._start is not None:
                raise RuntimeError("the response was started twice")
            self._start = message
        elif kind == "http.response.body":
            if self._start is None:
                raise RuntimeError("a body was sent before the response was started")
            if not self.complete:
                self._parts.append(bytes(message.get("body", b"")))
                if not message.get("more_body", False):
                    self.complete = True
                    if self._ended is not None:
                        self._ended.set()

    def response(self) -> ActualResponse:
        if self._start is None:
            raise malformed("it returned without sending a response")
        if not self.complete:
            raise malformed("it returned before its response was complete")
        status = int(self._start["status"])
        lines = tuple((_text(n), _text(v)) for n, v in self._start.get("headers", ()))
        content = b"".join(self._parts)
        if without_body(self._request.method, status):
            return ActualResponse(status, lines)
        promised = next((v for n, v in lines if n.lower() == "content-length"), None)
        if promised is not None and promised != str(len(content)):
            raise malformed(f"it announced {promised} bytes and sent {len(content)}")
        return ActualResponse(status, lines, content)


def _text(raw: bytes | str) -> str:
    if isinstance(raw, str):
        return raw
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
