"""A provider that listens on a port."""

from __future__ import annotations

from copy import copy
from time import monotonic
from typing import Final, Literal

from tallystick.contract.model import ActualRequest, ActualResponse
from tallystick.verifier.addresses import Address, Tls, base_address, split_url
from tallystick.verifier.requests import decoded
from tallystick.verifier.wire import BODY_LIMIT_BYTES, Connection

CODES: Final = frozenset({301, 302, 303, 307, 308})
LIMIT: Final = 10


class HttpTarget:
    """A base URL, and how to get there."""

    concurrent = True

    def __init__(
        self,
        base_url: str,
        *,
        tls: Tls | None = None,
        proxy: str | None = None,
        redirects: Literal["follow", "never"] = "follow",
        limit_bytes: int = BODY_LIMIT_BYTES,
        repeatable: bool = False,
    ):
        self.address = base_address(base_url)
        self.base_path = self.address.base_path
        self.tls = tls
        self.proxy = base_address(proxy) if proxy else None
        self.redirects = redirects
        self.limit_bytes = limit_bytes
        self.repeatable = repeatable

    def repeating(self) -> HttpTarget:
        """The same target for requests that may be sent twice whatever their method."""
        again = copy(self)
        again.repeatable = True
        return again

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def sender(self) -> HttpSender:
        return HttpSender(self)

    def __str__(self) -> str:
        return str(self.address)


class HttpSender:
    """Keeps a connection to the provider, and to where it redirects, between requests."""

    def __init__(self, target: HttpTarget):
        self._target = target
        self.waited = 0.0
        self.note = ""
        """Something worth telling beside a failure: that a redirect was followed."""
        self._connections: dict[tuple[str, str, int], Connection] = {}

    def send(self, request: ActualRequest, timeout_seconds: float) -> ActualResponse:
        start = monotonic()
        try:
            return self._send(request, timeout_seconds)
        finally:
            self.waited = monotonic() - start

    def _send(self, request: ActualRequest, timeout_seconds: float) -> ActualResponse:
        target = self._target
        self.note = ""
        address, now = target.address, request
        for hop in range(LIMIT):
            where = f"{now.path}?{now.query}" if now.query is not None else now.path
            answer = self._connection(address).exchange(
                now.method, where, now.headers, now.content, timeout_seconds=timeout_seconds
            )
            location = answer.header("location") if answer.status in CODES else None
            if location is None or target.redirects == "never":
                plain, lines = decoded(answer.content, answer.headers, target.limit_bytes)
                return ActualResponse(answer.status, lines, plain)
            from tallystick.verifier.targets.redirects import next_request, note

            if hop == 0:
                self.note = note(answer.status, location)
            origin, now = next_request(now, answer.status, location, f"{address.scheme}://{address.authority}")
            address = split_url(origin)[0]
        from tallystick.verifier.targets.redirects import endless

        raise endless(request)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def _connection(self, address: Address) -> Connection:
        connection = self._connections.get(address.key)
        if connection is None:
            target = self._target
            connection = Connection(
                address,
                tls=target.tls,
                proxy=target.proxy,
                limit_bytes=target.limit_bytes,
                repeatable=target.repeatable,
            )
            self._connections[address.key] = connection
        return connection
