"""API descriptions as documents: what was sent is read once, and doubted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from tallystick.broker.errors import Unprocessable
from tallystick.broker.http.media import JSON, YAML
from tallystick.contract.errors import Complaint
from tallystick.contract.openapi import yaml_text
from tallystick.contract.openapi.descriptions import DescriptionInvalid, check


@dataclass(frozen=True, slots=True)
class Read:
    """A description that can be used."""

    document: Mapping[str, Any]
    media_type: str
    odd: tuple[Complaint, ...]


def read(content: bytes) -> Read:
    """The description in bytes, JSON or YAML. Raises `Unprocessable` with every complaint, each saying where."""
    document, media_type = _loaded(content)
    try:
        return Read(document, media_type, check(document))
    except DescriptionInvalid as invalid:
        raise Unprocessable({"description": [str(one) for one in invalid.complaints]}) from None


def read_document(document: Any) -> Read:
    """The same for a description that came as a member of a request: an object, or the text of one."""
    return read(document.encode("utf-8", "replace") if isinstance(document, str) else orjson.dumps(document))


def _loaded(content: bytes) -> tuple[Any, str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Unprocessable({"description": [f"is not UTF-8 (at byte {wrong.start})"]}) from None
    if text.lstrip()[:1] in ("{", "["):
        try:
            return orjson.loads(text), JSON
        except orjson.JSONDecodeError as wrong:
            if not text.lstrip().startswith("{"):
                raise Unprocessable({"description": [f"is not JSON: {wrong}"]}) from None
            reason = f"is not JSON: {wrong.msg} (line {wrong.lineno}, column {wrong.colno})"
            raise Unprocessable({"description": [reason]}) from None
    try:
        return yaml_text.loads(text), YAML
    except yaml_text.YamlInvalid as wrong:
        raise Unprocessable({"description": [str(wrong)]}) from None


@lru_cache(maxsize=8)
def _parsed(sha: str, content: bytes) -> Mapping[str, Any]:
    return read(content).document


def parsed(row: Any) -> Mapping[str, Any]:
    """The document of a stored description; the last few are remembered."""
    return _parsed(row.sha, row.content)
