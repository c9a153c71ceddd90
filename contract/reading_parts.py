"""Reading one request, response or message of a document. `contract.reading` reads the documents around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tallystick.contract import bodies, content_types, http_text
from tallystick.contract.bodies import ABSENT, as_text
from tallystick.contract.complaints import Notes
from tallystick.contract.model import Headers, HttpRequest, HttpResponse, MessageContents, Query
from tallystick.contract.rules import read_generators, read_rules

CONTENTS: Final = frozenset({"contents", "metadata", "matchingRules", "generators"})
_REQUEST: Final = frozenset({"method", "path", "query", "headers", "body", "matchingRules", "generators"})
_RESPONSE: Final = frozenset({"status", "headers", "body", "matchingRules", "generators"})


def kind_of(value: Any) -> str:
    """What kind of JSON value this is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, Mapping):
        return "an object"
    return "an array" if isinstance(value, list) else "a number"


def rest(written: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """The members of an object that nobody knows."""
    return {key: value for key, value in written.items() if key not in known}


def as_object(value: Any, at: str, notes: Notes) -> Mapping[str, Any]:
    """The value where it is an object; none for a missing one, and for another kind, which is refused."""
    if isinstance(value, Mapping):
        return value
    if value is not None:
        notes.refuse(at, "this is an object in every version of Pact", f"here it is {kind_of(value)}")
    return {}


def shown(value: Any) -> str:
    """A value in quotes, cut short, for a complaint about it."""
    text = as_text(value)
    return f'"{text[:60]}"'


def _rules(
    written: Mapping[str, Any], at: str, notes: Notes, extra: dict[str, Any], old_name: str | None
) -> dict[str, Any]:
    member = "matchingRules"
    if old_name is not None and old_name in written and member not in written:
        member = old_name
        extra.pop(old_name, None)
    rules, loose_rules = read_rules(written.get(member), f"{at}/{member}", notes)
    generators, loose_generators = read_generators(written.get("generators"), at + "/generators", notes)
    if loose_rules is not None:
        extra["matchingRules"] = loose_rules
    if loose_generators is not None:
        extra["generators"] = loose_generators
    return {"rules": rules, "generators": generators}


def read_request(value: Any, at: str, notes: Notes, query_as_text: bool, v4: bool) -> HttpRequest:
    """A request. Versions before 3 hold the query as text only, version 4 holds bodies in an object of their own."""
    written = as_object(value, at, notes)
    extra = rest(written, _REQUEST)
    headers = _headers(written.get("headers"), at + "/headers", notes)
    method, path = written.get("method"), written.get("path")
    if value is None:
        notes.warn(at, "there is no request; it is taken to be GET /")
    elif path is None:
        notes.warn(at + "/path", "there is no path; it is taken to be /")
    request = HttpRequest(
        method="GET" if method is None else as_text(method).upper(),
        path="/" if path is None else as_text(path),
        query=_query(written.get("query"), at + "/query", notes, query_as_text, extra),
        headers=headers,
        body=_body(written, "body", content_types.in_headers(headers), at, notes, v4),
        **_rules(written, at, notes, extra, None if v4 else "requestMatchingRules"),
        extra=extra,
    )
    _look_at(request, written, at, notes)
    return request


def read_response(value: Any, at: str, notes: Notes, v4: bool) -> HttpResponse:
    """A response."""
    written = as_object(value, at, notes)
    if value is None:
        notes.warn(at, "there is no response; it is taken to be any with status 200")
    extra = rest(written, _RESPONSE)
    headers = _headers(written.get("headers"), at + "/headers", notes)
    status = written.get("status", 200)
    if isinstance(status, bool) or not isinstance(status, int) or not 0 <= status < 65536:
        notes.refuse(at + "/status", f"a status is an integer up to 65535, not {shown(status)}")
        status = 200
    response = HttpResponse(
        status=status,
        headers=headers,
        body=_body(written, "body", content_types.in_headers(headers), at, notes, v4),
        **_rules(written, at, notes, extra, None if v4 else "responseMatchingRules"),
        extra=extra,
    )
    _look_at(response, written, at, notes)
    return response


def read_contents(written: Mapping[str, Any], at: str, notes: Notes, *, v4: bool) -> MessageContents:
    extra = rest(written, CONTENTS)
    metadata = written.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        notes.warn(at + "/metadata", "metadata is an object; this is ignored")
        metadata = None
    stated = content_types.in_metadata(metadata) if metadata else None
    body = _body(written, "contents", stated, at, notes, v4)
    rules = _rules(written, at, notes, extra, None)
    contents = MessageContents(body=body, metadata=metadata or {}, **rules, extra=extra)
    _look_at(contents, written, at, notes)
    return contents


def _look_at(
    part: HttpRequest | HttpResponse | MessageContents, written: Mapping[str, Any], at: str, notes: Notes
) -> None:
    if notes.thorough:
        from tallystick.contract import checking

        checking.check_part(part, written, at, notes)


def _body(
    written: Mapping[str, Any],
    member: str,
    stated: content_types.ContentType | None,
    at: str,
    notes: Notes,
    v4: bool,
) -> Any:
    value = written.get(member, ABSENT)
    if not v4:
        return bodies.read_plain(value, stated)
    if value is not ABSENT and value is not None:
        for message in bodies.oddities_v4(value):
            notes.warn(f"{at}/{member}", message)
    return bodies.read_v4(value, stated)


def _headers(written: Any, at: str, notes: Notes) -> Headers | None:
    if written is None:
        return None
    if not isinstance(written, Mapping):
        notes.warn(at, "headers are an object; these are ignored")
        return None
    return {name: _header_values(name, value) for name, value in written.items()}


def _header_values(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return http_text.split_header(name, value)
    if isinstance(value, list):
        return tuple(as_text(item) for item in value)
    return (as_text(value),)


def _query(written: Any, at: str, notes: Notes, as_string: bool, extra: dict[str, Any]) -> Query | None:
    if written is None:
        return None
    if isinstance(written, str):
        return http_text.parse_query(written)
    if not isinstance(written, Mapping) or as_string:
        kind = "a string" if as_string else "an object"
        notes.warn(at, f"the query is {kind} in this version; this one is ignored")
        extra["query"] = written
        return None
    return {name: _query_values(values) for name, values in written.items()}


def _query_values(values: Any) -> tuple[str | None, ...]:
    items: Sequence[Any] = values if isinstance(values, list) else [values]
    return tuple(None if item is None else as_text(item) for item in items)
