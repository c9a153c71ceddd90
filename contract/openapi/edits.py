"""One change of an API, as a value and as text: `remove 'GET /orders/{id} 200 $.total'`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from tallystick.contract import paths
from tallystick.contract.errors import ContractError, PathInvalid

Kind: TypeAlias = Literal["drop operation", "remove", "rename", "type", "require", "optional", "nullable", "enum"]
Part: TypeAlias = Literal["", "response body", "response header", "request body", "request query", "request header"]

TYPES: Final = ("string", "integer", "number", "boolean", "object", "array", "null")


@dataclass(frozen=True, slots=True)
class Target:
    """What is changed: an operation, one of its responses, or a place in one of their parts."""

    method: str
    template: str
    """For messages the topic, with no method."""
    status: str = ""
    """Of the response; "" for the request, and for the response of a message."""
    part: Part = ""
    path: str = ""
    """Into a body, indexes generalised; the name of a header or parameter."""

    @property
    def operation(self) -> str:
        return f"{self.method} {self.template}".strip()

    def __str__(self) -> str:
        word = {"request query": "query", "request header": "header", "response header": "header"}.get(self.part, "")
        return " ".join(one for one in (self.method, self.template, self.status, word, self.path) if one)


@dataclass(frozen=True, slots=True)
class Edit:
    """One change, and what it leads to: the new name, type, or values."""

    kind: Kind
    target: Target
    to: str = ""
    values: tuple[Any, ...] = ()
    """With `enum`: for a response the values that are new, for a request those that are gone."""
    certain: bool = True
    """False where the API may still answer as before: an optional field may be there, a nullable one have a value."""

    @property
    def new_target(self) -> Target | None:
        """The place that a rename leads to: beside the old one, or wherever its path says; None for other edits."""
        if self.kind != "rename":
            return None
        return replace(self.target, path=_new_path(self.target, self.to))

    def __str__(self) -> str:
        # A path may hold quotes itself: `$['a b']`.
        quote = '"' if "'" in str(self.target) else "'"
        text = f"{self.kind} {quote}{self.target}{quote}"
        if self.kind == "rename":
            return f"{text} to {self.to}"
        if self.kind == "enum":
            return f"{text} {', '.join(map(repr, self.values))}"
        return f"{text} {self.to}".rstrip()


@dataclass(eq=False)
class EditInvalid(ContractError):
    """The text of an edit cannot be read: where, and what was expected."""

    text: str
    position: int
    expected: str

    def __str__(self) -> str:
        rest = self.text[self.position : self.position + 30]
        found = f"found {rest!r}" if rest else "but the text ends"
        return (
            f"{self.expected} expected at position {self.position} of the edit {self.text!r}, {found} "
            f"(an edit reads like: {_EXAMPLES})"
        )


_EXAMPLES: Final = (
    "remove 'GET /orders/{id} 200 $.total', rename 'GET /orders/{id} 200 $.total' to '$.sum', "
    "type 'GET /orders/{id} 200 $.total' string, require 'POST /orders $.email', drop operation 'GET /orders/{id}'"
)
_VERB: Final = re.compile(r"\s*(drop\s+operation|remove|rename|replace|type|require|optional|nullable)\b\s*")
_QUOTED: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_TARGET: Final = re.compile(
    r"\s*(?:(GET|PUT|POST|DELETE|OPTIONS|HEAD|PATCH|TRACE)\s+)?(\S+)"
    r"(?:\s+([1-5][0-9]{2}|[1-5]XX|default)(?=\s|$))?(?:\s+(query|header)\s+(\S+)|\s+(\$\S*|\$.*))?\s*",
    re.IGNORECASE,
)


def parse_edit(text: str) -> Edit:
    """Read one edit. Raises `EditInvalid`."""
    verb = _VERB.match(text)
    if verb is None:
        raise EditInvalid(text, 0, "remove, rename, replace, type, require, optional, nullable or drop operation")
    kind = re.sub(r"\s+", " ", verb[1])
    quoted = _QUOTED.match(text, verb.end())
    if quoted:
        inner, start, end = quoted[1] if quoted[1] is not None else quoted[2], quoted.start() + 1, quoted.end()
    else:
        # Without quotes the target goes up to what only the verb can mean.
        tail = {"rename": r"\s+to\s+", "replace": r"\s+by\s+", "type": r"\s+\S+\s*$"}.get(kind)
        cut = re.compile(tail).search(text, verb.end()) if tail else None
        start, end = verb.end(), cut.start() if cut else len(text)
        inner = text[start:end]
    target = _target(text, inner, start)
    return _finished(kind, target, text, end)


def parse_target(text: str) -> Target:
    """Read what an edit is about: `GET /orders/{id} 200 $.total`. Raises `EditInvalid`."""
    return _target(text, text, 0)


def _target(whole: str, text: str, start: int) -> Target:
    found = _TARGET.fullmatch(text)
    if found is None or not text.strip():
        raise EditInvalid(whole, start, "an operation, perhaps a status, and a path or `query NAME` or `header NAME`")
    method, template, status, word, name, path = found.groups()
    if method and not template.startswith("/"):
        raise EditInvalid(whole, start + found.start(2), "a path that starts with a slash")
    if not method and template.startswith("/"):
        raise EditInvalid(whole, start + found.start(2), "a method (GET, POST, …) before the path")
    part: Part = ""
    if word:
        side = "response" if status else "request"
        part = "request query" if word.lower() == "query" else f"{side} header"  # type: ignore[assignment]
        if part == "request query" and status:
            raise EditInvalid(whole, start + found.start(4), "no query after a status, since a response has none")
        name = name.lower() if part != "request query" else name
    elif path:
        # What a message holds is what its provider answers.
        part = "response body" if status or not method else "request body"
        try:
            name = paths.render(paths.parse(path.strip()))
        except PathInvalid as problem:
            raise EditInvalid(
                whole, start + found.start(6) + problem.position, f"a path ({problem.reason})"
            ) from problem
    status = status.upper() if status and status.lower() != "default" else (status or "")
    return Target((method or "").upper(), template, status, part, name or "")


def _finished(kind: str, target: Target, text: str, end: int) -> Edit:
    rest = text[end:].strip()
    at = len(text) - len(text[end:].lstrip())
    if kind == "drop operation":
        if target.part or target.status:
            raise EditInvalid(text, 0, "`remove`, to drop less than an operation,")
    elif kind != "remove" and not target.part:
        raise EditInvalid(text, end, f"a path, query or header to {kind}")
    if kind in ("rename", "replace"):
        preposition = "to" if kind == "rename" else "by"
        word = re.match(rf"{preposition}\s+", rest)
        new = rest[word.end() :].strip().strip("'\"") if word else ""
        if not word or not new:
            raise EditInvalid(text, at, f"`{preposition}` and the new name")
        try:
            _new_path(target, new)
        except PathInvalid as problem:
            raise EditInvalid(text, at + word.end(), f"a name, or a path ({problem.reason})") from problem
        # What is sent under the old name may have been optional, and is passed over then.
        return Edit("rename", target, new, certain=not target.part.startswith("request"))
    if kind == "type":
        new = rest.strip("'\"")
        if new not in TYPES:
            raise EditInvalid(text, at, "one of " + ", ".join(TYPES))
        return Edit("type", target, new)
    if rest:
        raise EditInvalid(text, at, "the end")
    if kind == "require" and not target.part.startswith("request"):
        raise EditInvalid(text, 0, "a part of the request to require (a target without a status)")
    return Edit(kind, target, certain=kind not in ("optional", "nullable"))  # type: ignore[arg-type]


def _new_path(target: Target, new: str) -> str:
    if not target.part.endswith("body"):
        return new.lower() if target.part.endswith("header") else new
    if new.startswith(("$.", "$[")):
        return paths.render(paths.parse(new))
    return paths.render((*paths.parse(target.path)[:-1], new))
