"""A JSON document as lines that know their paths, so that a mismatch can be shown where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tallystick.contract import paths
from tallystick.contract.matching.findings import Steps
from tallystick.contract.matching.values import json_text_of


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One line of the document: the path of the value that begins here, or "" where one ends."""

    path: str
    indent: int
    label: str
    """The member's name with its colon, "" for items."""
    text: str
    """What follows the label: a value, or the bracket that opens or closes one."""


def lines(value: Any) -> list[DocumentLine]:
    """The document, a member or item a line, members in their own order."""
    out: list[DocumentLine] = []
    _value(value, Steps(), 0, "", "", out)
    return out


def _value(value: Any, at: Steps, indent: int, before: str, after: str, out: list[DocumentLine]) -> None:
    path = paths.render(at.actual)
    if isinstance(value, dict) and value:
        out.append(DocumentLine(path, indent, before, "{"))
        last = len(value) - 1
        for number, (key, member) in enumerate(value.items()):
            comma = "," if number < last else ""
            _value(member, at.key(key), indent + 1, f"{json_text_of(key)}: ", comma, out)
        out.append(DocumentLine("", indent, "", "}" + after))
    elif isinstance(value, list) and value:
        out.append(DocumentLine(path, indent, before, "["))
        last = len(value) - 1
        for number, item in enumerate(value):
            _value(item, at.item(number), indent + 1, "", "," if number < last else "", out)
        out.append(DocumentLine("", indent, "", "]" + after))
    else:
        out.append(DocumentLine(path, indent, before, json_text_of(value) + after))
