"""One call of the API, as an endpoint sees it: body, query, base URL, database. `def endpoint(call: CallDep, …)`."""

from __future__ import annotations

from contextvars import ContextVar
from functools import lru_cache
from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy import Engine
from starlette.datastructures import QueryParams
from starlette.requests import Request

from tallystick.broker.errors import Forbidden, Malformed, TooLarge
from tallystick.broker.http import bodies, pages
from tallystick.broker.http.links import Links
from tallystick.broker.http.media import PROBLEM, bare, is_json, names
from tallystick.broker.settings import Settings

BASE: ContextVar[str] = ContextVar("base", default="")
"""The base URL of the request that writes: for those who tell of it, and were not called by its route."""


class Call:
    """What was asked. Reading it is cheap; nothing is computed before it is needed."""

    __slots__ = ("body", "media_type", "request")

    def __init__(self, request: Request, body: bytes) -> None:
        self.request = request
        self.body = body
        self.media_type: str = request.scope.get("tallystick.media_type", "")  # what Accept chose

    @property
    def engine(self) -> Engine:
        """The database. What was sent is doubted before: a 400 wins over a 406 or a 415, which is told here."""
        refusal = self.request.scope.get("tallystick.refusal")
        if refusal is not None:
            raise refusal
        engine: Engine = self.request.app.state.engine
        return engine

    @property
    def settings(self) -> Settings:
        settings: Settings = self.request.app.state.settings
        return settings

    @property
    def links(self) -> Links:
        return links_for(base_of(self.request.scope, self.settings))

    @property
    def query(self) -> QueryParams:
        return self.request.query_params

    @property
    def url(self) -> str:
        """The address as it was asked for, without query: the `self` of collections."""
        path: str = self.request.scope["tallystick.raw_path"]
        return self.links.base + (path.rstrip("/") if path != "/" else "/")

    @property
    def caller(self) -> Any:
        """Who is calling: a `Principal` of `broker.access`."""
        return self.request.scope["tallystick.caller"]

    def must_write_to(self, participant: str) -> None:
        """For routes whose path does not name the participant they write to. Raises `Forbidden`."""
        if not self.caller.may_write_to(participant):
            raise Forbidden(f"{self.caller.name} may not write to {participant}: it is not among their grants")

    @property
    def content_type(self) -> str:
        return bare(self.request.headers.get("content-type", ""))

    @property
    def wants_problem(self) -> bool:
        return names(self.request.headers.get("accept", ""), PROBLEM)

    def json(self) -> Any:
        """The body, which must be there: an object or an array. Raises `Malformed`."""
        if not self.body.strip():
            raise Malformed("JSON::ParserError - the body is empty; it must be a JSON object")
        return bodies.parse(self.body)

    def json_if_any(self) -> Any:
        """The body where an endpoint can do without: None when it is empty or not JSON by its type."""
        if not self.body.strip() or not is_json(self.request.headers.get("content-type", "")):
            return None
        return bodies.parse(self.body)

    def page(self, *, always: bool = False, size: int = pages.PAGE_SIZE) -> pages.Page | None:
        return pages.asked(self.query, always=always, size=size, largest=self.settings.max_page_size)


def base_of(scope: Any, settings: Settings) -> str:
    """The base URL of links: the configured one, or scheme and host as the client wrote them."""
    configured = settings.base_url
    if len(configured) == 1:
        return configured[0].rstrip("/")
    own = forwarded = ""
    headers = {key: value.decode("latin-1") for key, value in scope["headers"] if key in _HOST_HEADERS}
    host = headers.get(b"host") or "{}:{}".format(*(scope.get("server") or ("localhost", 80)))
    own = f"{scope.get('scheme', 'http')}://{host}{scope.get('root_path', '').rstrip('/')}"
    if not configured:
        return own
    if b"x-forwarded-host" in headers:
        scheme = headers.get(b"x-forwarded-proto", scope.get("scheme", "http"))
        forwarded = f"{scheme}://{headers[b'x-forwarded-host']}"
    known = [url.rstrip("/") for url in configured]
    return next((url for url in (forwarded, own) if url in known), known[0])


_HOST_HEADERS = frozenset({b"host", b"x-forwarded-host", b"x-forwarded-proto"})


@lru_cache(maxsize=256)
def links_for(base: str) -> Links:
    return Links(base)


async def call_of(request: Request) -> Call:
    """The call with its body read, as far as the limit allows."""
    if request.method == "GET":
        return Call(request, b"")
    BASE.set(base_of(request.scope, request.app.state.settings))
    limit: int = request.app.state.settings.max_body_bytes
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(limit)
        parts.append(part)
    return Call(request, b"".join(parts))


CallDep = Annotated[Call, Depends(call_of)]
