"""A JSON document as lines that know their paths, so that a mismatch can be shown where it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
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
    _value(value, "$", 0, "", "", out)
    return out


def arrays(value: Any) -> dict[str, list[Any]]:
    """Every array of the document by its path."""
    found: dict[str, list[Any]] = {}
    stack: list[tuple[str, Any]] = [("$", value)]
    while stack:
        path, one = stack.pop()
        if isinstance(one, list):
            found[path] = one
            stack += [(f"{path}[{index}]", item) for index, item in enumerate(one) if isinstance(item, dict | list)]
        else:
            stack += [(path + step(key), member) for key, member in one.items() if isinstance(member, dict | list)]
    return found


@lru_cache(maxsize=4096)
def step(key: str) -> str:
    """The text of a step to a member, as mismatches have it in their paths."""
    return paths.render(Steps().key(key).actual)[1:]


def _value(value: Any, path: str, indent: int, before: str, after: str, out: list[DocumentLine]) -> None:
    if isinstance(value, dict) and value:
        out.append(DocumentLine(path, indent, before, "{"))
        last = len(value) - 1
        for number, (key, member) in enumerate(value.items()):
            comma = "," if number < last else ""
            _value(member, path + step(key), indent + 1, f"{json_text_of(key)}: ", comma, out)
        out.append(DocumentLine("", indent, "", "}" + after))
    elif isinstance(value, list) and value:
        out.append(DocumentLine(path, indent, before, "["))
        last = len(value) - 1
        for number, item in enumerate(value):
            _value(item, f"{path}[{number}]", indent + 1, "", "," if number < last else "", out)
        out.append(DocumentLine("", indent, "", "]" + after))
    else:
        out.append(DocumentLine(path, indent, before, json_text_of(value) + after))
