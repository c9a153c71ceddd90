"""What a client sends after a redirect, as the Pact reference's client does. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import urljoin, urlsplit

from tallystick.contract.model import ActualRequest
from tallystick.verifier.problems import Problem, ReplayFailed
from tallystick.verifier.targets.http import LIMIT

_SECRET: Final = frozenset({"authorization", "cookie", "proxy-authorization", "host"})
_OF_CONTENT: Final = frozenset({"content-type", "content-length", "transfer-encoding", "content-encoding"})


def next_request(request: ActualRequest, status: int, location: str, here: str) -> tuple[str, ActualRequest]:
    """The origin (scheme and authority) and the request that follow a redirect to `location`.

    303, and POST after 301 and 302, become a GET without content; secrets stay with the host they were given for.
    Raises ReplayFailed when the location is no HTTP URL.
    """
    try:
        there = urlsplit(urljoin(here + request.path + (f"?{request.query}" if request.query else ""), location))
        origin = f"{there.scheme}://{there.netloc}"
    except ValueError as error:
        raise ReplayFailed(Problem("malformed-response", f"it redirects to {location!r}: {error}")) from None
    if there.scheme not in ("http", "https") or not there.netloc:
        raise ReplayFailed(Problem("malformed-response", f"it redirects to {location!r}, which is not an HTTP address"))
    gone = _SECRET if origin != here else frozenset()
    method, content = request.method, request.content
    if status == 303 or (status in (301, 302) and method == "POST"):
        method, content = ("HEAD" if method == "HEAD" else "GET"), b""
        gone |= _OF_CONTENT
    return origin, replace(
        request,
        method=method,
        path=there.path or "/",
        query=there.query or None,
        headers=tuple(h for h in request.headers if h[0].lower() not in gone),
        content=content,
    )


def endless(request: ActualRequest) -> ReplayFailed:
    return ReplayFailed(Problem("too-many-redirects", f"{request.method} {request.path} was redirected {LIMIT} times"))


def note(status: int, location: str) -> str:
    return f"the provider answered {status} to {location}, which was followed; --redirects never compares the redirect"
