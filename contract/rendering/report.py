"""What differs as lines with roles, which the terminal and the web pages then dress.

For a JSON body that is given along, the document around each fault is shown as a diff: `-` what the contract has, `+`
what came; other text is compared line by line. Everything else is a sentence with its path, rule and hints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any, Final, Literal

from tallystick.contract import json_text
from tallystick.contract.matching.outcome import Outcome, Undecided
from tallystick.contract.matching.values import json_text_of
from tallystick.contract.mismatch import Mismatch
from tallystick.contract.model import Matcher
from tallystick.contract.rendering import document
from tallystick.contract.rendering.hints import hints, moved

Role = Literal["title", "sentence", "rule", "hint", "expected", "actual", "context", "gap", "undecided", "blank"]

_ROOT: Final = "$"
_MOST_LINES: Final = 600
_MOST_MISSING: Final = 20


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
    came = _json(actual)
    arrays = document.arrays(came) if isinstance(came, dict | list) else {}
    lines: list[Line] = []
    groups = _alike(mismatches)
    for group in groups[:most]:
        lines += _told(group, mismatches, arrays)
    if len(groups) > most:
        lines.append(Line("sentence", f"… and {sum(map(len, groups[most:]))} more"))
    for one in undecided[:most]:
        lines += _undecided(one)
    if not any(m.part == "body" and m.path.startswith(_ROOT) for m in mismatches):
        return lines
    if came is not _NONE:
        lines += [
            Line("blank", ""),
            *_diff([m for group in groups[:most] for m in group[:_SHOWN_OF_EACH]], came, context),
        ]
    elif (texts := (_lines(expected), _lines(actual))) and texts[0] and texts[1]:
        lines += [Line("blank", ""), *_text_diff(texts[0], texts[1], context)]
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


def _told(group: Sequence[Mismatch], others: Sequence[Mismatch], arrays: Mapping[str, list[Any]]) -> list[Line]:
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
    hint = _moved(mismatch, arrays)
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


def _moved(mismatch: Mismatch, arrays: Mapping[str, list[Any]]) -> str | None:
    """For a wrong item of an array: where the expected one is instead."""
    parent, _, step = mismatch.path.rpartition("[")
    index = step.rstrip("]")
    if mismatch.part != "body" or mismatch.contract_path != mismatch.path or not index.isdecimal():
        return None
    return moved(mismatch.expected, int(index), arrays.get(parent))


def _lines(body: bytes | str | None) -> list[str]:
    """The lines of a text body; none where it is no text or too long to compare line by line."""
    if not body:
        return []
    try:
        text = body if isinstance(body, str) else body.decode()
    except UnicodeDecodeError:
        return []
    lines = text.splitlines()
    return lines if len(lines) <= _MOST_LINES else []


def _text_diff(expected: list[str], actual: list[str], context: int) -> list[Line]:
    """Bodies that are no JSON, as an ordinary diff by lines."""
    out: list[Line] = []
    number = 0
    for line in unified_diff(expected, actual, lineterm="", n=context):
        if line.startswith(("--- ", "+++ ")) and not number:
            continue
        if line.startswith("@@"):
            number = int(line.partition("+")[2].partition(",")[0].partition(" ")[0]) or 1
            if number > 1:
                out.append(Line("gap", "…"))
        elif line.startswith("-"):
            out.append(Line("expected", line[1:]))
        else:
            out.append(Line("actual" if line.startswith("+") else "context", line[1:], number))
            number += 1
    return out


def _diff(mismatches: Sequence[Mismatch], came: Any, context: int) -> list[Line]:
    """The document with the faults marked, and the lines around them; gaps where nothing is wrong."""
    shown = document.lines(came)
    faults: dict[str, list[Mismatch]] = {}
    for mismatch in mismatches:
        if mismatch.part == "body":
            faults.setdefault(mismatch.path, []).append(mismatch)
    unexpected = _unexpected_paths(mismatches)
    near: set[int] = set()
    for index, line in enumerate(shown):
        if line.path and (line.path in faults or line.path in unexpected):
            near.update(range(max(0, index - context), min(len(shown), index + context + 1)))
    out: list[Line] = []
    after = 0
    for index in sorted(near):
        if index > after:
            out.append(Line("gap", "…"))
        line = shown[index]
        out += _marked(line, index + 1, faults.get(line.path, []) if line.path else [], line.path in unexpected)
        after = index + 1
    return out + ([Line("gap", "…")] if after < len(shown) else [])


def _marked(line: document.DocumentLine, number: int, found: Sequence[Mismatch], unexpected: bool) -> list[Line]:
    """A line of the document with what the contract has instead of it, or in it."""
    indent = "  " * line.indent
    text = indent + line.label + line.text
    whole = [mismatch for mismatch in found if not _is_inside(mismatch)]
    out = [Line("expected", indent + wanted) for wanted in _wanted(whole, line)]
    out.append(Line("actual" if whole or unexpected else "context", text, number))
    missing = [wanted for mismatch in found if _is_inside(mismatch) for wanted in _missing(mismatch)]
    out += [Line("expected", f"{indent}  {wanted}") for wanted in missing[:_MOST_MISSING]]
    if len(missing) > _MOST_MISSING:
        out.append(Line("expected", f"{indent}  … and {len(missing) - _MOST_MISSING} more"))
    return out


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
                found |= {mismatch.path + document.step(key) for key in actual if key not in expected}
        elif (
            mismatch.kind in ("length", "unexpected-items") and isinstance(expected, list) and isinstance(actual, list)
        ):
            found |= {f"{mismatch.path}[{index}]" for index in range(len(expected), len(actual))}
    return found
