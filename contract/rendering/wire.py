"""Mismatches as the JSON objects and one-line texts that Pact clients know (Pact, "Mismatch kinds and texts")."""

from __future__ import annotations

from typing import Any, Final

from tallystick.contract import paths
from tallystick.contract.errors import PathInvalid
from tallystick.contract.matching.values import json_text_of
from tallystick.contract.mismatch import Mismatch

TYPES: Final = {
    "method": "MethodMismatch",
    "path": "PathMismatch",
    "status": "StatusMismatch",
    "query": "QueryMismatch",
    "header": "HeaderMismatch",
    "metadata": "MetadataMismatch",
    "body-type": "BodyTypeMismatch",
    "body": "BodyMismatch",
}


def to_json(mismatch: Mismatch) -> dict[str, Any]:
    """The object for one mismatch."""
    made: dict[str, Any] = {"type": TYPES[mismatch.part]}
    sentence = mismatch.sentence
    if mismatch.part == "status":
        made |= {"expected": mismatch.expected, "actual": mismatch.actual}
    elif mismatch.part == "body":
        made |= {
            "path": mismatch.path,
            "expected": _body_text(mismatch.expected),
            "actual": _body_text(mismatch.actual),
        }
    else:
        made |= {"expected": _text(mismatch.expected), "actual": _text(mismatch.actual)}
    if mismatch.part == "query":
        made["parameter"] = name_of(mismatch)
    elif mismatch.part in ("header", "metadata"):
        made["key"] = name_of(mismatch)
    elif mismatch.part == "body-type":
        made |= {"expectedBody": None, "actualBody": None}
    elif mismatch.part == "method":
        sentence = ""
    made["mismatch"] = sentence
    return made


def describe(mismatch: Mismatch) -> str:
    """One line: for a body its path and the sentence, else the sentence."""
    if mismatch.part == "body":
        return f"{mismatch.path} -> {mismatch.sentence}"
    return mismatch.sentence


def name_of(mismatch: Mismatch) -> str:
    """The header, parameter or metadata entry: its bare name, also where the path is written as an expression."""
    if mismatch.path.startswith("$"):
        try:
            steps = paths.parse(mismatch.path)
        except PathInvalid:
            return mismatch.path
        if steps:
            return str(steps[0].value if isinstance(steps[0], paths.Star) else steps[0])
    return mismatch.path


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text_of(value)


def _body_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return json_text_of(value)
