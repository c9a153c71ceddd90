"""What a contract document says about its interactions, as plain values to compare with a description.

Read from the document and not from the model, since places are told as places in the document.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import unquote, unquote_plus

from tallystick.contract import json_text

ABSENT: Final = object()
"""Stands for a body that is not mentioned."""

Kind: TypeAlias = Literal["http", "async", "sync"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One interaction."""

    kind: Kind
    location: str
    """`[root].interactions[0]`."""
    description: str
    request: Mapping[str, Any] = field(default_factory=dict)
    response: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[str, Any] = field(default_factory=dict)
    """The interaction as the document has it."""


_MESSAGES: Final[dict[Any, Kind]] = {"Asynchronous/Messages": "async", "Synchronous/Messages": "sync"}


def exchanges_of(document: Mapping[str, Any]) -> Iterator[Exchange]:
    """The interactions of a document of any version, and the messages of version 3."""
    for index, one in enumerate(_items(document, "interactions")):
        if isinstance(one, Mapping) and (isinstance(one.get("request"), Mapping) or one.get("type") in _MESSAGES):
            request, response = one.get("request"), one.get("response")
            yield Exchange(
                _MESSAGES.get(one.get("type"), "http"),
                f"[root].interactions[{index}]",
                str(one.get("description", "")),
                request if isinstance(request, Mapping) else {},
                response if isinstance(response, Mapping) else {},
                one,
            )


def _items(document: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = document.get(name)
    return found if isinstance(found, list) else ()


def body_of(part: Mapping[str, Any], *, version_4: bool) -> Any:
    """The body of a request or response as a value: JSON, or text; `ABSENT` where there is none."""
    if "body" not in part:
        return ABSENT
    body = part["body"]
    return content_of(body) if version_4 and isinstance(body, Mapping) else body


def content_of(body: Mapping[str, Any]) -> Any:
    """What a body of version 4 holds: decoded, and read where it is said to be JSON."""
    if "content" not in body:
        return ABSENT
    content, encoded = body["content"], body.get("encoded", False)
    if not isinstance(content, str) or encoded is False:
        return content
    text = content
    if str(encoded).lower() != "json":
        try:
            text = base64.b64decode(content, validate=True).decode()
        except (binascii.Error, ValueError):
            return content
    if "json" not in str(body.get("contentType", "json")):
        return text
    try:
        return json_text.loads(text)
    except json_text.JsonInvalid:
        return text


def headers_of(part: Mapping[str, Any]) -> dict[str, str]:
    """Header name in lower case -> its values joined, those of other spellings of the name included."""
    found: dict[str, str] = {}
    written = part.get("headers")
    for name, value in written.items() if isinstance(written, Mapping) else ():
        text = ",".join(str(one) for one in value) if isinstance(value, list) else str(value)
        lowered = str(name).lower()
        found[lowered] = f"{found[lowered]},{text}" if lowered in found else text
    return found


def query_of(part: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The query as pairs in order, decoded."""
    written = part.get("query")
    if isinstance(written, str):
        pairs = (one.partition("=") for one in written.removeprefix("?").split("&") if one)
        return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]
    if not isinstance(written, Mapping):
        return []
    return [
        (str(name), "" if value is None else str(value))
        for name, values in written.items()
        for value in (values if isinstance(values, list) and values else [values if isinstance(values, str) else ""])
    ]


def path_of(part: Mapping[str, Any]) -> str:
    """The path, without what follows a question mark."""
    written = part.get("path", "/")
    return written if isinstance(written, str) else "/"


def nested(pairs: Sequence[tuple[str, str]], names: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Pairs as values: repeated names are lists, `a[b]` and `a.b` members, `a[]` and `a[0]` items.

    `names`: names that are taken as they are, brackets and points included.
    """
    root: dict[str, Any] = {}
    for name, value in pairs:
        steps = [name] if name in names else _name_steps(name)
        _put(root, steps, value)
    return {name: _listed(value) for name, value in root.items()}


_MAX_STEPS: Final = 6
_MAX_INDEX: Final = 20
_INDEX: Final = re.compile("[0-9]{1,3}")


def _name_steps(name: str) -> list[str]:
    head, bracket, rest = name.partition("[")
    steps = [step for step in head.split(".") if step] or [head]
    if bracket:
        inner = rest.split("[")
        if all(one.endswith("]") for one in inner):
            steps.extend(one[:-1] for one in inner)
        else:
            return [name]
    return steps[:_MAX_STEPS]


def _put(holder: dict[str, Any], steps: Sequence[str], value: str) -> None:
    step = steps[0] if steps[0] else str(len(holder))
    if len(steps) == 1:
        known = holder.get(step)
        holder[step] = value if known is None else [*known, value] if isinstance(known, list) else [known, value]
        return
    inner = holder.get(step)
    if not isinstance(inner, dict):
        inner = holder[step] = {} if inner is None else {"0": inner}
    _put(inner, steps[1:], value)


def _listed(value: Any) -> Any:
    """Members named by small numbers become a list."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(member) for name, member in value.items()}
    if inner and all(_INDEX.fullmatch(name) and int(name) <= _MAX_INDEX for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def form_of(text: str) -> dict[str, Any]:
    """The fields of an encoded form as values."""
    pairs = (one.partition("=") for one in text.split("&") if one)
    return nested([(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs])


def multipart_of(text: str, content_type: str) -> Any:
    """The fields of a multipart body by name; the text itself where it is none."""
    parameters = (part.strip() for part in content_type.split(";"))
    marker = next((one[9:].strip('"') for one in parameters if one.lower().startswith("boundary=")), "")
    fields: dict[str, Any] = {}
    parts = text.split("--" + marker)[1:] if marker else []
    for part in parts:
        head, blank, content = part.replace("\r\n", "\n").partition("\n\n")
        name = head.partition('name="')[2].partition('"')[0]
        if blank and name:
            fields[unquote(name)] = content.removesuffix("\n")
    return fields if parts else text
