"""Mocks without a socket: a transport for httpx (sync and async) and an adapter for requests.

A wrong request raises `ContractNotKept` where the code under test made it, in the test's own traceback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from tallystick.client_sdk.failures import ContractNotKept
from tallystick.contract.model import ActualRequest

if TYPE_CHECKING:
    from tallystick.client_sdk.mock import Mock, Reply


class MockTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Give it to `httpx.Client(transport=…)` or `httpx.AsyncClient(transport=…)`."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request, await request.aread())

    def _answer(self, request: httpx.Request, content: bytes) -> httpx.Response:
        __tracebackhide__ = True
        path, mark, query = request.url.raw_path.partition(b"?")
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
        actual = ActualRequest(
            request.method, path.decode("latin-1"), query.decode("latin-1") if mark else None, headers, content
        )
        reply = ask(self._mock, actual)
        return httpx.Response(
            reply.status,
            headers=[(n.encode("latin-1"), v.encode("latin-1")) for n, v in reply.headers],
            content=reply.content,
            request=request,
        )


def ask(mock: Mock, request: ActualRequest) -> Reply:
    """The reply of the mock; raises `ContractNotKept` for a wrong request."""
    __tracebackhide__ = True
    reply = mock.answer(request)
    if reply.problem is not None:
        raise ContractNotKept([reply.problem])
    return reply
