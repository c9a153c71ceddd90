"""What a change would cost, for pictures and a form: bars, examples, and the edits that were typed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.broker.impact import places
from tallystick.broker.web.usage_view import edit, quoted

KINDS: Final = {
    "remove": "remove", "rename": "rename to", "replace": "replace by", "type": "change the type to",
    "require": "require in requests", "optional": "make optional",
    "nullable": "make nullable", "drop operation": "drop the operation",
}  # fmt: skip


# --- what was typed -----------------------------------------------------------------------------------------------


def edits_in(values: Iterable[str]) -> list[str]:
    """The edits of a text field and of an address: one per line, each once."""
    return list(dict.fromkeys(line.strip() for value in values for line in value.splitlines() if line.strip()))


def written(kind: str, target: str, to: str) -> str:
    """The edit that a form's fields make, whether it can be read or not."""
    word = {"rename": "to ", "replace": "by "}.get(kind, "")
    return " ".join(one for one in (kind, quoted(" ".join(target.split())), word + to if to else "") if one)


def examples(operations: Mapping[str, Sequence[str]], rows: Iterable[Any]) -> list[str]:
    """Edits of what is really used: of fields among the rows, and of the operation that has the fewest users."""
    found: list[str | None] = []
    read = [row for row in rows if row.path not in ("", "$") and row.part in ("response body", "message body")]
    if read:
        inner = next((row for row in read if "." in row.path.removeprefix("$.")), read[-1])
        first = read[0]
        found.append(edit("remove", _target(first)))
        found.append(edit("type", _target(inner), "integer" if places.value_type(inner) != "integer" else "string"))
        if "[" not in first.path:
            found.append(edit("rename", _target(first), f"to '{first.path}_new'"))
    if operations:
        found.append(edit("drop operation", min(operations, key=lambda one: (len(operations[one]), one))))
    return [one for one in dict.fromkeys(found) if one is not None]


def _target(row: Any) -> str:
    return f"{places.shown((row.method, row.template))} {places.name(row)}"


# --- pictures -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the sum: where its piece of the bar begins and how long it is, in points."""

    what: str
    count: int
    weight: int
    points: int
    start: int
    tone: int


def segments(cost: Mapping[str, Any]) -> list[Segment]:
    """The parts of the sum in their order, those that count nothing among them."""
    found, start = [], 0
    for tone, part in enumerate(cost["parts"]):
        found.append(Segment(part["what"], part["count"], part["weight"], part["points"], start, tone % 6))
        start += part["points"]
    return found


@dataclass(frozen=True, slots=True)
class Span:
    """A forecast on a scale from 0 to 100: first quartile, median, third quartile; None where nothing is known."""

    low: float
    median: float
    high: float


def span(forecast: Mapping[str, Any], longest: float) -> Span | None:
    """Where a forecast lies on a scale that ends with `longest` days."""
    days = forecast.get("days")
    if days is None or not longest:
        return None
    low, high = forecast.get("lowDays", days), forecast.get("highDays", days)
    return Span(*(round(100 * float(one) / longest, 2) for one in (low, days, high)))


def longest(forecasts: Iterable[Mapping[str, Any]]) -> float:
    """The end of a scale that holds all of them, in days."""
    return max((float(one.get("highDays") or one.get("days") or 0) for one in forecasts), default=0.0)
