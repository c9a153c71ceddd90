"""A contract taken apart for reading: what is asked, what must come back, by which rules. Pure.

Whatever a contract holds is shown as text; a document that is no contract is shown as the JSON it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from tallystick.contract import json_text, reading
from tallystick.contract.errors import ContractError
from tallystick.contract.model import (
    AsyncMessage,
    Body,
    Contract,
    HttpInteraction,
    HttpRequest,
    HttpResponse,
    Interaction,
    MessageContents,
    Rules,
    SyncMessage,
)

LONGEST: Final = 20_000
"""Characters of one body that are shown; the JSON has all of it."""


@dataclass(frozen=True, slots=True)
class Side:
    """A request, a response or a message: a first line, headers or metadata, a body, the rules that loosen it."""

    title: str
    line: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    body: str = ""
    rules: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """One interaction."""

    id: str | None
    kind: str
    description: str
    states: tuple[str, ...]
    method: str = ""
    path: str = ""
    status: str = ""
    pending: bool = False
    sides: tuple[Side, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """`interactions` of a contract that could be read, else the JSON itself and why."""

    interactions: tuple[Shown, ...] = ()
    version: str = ""
    raw: str = ""
    complaint: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


def view(content: bytes) -> Document:
    """What a stored contract says."""
    try:
        contract = reading.read(content)
    except ContractError as refused:
        return Document(raw=_pretty(content), complaint=str(refused)[:500])
    if not contract.interactions and not _says_so(content):
        return Document(raw=_pretty(content))
    return Document(tuple(_shown(each) for each in contract.interactions), contract.version, metadata=_writer(contract))


def _says_so(content: bytes) -> bool:
    """An empty list of interactions is a contract that asks for nothing; no list at all is some other document."""
    document = json_text.loads(content)
    return isinstance(document, dict) and any(
        isinstance(document.get(key), list) for key in ("interactions", "messages")
    )


def _writer(contract: Contract) -> dict[str, str]:
    """Which tools wrote it, where the metadata says so."""
    found = {}
    for name, value in contract.metadata.items():
        if isinstance(value, dict) and isinstance(value.get("version"), str) and "specification" not in name.lower():
            found[name] = str(value["version"])
    return found


def _shown(each: Interaction) -> Shown:
    states = tuple(state.name + (f" {_json(state.params)}" if state.params else "") for state in each.states)
    if isinstance(each, HttpInteraction):
        request, response = _request(each.request), _response(each.response)
        return Shown(
            each.id,
            "HTTP",
            each.description,
            states,
            each.request.method,
            each.request.path + _query(each.request),
            str(each.response.status),
            each.pending,
            (request, response),
        )
    if isinstance(each, SyncMessage):
        sides = (_message("Message", each.request), *(_message("Answer", answer) for answer in each.responses))
        return Shown(each.id, "Message with answers", each.description, states, pending=each.pending, sides=sides)
    assert isinstance(each, AsyncMessage)
    return Shown(
        each.id, "Message", each.description, states, pending=each.pending, sides=(_message("Contents", each.contents),)
    )


def _request(request: HttpRequest) -> Side:
    line = f"{request.method} {request.path}{_query(request)}"
    return Side("Request", line, _headers(request.headers), _body(request.body), _rules(request.rules))


def _response(response: HttpResponse) -> Side:
    return Side(
        "Response", str(response.status), _headers(response.headers), _body(response.body), _rules(response.rules)
    )


def _message(title: str, contents: MessageContents) -> Side:
    facts = tuple((name, _json(value)) for name, value in contents.metadata.items())
    return Side(title, "", facts, _body(contents.body), _rules(contents.rules))


def _query(request: HttpRequest) -> str:
    if not request.query:
        return ""
    pairs = [
        quote(name, safe="[]$._-") + ("" if value is None else f"={quote(value, safe='-._~:,@/')}")
        for name, values in request.query.items()
        for value in values
    ]
    return "?" + "&".join(pairs)


def _headers(headers: Mapping[str, Iterable[str]] | None) -> tuple[tuple[str, str], ...]:
    return tuple((name, ", ".join(values)) for name, values in (headers or {}).items())


def _body(body: Body) -> str:
    if body.state == "missing":
        return ""
    if body.state != "present":
        return f"({'no body' if body.state == 'empty' else 'JSON null'})"
    return _pretty(body.content)


def _pretty(content: bytes) -> str:
    """JSON indented, other text as it is, anything else by its size."""
    try:
        text = json_text.dumps(json_text.loads(content), indent=2).decode()
    except (ValueError, RecursionError):
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            return f"({len(content)} bytes that are not text)"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n… {len(text) - LONGEST} more characters"


def _rules(rules: Rules) -> tuple[tuple[str, str], ...]:
    return tuple(
        (
            f"{category} {key}".strip(),
            f" {rule.combine.lower()} ".join(_matcher(m.name, m.config) for m in rule.matchers),
        )
        for category, keys in rules.items()
        for key, rule in keys.items()
    )


def _matcher(name: str, config: Mapping[str, Any]) -> str:
    told = ", ".join(f"{key} {_json(value)}" for key, value in config.items())
    return f"{name} ({told})" if told else name


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json_text.dumps(value).decode()
