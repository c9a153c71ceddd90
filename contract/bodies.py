"""Bodies between documents and memory: what a `body` or `contents` member means, and how a body is written back.

Writing looks for the plainest form that reads back as the same body, so that nothing is lost on the way.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tallystick.contract import content_types, json_text
from tallystick.contract.content_types import ContentType
from tallystick.contract.model import EMPTY, MISSING, NULL, Body, Json

ABSENT: Final = object()
"""Stands for a member that is not there; None is a JSON null."""

_V4_MEMBERS: Final = frozenset({"content", "contentType", "encoded", "contentTypeHint"})
_HINTS: Final = ("DEFAULT", "TEXT", "BINARY")


def read_plain(value: Any, stated: ContentType | None) -> Body:
    """The body of a V1 to V3 document; `stated` is what its Content-Type header or metadata says.

    A string of a JSON type that is not itself the text of an object or a string means that string: `"true"` expects
    the JSON string, not the boolean. A string of a binary type is base64 where it can be.
    """
    if value is ABSENT:
        return MISSING
    if value is None:
        return NULL
    if value == "":
        return EMPTY
    if not isinstance(value, str):
        return Body("present", _json_bytes(value))
    kind = stated or content_types.detect(value)
    if kind.is_json:
        # Not escaped inside the quotes, as in the Pact core: what it cannot read it must also refuse to match.
        return Body("present", value.encode() if _is_json_text(value) else f'"{value}"'.encode())
    if kind.is_text:
        return Body("present", value.encode())
    decoded = _from_base64(value)
    return Body("present", value.encode() if decoded is None else decoded) if decoded != b"" else EMPTY


def read_v4(value: Any, stated: ContentType | None) -> Body:
    """The body of a V4 document: an object of `content`, `contentType`, `encoded` and `contentTypeHint`."""
    if value is ABSENT:
        return MISSING
    if value is None:
        return NULL
    if not isinstance(value, Mapping):
        return Body("present", _json_bytes(value))
    if "content" not in value:
        # An object without any member of a body is itself the body: files written by hand hold this.
        return MISSING if value.keys() <= _V4_MEMBERS else Body("present", _json_bytes(dict(value)))
    content = value["content"]
    if content is None:
        return NULL
    written_type = value.get("contentType")
    content_type = None if written_type is None else as_text(written_type)
    kind = (content_types.parse(content_type) if content_type is not None else None) or stated
    data = _v4_bytes(content, value.get("encoded", False), kind)
    written_hint = value.get("contentTypeHint")
    hint: Any = written_hint if written_hint in _HINTS else None
    extra = {key: member for key, member in value.items() if key not in _V4_MEMBERS}
    return Body("present" if data else "empty", data, content_type, hint, extra)


def write_plain(body: Body, stated: ContentType | None) -> Any:
    """The `body` member of a V1 to V3 document, `ABSENT` for none: the JSON value, else the text, else base64."""
    if body.state != "present":
        return {"missing": ABSENT, "null": None, "empty": ""}[body.state]
    first: Any = ABSENT
    for candidate in _forms(body.content):
        if first is ABSENT:
            first = candidate
        if read_plain(candidate, stated).content == body.content:
            return candidate
    return first


def write_v4(body: Body, stated: ContentType | None) -> Any:
    """The `body` member of a V4 document, `ABSENT` for none. A JSON null for `null`: a missing one would mean more."""
    if body.state == "missing":
        return ABSENT
    if body.state == "null":
        return None
    written: dict[str, Any] = {"content": ""}
    if body.state == "present":
        written |= _v4_content(body, stated)
    if body.content_type is not None:
        written["contentType"] = body.content_type
    if body.hint is not None:
        written["contentTypeHint"] = body.hint
    return {**written, **body.extra}


def oddities_v4(value: Json) -> Iterator[str]:
    """What is wrong with the body of a V4 document that is read all the same."""
    if not isinstance(value, Mapping):
        yield "a body of version 4 is an object with `content`; this value is taken for the body"
        return
    if "content" not in value:
        if not value.keys() <= _V4_MEMBERS:
            yield "there is no `content`; the whole object is taken for the body"
        return
    encoded = value.get("encoded", False)
    if encoded not in (False, None) and not (isinstance(encoded, str) and encoded.lower() in ("base64", "json")):
        yield 'the encoding is not known, so `content` is taken as it is; known are false, "base64" and "JSON"'
    if isinstance(encoded, str) and encoded.lower() == "base64" and _from_base64(as_text(value["content"])) is None:
        yield "the content is not base64, so its text is taken as it is"
    written_type = value.get("contentType")
    if written_type is not None and content_types.parse(as_text(written_type)) is None:
        yield f"{as_text(written_type)[:60]!r} is not a media type; it is looked for elsewhere"


def as_text(value: Json) -> str:
    """A string as it is, anything else as its JSON text, keys sorted: how the Pact core takes values for text."""
    return value if isinstance(value, str) else json_text.dumps(value, sort_keys=True).decode()


def _v4_bytes(content: Json, encoded: Any, kind: ContentType | None) -> bytes:
    if encoded is not False and encoded is not None:
        text = as_text(content)
        if isinstance(encoded, str) and encoded.lower() == "base64":
            decoded = _from_base64(text)
            return text.encode() if decoded is None else decoded
        return text.encode()
    if content == "":
        return b""
    if isinstance(content, str) and not (kind is not None and kind.is_json):
        return content.encode()
    return _json_bytes(content)


def _v4_content(body: Body, stated: ContentType | None) -> dict[str, Any]:
    own = content_types.parse(body.content_type) if body.content_type is not None else None
    effective = content_types.of_body(body, stated)
    binary = body.hint == "BINARY" or (body.hint != "TEXT" and effective.is_binary)
    in_base64 = {"content": base64.b64encode(body.content).decode(), "encoded": "base64"}
    if binary:
        return in_base64
    try:
        text = body.content.decode()
    except UnicodeDecodeError:
        return in_base64
    if effective.is_json and (value := _json_value(body.content)) is not ABSENT:
        plain = {"content": value, "encoded": False}
        if value is not None and _v4_bytes(value, False, own or stated) == body.content:
            return plain
        return {"content": text, "encoded": "JSON"}
    if _v4_bytes(text, False, own or stated) == body.content:
        return {"content": text, "encoded": False}
    return in_base64


def _forms(content: bytes) -> Iterator[Any]:
    value = _json_value(content)
    if value is not ABSENT and value is not None and value != "":
        yield value
    try:
        text = content.decode()
    except UnicodeDecodeError:
        pass
    else:
        yield text
        if len(text) > 2 and text[0] == text[-1] == '"':
            yield text[1:-1]
    yield base64.b64encode(content).decode()


def _json_bytes(value: Json) -> bytes:
    # Keys sorted, as in the Pact core: detection looks at the first key, and no order of keys may change the outcome.
    return json_text.dumps(value, sort_keys=True)


def _json_value(content: bytes) -> Any:
    try:
        return json_text.loads(content)
    except json_text.JsonInvalid:
        return ABSENT


def _is_json_text(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", '"'):
        return False
    return _json_value(text.encode()) is not ABSENT


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
