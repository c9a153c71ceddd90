"""Routing on the raw path: segments are split before they are decoded, so `feat%2Fx` is one name.

A feature declares its routes in a `Routes`; `app.py` registers them with FastAPI, which documents and calls them;
`RawRouter` finds the one that a request is for and decides, in this order: 501, 405, OPTIONS, 400, 406, 415.
"""

from __future__ import annotations

import functools
import inspect
import logging
import secrets
import string
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol
from urllib.parse import unquote

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request, cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tallystick.broker import errors
from tallystick.broker.db import once_more
from tallystick.broker.http import forms, hal, problems
from tallystick.broker.http.calls import Call, base_of
from tallystick.broker.http.checks import LONGEST_NAME
from tallystick.broker.http.media import EXTENSIONS, HAL, HTML, JSON, PROBLEM, bare, chosen, is_api, is_json, names
from tallystick.broker.settings import VERSION_HEADER, Settings

log = logging.getLogger("tallystick.broker")

ANY_JSON: Final = "*json*"  # a content type with "json" anywhere in it
VERBS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})

Endpoint = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Browser:
    """What a person's browser sends: the session's cookie, whether it wants a page, and the base of our addresses."""

    session: str
    wants_page: bool
    base: str
    asks: bool = False
    """A form was sent with POST. Pages write nothing, so it is a question too large for an address."""


SESSION_COOKIE: Final = "tallystick_session"


class Guard(Protocol):
    """Says who calls, or refuses; then, once the route is known, whether they may."""

    async def __call__(self, method: str, path: str, authorization: str, address: str, browser: Browser) -> Any: ...

    def authorize(self, caller: Any, method: str, template: str, parameters: Mapping[str, str]) -> None: ...


Recorder = Callable[[Scope, Any, Receive, Callable[[], bytes]], Awaitable[tuple[Receive, AbstractContextManager[None]]]]
"""Makes writes of one request leave a trace. Takes the scope, the route, the body to come, and a call that gives the
resource as it stands; gives what to receive from instead, and a block to call the route in."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one resource."""

    method: str
    path: str
    endpoint: Endpoint
    produces: tuple[str, ...]
    consumes: tuple[str, ...]  # () when the body's type does not matter
    page: bool  # for people's browsers, before the API
    documentation: Mapping[str, Any] = field(default_factory=dict)


class Routes:
    """The routes of a feature, in order. `tag` groups them in the API's description."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.all: list[Route] = []

    def get(
        self, *paths: str, produces: Sequence[str] = (HAL,), **documentation: Any
    ) -> Callable[[Endpoint], Endpoint]:
        return self._add("GET", paths, produces, (), False, documentation)

    def post(
        self,
        *paths: str,
        produces: Sequence[str] = (HAL,),
        consumes: Sequence[str] = (JSON,),
        **documentation: Any,
    ) -> Callable[[Endpoint], Endpoint]:
        return self._add("POST", paths, produces, consumes, False, documentation)

    def put(
        self,
        *paths: str,
        produces: Sequence[str] = (HAL,),
        consumes: Sequence[str] = (JSON,),
        **documentation: Any,
    ) -> Callable[[Endpoint], Endpoint]:
        return self._add("PUT", paths, produces, consumes, False, documentation)

    def patch(
        self,
        *paths: str,
        produces: Sequence[str] = (HAL,),
        consumes: Sequence[str] = (JSON,),
        **documentation: Any,
    ) -> Callable[[Endpoint], Endpoint]:
        return self._add("PATCH", paths, produces, consumes, False, documentation)

    def delete(
        self, *paths: str, produces: Sequence[str] = (HAL,), **documentation: Any
    ) -> Callable[[Endpoint], Endpoint]:
        return self._add("DELETE", paths, produces, (), False, documentation)

    def page(self, *paths: str, produces: Sequence[str] = (HTML,)) -> Callable[[Endpoint], Endpoint]:
        """A page for people. Where the API has the same path, browsers get the page and clients the API."""
        return self._add("GET", paths, produces, (), True, {})

    def question(self, *paths: str) -> Callable[[Endpoint], Endpoint]:
        """A page that answers a form sent with POST, for what is too large for an address. It must write nothing."""
        return self._add("POST", paths, (HTML,), forms.TYPES, True, {})

    def _add(
        self,
        method: str,
        paths: Sequence[str],
        produces: Sequence[str],
        consumes: Sequence[str],
        page: bool,
        documentation: Mapping[str, Any],
    ) -> Callable[[Endpoint], Endpoint]:
        """Documentation: summary, query={name: meaning}, body=example, answer=example, answers={status: example},
        hidden=True for what the description leaves out."""

        def declare(endpoint: Endpoint) -> Endpoint:
            for path in paths:
                self.all.append(Route(method, path, endpoint, tuple(produces), tuple(consumes), page, documentation))
            return endpoint

        return declare


def register(app: FastAPI, features: Sequence[Routes]) -> None:
    """FastAPI knows all routes of the features, and the raw router finds them."""
    for routes in features:
        for route in routes.all:
            app.add_api_route(
                route.path,
                _again_after_a_lost_race(route.endpoint),
                methods=[route.method],
                response_class=Response,
                include_in_schema=not (route.page or route.documentation.get("hidden")),
                name=f"{route.method} {route.path}",
                **_described(route, routes.tag),
            )
            made = app.router.routes[-1]
            assert isinstance(made, APIRoute)
            made.__dict__["tallystick"] = route


def _again_after_a_lost_race(endpoint: Endpoint) -> Endpoint:
    """Endpoints are functions of their arguments and the database: one that lost a race is simply called again."""
    assert not inspect.iscoroutinefunction(endpoint), f"{endpoint} must be a plain function: it waits for the database"

    @functools.wraps(endpoint)
    def called(*args: Any, **kwargs: Any) -> Response:
        return once_more(partial(endpoint, *args, **kwargs))

    return called


def _described(route: Route, tag: str) -> dict[str, Any]:
    told = route.documentation
    answers = dict(told.get("answers", {}))
    if "answer" in told:
        answers[200] = told["answer"]
    if not answers:
        answers[200] = None
    responses: dict[int | str, dict[str, Any]] = {}
    for status, example in answers.items():
        responses[status] = {"description": _STATUS_WORDS.get(status, "answer")}
        if example is not None:
            kind = {"schema": {"type": "object"} if isinstance(example, Mapping) else {}, "example": example}
            responses[status]["content"] = {route.produces[0]: kind}
    extra: dict[str, Any] = {}
    if told.get("query"):
        extra["parameters"] = [
            {"name": name, "in": "query", "required": False, "description": meaning, "schema": {"type": "string"}}
            for name, meaning in told["query"].items()
        ]
    if "body" in told:
        kinds = [JSON if kind == ANY_JSON else kind for kind in route.consumes] or [JSON]
        extra["requestBody"] = {
            "required": told.get("body_required", True),
            "content": {
                kind: {"schema": told.get("schema", {"type": "object"}), "example": told["body"]} for kind in kinds
            },
        }
    return {
        "summary": told.get("summary") or (route.endpoint.__doc__ or route.path).strip().split("\n")[0],
        "tags": [tag],
        "responses": responses,
        "status_code": min(answers) if answers else 200,
        "openapi_extra": extra or None,
        "operation_id": f"{route.method.lower()}{''.join(c if c.isalnum() else '_' for c in route.path)}",
    }


_STATUS_WORDS: Final = {200: "done", 201: "created", 202: "accepted", 204: "done, nothing to say", 409: "conflict"}


# --- finding the route --------------------------------------------------------------------------------------------


class _Node:
    __slots__ = ("any", "literal", "methods")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.any: _Node | None = None
        self.methods: dict[str, tuple[APIRoute, Route, tuple[str, ...]]] = {}


class Tree:
    """Routes by path segment. A literal segment wins over a name; when it leads nowhere, the name is tried."""

    def __init__(self) -> None:
        self.root = _Node()

    def add(self, made: APIRoute, route: Route) -> None:
        node, parameters = self.root, []
        for part in _segments(route.path):
            if part.startswith("{"):
                parameters.append(part[1:-1])
                node.any = node.any or _Node()
                node = node.any
            else:
                node = node.literal.setdefault(part, _Node())
        node.methods[route.method] = (made, route, tuple(parameters))

    def find(self, segments: Sequence[str]) -> tuple[_Node, tuple[str, ...]] | None:
        """The resource for decoded segments, and the names in its path."""
        return self._find(self.root, segments, 0, ())

    def _find(
        self, node: _Node, segments: Sequence[str], at: int, values: tuple[str, ...]
    ) -> tuple[_Node, tuple[str, ...]] | None:
        if at == len(segments):
            return (node, values) if node.methods else None
        if (child := node.literal.get(segments[at])) is not None and (
            found := self._find(child, segments, at + 1, values)
        ):
            return found
        if node.any is not None:
            return self._find(node.any, segments, at + 1, (*values, segments[at]))
        return None


def _segments(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


class RawRouter:
    """The ASGI layer between FastAPI's middleware and its routes."""

    def __init__(
        self, app: FastAPI, settings: Settings, version: str, guard: Guard, recorder: Recorder | None = None
    ) -> None:
        self.settings = settings
        self.guard = guard
        self.recorder = recorder
        self.version = version.encode()
        self.lifespan: ASGIApp = app.router.app
        self.api, self.pages = Tree(), Tree()
        for made in app.router.routes:
            if isinstance(made, APIRoute) and (route := made.__dict__.get("tallystick")) is not None:
                (self.pages if route.page else self.api).add(made, route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.lifespan(scope, receive, send)
            return
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = self._with_headers(message.get("headers", []))
            await send(message)

        try:
            await self._route(scope, receive, send, send_with_headers)
        except errors.Refusal as refusal:
            shaped = problems.response(refusal, **self._shape(scope))
            await shaped(scope, receive, send_with_headers)
        except Exception:
            reference = "".join(secrets.choice(string.ascii_letters) for _ in range(10))
            log.exception("unexpected failure, reference %s: %s %s", reference, scope["method"], scope["path"])
            if started:
                raise
            shaped = problems.unexpected(reference, **self._shape(scope))
            await shaped(scope, receive, send_with_headers)

    def _shape(self, scope: Scope) -> dict[str, Any]:
        """In which form a refusal is told."""
        accept = _header(scope, b"accept")
        return {
            "base": base_of(scope, self.settings),
            "wants_problem": names(accept, PROBLEM),
            "wants_page": names(accept, HTML),
        }

    async def _route(self, scope: Scope, receive: Receive, bare_send: Send, send: Send) -> None:
        method: str = scope["method"]
        raw = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        accept = _header(scope, b"accept")

        address = (scope.get("client") or ("unknown", 0))[0]
        cookies = cookie_parser(_header(scope, b"cookie"))
        form = method == "POST" and bare(_header(scope, b"content-type")) in forms.TYPES
        browser = Browser(cookies.get(SESSION_COOKIE, ""), HTML in accept, base_of(scope, self.settings), form)
        caller = await self.guard(method, unquote(raw), _header(scope, b"authorization"), address, browser)
        if isinstance(caller, Response):
            await caller(scope, receive, bare_send)
            return
        scope["tallystick.caller"] = caller
        unfit = _unfit(raw, scope["query_string"])
        if unfit is not None:
            await unfit(scope, receive, bare_send)
            return

        raw_path = raw
        for suffix, wanted in EXTENSIONS.items():
            if raw.endswith(suffix):
                raw, accept = raw.removesuffix(suffix), wanted
                break
        scope["tallystick.raw_path"] = raw_path
        if self.settings.use_hal_browser and method == "GET" and _for_hal_browser(accept):
            away = {"Location": f"{base_of(scope, self.settings)}/hal-browser/browser.html#{raw_path}"}
            await Response(status_code=303, headers=away)(scope, receive, send)
            return
        segments = [unquote(part) for part in raw.split("/") if part]

        found = None
        if form or (method == "GET" and not is_api(accept, raw_path)):
            found = self._page(method, raw_path, accept)
        found = found or self.api.find(segments)
        if found is None and method == "GET":
            found = self._page(method, raw_path, "")
        if found is None and method in VERBS:
            raise errors.NotFound()
        if method not in VERBS:
            await Response(status_code=501)(scope, receive, send)
            return
        assert found is not None
        node, values = found
        if method == "OPTIONS":
            headers = {"Access-Control-Allow-Methods": ", ".join([*node.methods, "OPTIONS"])}
            await Response(status_code=200, headers=headers)(scope, receive, send)
            return
        if method not in node.methods:
            headers = {"Allow": ", ".join([*node.methods, "OPTIONS"])}
            await Response(status_code=405, headers=headers)(scope, receive, send)
            return
        made, route, parameters = node.methods[method]
        self.guard.authorize(caller, method, route.path, dict(zip(parameters, values, strict=True)))
        content_type = _header(scope, b"content-type")
        media_type = chosen(accept, route.produces)
        refusal: errors.Refusal | None = None
        if media_type is None or not _takes_utf8(_header(scope, b"accept-charset")):
            refusal = errors.NotAcceptable(accept, route.produces)
        elif route.consumes and not _taken(content_type, route.consumes):
            refusal = errors.UnsupportedType(content_type, route.consumes)
        if refusal is not None and not (route.consumes and is_json(content_type)):
            raise refusal
        if method in _STORING and (long := _too_long(parameters, values)):
            raise errors.Unprocessable({name: [f"size cannot be greater than {LONGEST_NAME} bytes"] for name in long})
        scope["tallystick.refusal"] = refusal  # told once the body, which can be read, was found to be right
        scope["tallystick.media_type"] = media_type
        scope["path_params"] = dict(zip(parameters, values, strict=True))
        scope["route"] = made
        if self.recorder is None or method == "GET":
            await made.app(scope, receive, send)
            return
        standing = partial(_standing, dict(scope), node, values)
        receive, recording = await self.recorder(scope, route, receive, standing)
        with recording:
            await made.app(scope, receive, send)

    def _page(self, method: str, raw_path: str, accept: str) -> tuple[_Node, tuple[str, ...]] | None:
        """The page at a path, if there is one of a type that is wanted."""
        found = self.pages.find([unquote(part) for part in raw_path.split("/") if part])
        if found is None or method not in found[0].methods:
            return None
        return None if chosen(accept, found[0].methods[method][1].produces) is None else found

    def _with_headers(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        present = {name.lower() for name, _ in headers}
        added = [(VERSION_HEADER.lower().encode(), self.version)]
        if b"vary" not in present:
            added.append((b"vary", b"Accept"))
        if b"cache-control" not in present:
            added.append((b"cache-control", b"no-cache"))
        return [*headers, *added]


def _standing(scope: dict[str, Any], node: _Node, values: tuple[str, ...]) -> bytes:
    """The resource as it would be answered now; nothing where there is none, or none to be read."""
    if "GET" not in node.methods:
        return b""
    _, route, parameters = node.methods["GET"]
    call = Call(Request({**scope, "method": "GET", "tallystick.media_type": HAL}), b"")
    try:
        return bytes(route.endpoint(call, **dict(zip(parameters, values, strict=True))).body)
    except errors.Refusal:
        return b""


def _unfit(raw: str, query: bytes) -> Response | None:
    """A path no resource can have: an empty segment, or a control character in a name."""
    if "//" in raw:
        return hal.answer(
            {
                "title": "Not found",
                "type": "/problem/not-found",
                "detail": "The path contains two slashes in a row.",
                "status": 404,
            },
            status=404,
            media_type=PROBLEM,
        )
    if "%0" in raw or "\n" in raw or "\t" in raw or b"%00" in query:
        decoded = unquote(raw)
        if any(character in decoded for character in "\n\t\0") or b"%00" in query:
            return hal.answer(
                {
                    "title": "Unprocessable",
                    "type": "/problem/invalid-request-parameter-value",
                    "detail": "The path or the query contains a new line, a tab or a NUL character.",
                    "status": 422,
                },
                status=422,
                media_type=PROBLEM,
            )
    return None


def _for_hal_browser(accept: str) -> bool:
    """A browser that wants to see the JSON: `Accept` begins with HTML and mentions JSON."""
    return accept.startswith(HTML) and "json" in accept


def _header(scope: Scope, name: bytes) -> str:
    """The header's value; several lines of it are one list."""
    values = [value for key, value in scope["headers"] if key == name]
    return b", ".join(values).decode("latin-1") if values else ""


def _takes_utf8(accept_charset: str) -> bool:
    return not accept_charset or chosen(accept_charset.lower(), ("utf-8",)) is not None or "*" in accept_charset


_STORING: Final = frozenset({"POST", "PUT", "PATCH"})


def _too_long(parameters: Sequence[str], values: Sequence[str]) -> list[str]:
    """Names of a path that no index could hold; what a link remembers is never stored."""
    return [
        name
        for name, value in zip(parameters, values, strict=True)
        if name != "metadata" and len(value) * 4 > LONGEST_NAME and len(value.encode("utf-8", "replace")) > LONGEST_NAME
    ]


def _taken(content_type: str, accepted: Sequence[str]) -> bool:
    return bare(content_type) in accepted or (ANY_JSON in accepted and is_json(content_type))
