"""The adapter that lets a `requests.Session` talk to a mock without a socket. Loaded when asked for."""

from __future__ import annotations

import io
from http.client import HTTPMessage
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from tallystick.client_sdk.failures import ContractNotKept
from tallystick.contract.model import ActualRequest

if TYPE_CHECKING:
    from tallystick.client_sdk.mock import Mock


class MockAdapter(BaseAdapter):
    """Mount it on a session: `session.mount("http://orders", adapter)`."""

    def __init__(self, mock: Mock) -> None:
        super().__init__()
        self._mock = mock

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Answer from the mock; raises `ContractNotKept` for a wrong request."""
        __tracebackhide__ = True
        path, mark, query = request.path_url.partition("?")
        headers = tuple((name, _text(value)) for name, value in request.headers.items())
        actual = ActualRequest(request.method or "GET", path, query if mark else None, headers, _bytes(request.body))
        reply = self._mock.answer(actual)
        if reply.problem is not None:
            raise ContractNotKept([reply.problem])
        response = requests.Response()
        fields = HTTPHeaderDict()
        for name, value in reply.headers:
            fields.add(name, value)
        raw = HTTPResponse(
            body=io.BytesIO(reply.content),
            headers=fields,
            status=reply.status,
            preload_content=False,
            original_response=_Original(reply.headers),  # type: ignore[arg-type]
        )
        response.status_code = reply.status
        response.headers.update(fields)
        response.encoding = requests.utils.get_encoding_from_headers(response.headers)
        response.raw = raw
        response.url = request.url or ""
        response.request = request
        requests.cookies.extract_cookies_to_jar(response.cookies, request, raw)  # type: ignore[no-untyped-call]
        return response

    def close(self) -> None:
        """Nothing is held open."""


class _Original:
    """What requests reads cookies from: the headers as http.client has them."""

    def __init__(self, headers: tuple[tuple[str, str], ...]) -> None:
        self.msg = HTTPMessage()
        for name, value in headers:
            self.msg[name] = value

    def isclosed(self) -> bool:
        return True


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    read = getattr(body, "read", None)
    content = read() if read is not None else b"".join(body)
    return content.encode() if isinstance(content, str) else bytes(content)
