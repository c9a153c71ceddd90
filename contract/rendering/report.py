"""What differs as lines with roles, which the terminal and the web pages then dress.

For a JSON body that is given along, the document around each fault is shown as a diff: `-` what the contract has, `+`
what came. Anything else, and everything when no body is given, is a sentence with its path, rule and hints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from tallystick.contract import json_text
from tallystick.contract.matching.findings import Steps
from tallystick.contract.matching.outcome import Outcome, Undecided
from tallystick.contract.matching.values import json_text_of
from tallystick.contract.mismatch import Mismatch
from tallystick.contract.model import Matcher
from tallystick.contract.paths import render
from tallystick.contract.rendering import document
from tallystick.contract.rendering.hints import hints, moved

Role = Literal["title", "sentence", "rule", "hint", "expected", "actual", "context", "gap", "undecided", "blank"]

_ROOT: Final = "$"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a report. Text from contracts and actuals is in it as it was: whoever prints it makes it safe."""

    role: Role
    text: str
    number: int | None = None
    """The line's number in the document that is shown, for context and actual lines."""


def report(
    found: Outcome | Iterable[Mismatch],
    *,
    actual: bytes | str | None = None,
    expected: bytes | str | None = None,
    context: int = 3,
    most: int = 100,
) -> list[Line]:
    """Lines for all that differs. `actual` and `expected` are the bodies; `most` limits how many are told in full."""
    mismatches = list(found.mismatches if isinstance(found, Outcome) else found)
    undecided = list(found.undecided) if isinstance(found, Outcome) else []
    came, example = _json(actual), _json(expected)
    lines: list[Line] = []
    groups = _alike(mismatches)
    for group in groups[:most]:
        lines += _told(group, mismatches, came, example)
    if len(groups) > most:
        lines.append(Line("sentence", f"… and {sum(map(len, groups[most:]))} more"))
    for one in undecided[:most]:
        lines += _undecided(one)
    if came is not _NONE and any(m.part == "body" and m.path.startswith(_ROOT) for m in mismatches):
        lines += [
            Line("blank", ""),
            *_diff([m for group in groups[:most] for m in group[:_SHOWN_OF_EACH]], came, context),
        ]
    return lines


_SHOWN_OF_EACH: Final = 2
"""Of faults that are alike, how many are shown in the document."""
_INDEX: Final = re.compile(r"\[[0-9]+\]")


def _alike(mismatches: Sequence[Mismatch]) -> list[list[Mismatch]]:
    """Faults in groups: the same kind by the same rule at the same place of different items is told once."""
    groups: dict[tuple[Any, ...], list[Mismatch]] = {}
    for mismatch in mismatches:
        place = _INDEX.sub("[*]", mismatch.path) if mismatch.part == "body" and mismatch.rule else mismatch.path
        key = (mismatch.part, mismatch.kind, place, mismatch.rule_path)
        groups.setdefault(key if mismatch.rule else (*key, mismatch.sentence), []).append(mismatch)
    return list(groups.values())


def _told(group: Sequence[Mismatch], others: Sequence[Mismatch], came: Any, example: Any) -> list[Line]:
    mismatch = group[0]
    lines = [Line("title", title(mismatch)), Line("sentence", mismatch.sentence or "it differs")]
    if mismatch.rule is not None:
        lines.append(
            Line(
                "rule",
                f"rule: {rule_text(mismatch.rule)}" + (f" at {mismatch.rule_path}" if mismatch.rule_path else ""),
            )
        )
    if mismatch.contract_path not in ("", mismatch.path):
        lines.append(Line("rule", f"example in the contract: {mismatch.contract_path}"))
    lines += [Line("hint", hint) for hint in hints(mismatch, others)]
    hint = _moved(mismatch, came, example)
    if hint is not None:
        lines.append(Line("hint", hint))
    if len(group) > 1:
        places = list(dict.fromkeys(one.path for one in group[1:]))
        shown = ", ".join(places[:3]) + (", …" if len(places) > 3 else "")
        lines.append(Line("sentence", f"and {len(group) - 1} more like this: {shown}"))
    return lines


def title(mismatch: Mismatch) -> str:
    """Which part, and where in it: `body $.lines[2].total`, `header Content-Type`."""
    return f"{mismatch.part} {mismatch.path}".rstrip()


def rule_text(matcher: Matcher) -> str:
    """A matcher with its configuration: `regex \\d+`, `type (min 1)`."""
    config = matcher.config
    if matcher.name == "regex":
        return f"regex {config.get('regex', '')}"
    if not config:
        return matcher.name
    members = ", ".join(
        f"{name} {value if isinstance(value, str) else json_text_of(value)}" for name, value in config.items()
    )
    return f"{matcher.name} ({members})"


def _undecided(one: Undecided) -> list[Line]:
    where = f"{one.part} {one.path}".rstrip()
    lines = [Line("undecided", f"{where}: not checked"), Line("sentence", one.sentence)]
    if one.rule_path:
        lines.append(Line("rule", f"rule at {one.rule_path}"))
    return lines


_NONE: Final = object()


def _json(body: bytes | str | None) -> Any:
    if not body:
        return _NONE
    try:
        return json_text.loads(body)
    except json_text.JsonInvalid:
        return _NONE


def _moved(mismatch: Mismatch, came: Any, example: Any) -> str | None:
    """For a wrong item of an array: where the expected one is instead."""
    if came is _NONE or example is _NONE or mismatch.part != "body" or not mismatch.path.endswith("]"):
        return None
    parent, _, step = mismatch.path.rpartition("[")
    index = step.rstrip("]")
    if not index.isdecimal() or mismatch.contract_path != mismatch.path:
        return None
    return moved(mismatch.expected, int(index), _at(came, parent))


def _at(value: Any, path: str) -> Any:
    for line_path, found in _walk(value, ""):
        if line_path == path:
            return found
    return None


def _walk(value: Any, path: str) -> Iterable[tuple[str, Any]]:
    stack: list[tuple[Steps, Any]] = [(Steps(), value)]
    while stack:
        at, one = stack.pop()
        if isinstance(one, list):
            yield render(at.actual), one
            stack += [(at.item(index), item) for index, item in enumerate(one)]
        elif isinstance(one, dict):
            stack += [(at.key(key), member) for key, member in one.items()]


def _diff(mismatches: Sequence[Mismatch], came: Any, context: int) -> list[Line]:
    """The document with the faults marked, and the lines around them; gaps where nothing is wrong."""
    shown = document.lines(came)
    faults: dict[str, list[Mismatch]] = {}
    for mismatch in mismatches:
        if mismatch.part == "body":
            faults.setdefault(mismatch.path, []).append(mismatch)
    marked: list[tuple[int, list[Line]]] = []
    unexpected = _unexpected_paths(mismatches)
    near: set[int] = set()
    for index, line in enumerate(shown):
        indent = "  " * line.indent
        text = indent + line.label + line.text
        here = faults.get(line.path, []) if line.path else []
        whole = [m for m in here if not _is_inside(m)]
        if whole:
            expected = [Line("expected", indent + wanted) for wanted in _wanted(whole, line)]
            marked.append((index, [*expected, Line("actual", text, index + 1)]))
        elif line.path in unexpected:
            marked.append((index, [Line("actual", text, index + 1)]))
        else:
            marked.append((index, [Line("context", text, index + 1)]))
        inside = [m for m in here if _is_inside(m)]
        missing = [Line("expected", f"{indent}  {wanted}") for m in inside for wanted in _missing(m)]
        marked[-1][1].extend(missing)
        if whole or missing or inside or line.path in unexpected:
            near.update(range(index - context, index + context + 1))
    return _near(marked, near)


def _near(marked: Sequence[tuple[int, list[Line]]], near: set[int]) -> list[Line]:
    out: list[Line] = []
    skipped = False
    for index, lines in marked:
        if index in near:
            if skipped:
                out.append(Line("gap", "…"))
            out += lines
            skipped = False
        else:
            skipped = True
    return out + ([Line("gap", "…")] if skipped else [])


def _is_inside(mismatch: Mismatch) -> bool:
    """Whether what is wrong is something lacking or too much in the value, rather than the value as a whole."""
    return mismatch.kind in ("missing-keys", "unexpected-keys", "missing-item", "length", "unexpected-items")


def _wanted(found: Sequence[Mismatch], line: document.DocumentLine) -> list[str]:
    """What the contract has in place of this line, once for each different example."""
    texts: dict[str, None] = {}
    for mismatch in found:
        if isinstance(mismatch.expected, bytes):
            continue
        rule = f"   ({rule_text(mismatch.rule)})" if mismatch.rule is not None else ""
        texts[line.label + json_text_of(mismatch.expected) + rule] = None
    return list(texts)


def _missing(mismatch: Mismatch) -> list[str]:
    expected, actual = mismatch.expected, mismatch.actual
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return [f"{json_text_of(key)}: {json_text_of(expected[key])}" for key in expected if key not in actual]
    if mismatch.kind == "missing-item":
        return [json_text_of(expected)]
    return []


def _unexpected_paths(mismatches: Sequence[Mismatch]) -> set[str]:
    """The members and items that are too many, where the contract allows no others."""
    found = set()
    for mismatch in mismatches:
        expected, actual = mismatch.expected, mismatch.actual
        if mismatch.kind in ("missing-keys", "unexpected-keys") and mismatch.sentence.startswith("Expected a"):
            if isinstance(expected, Mapping) and isinstance(actual, Mapping):
                found |= {mismatch.path + render(Steps().key(key).actual)[1:] for key in actual if key not in expected}
        elif (
            mismatch.kind in ("length", "unexpected-items") and isinstance(expected, list) and isinstance(actual, list)
        ):
            found |= {f"{mismatch.path}[{index}]" for index in range(len(expected), len(actual))}
    return found
