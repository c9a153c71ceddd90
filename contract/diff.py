"""How two contracts of one consumer and provider differ: what was added, removed, and changed place by place.

Stricter means that less is accepted than before, looser that more is; where neither follows, it is different.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from tallystick.contract import json_text
from tallystick.contract.expectations import Expectation, Place, expectations
from tallystick.contract.identity import interaction_sha
from tallystick.contract.merging import same
from tallystick.contract.model import Contract, Interaction, Json, Matcher

Direction: TypeAlias = Literal["stricter", "looser", "different"]


@dataclass(frozen=True, slots=True)
class Change:
    """One place of an interaction where something else is expected than before."""

    part: str
    """`response body`, `request query`, `response header`, `provider state`, `pending`, …"""
    path: str
    """`$.lines[0].total` in bodies; the name of a header or parameter; "" where the part is one thing."""
    direction: Direction
    old: str | None
    """What was expected, in words; None for nothing."""
    new: str | None

    def __str__(self) -> str:
        place = f"{self.part} {self.path}".strip()
        return f"{place}: {self.direction}, was {self.old or 'not expected'}, is {self.new or 'not expected'}"


@dataclass(frozen=True, slots=True)
class Changed:
    """One interaction in both contracts, and where it changed."""

    old: Interaction
    new: Interaction
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ContractDiff:
    """What became of a contract."""

    added: tuple[Interaction, ...] = ()
    removed: tuple[Interaction, ...] = ()
    changed: tuple[Changed, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing is sent or checked otherwise than before."""
        return not (self.added or self.removed or self.changed)


def diff(old: Contract, new: Contract) -> ContractDiff:
    """What differs between two contracts.

    Interactions are paired as `merging` does; then by what they send and expect, which makes another description a
    change; then, where one is left on both sides, by kind and description, which makes other states a change.
    """
    pairs, removed, added = _paired(old.interactions, new.interactions)
    changed = [
        Changed(before, after, changes)
        for before, after in pairs
        if before != after and (changes := tuple(changes_between(before, after)))
    ]
    return ContractDiff(tuple(added), tuple(removed), tuple(changed))


def changes_between(old: Interaction, new: Interaction) -> Iterator[Change]:
    """The places where two versions of an interaction differ, in the order of the new one, removed ones last."""
    if old.description != new.description:
        yield Change("description", "", "different", old.description, new.description)
    if old.pending != new.pending:
        words = ("required", "pending")
        direction: Direction = "looser" if new.pending else "stricter"
        yield Change("pending", "", direction, words[old.pending], words[new.pending])
    if interaction_sha(old) == interaction_sha(new):
        return
    before, after = expectations(old), expectations(new)
    for place, expected in after.items():
        yield from _change(place, before.get(place), expected)
    for place, expected in before.items():
        if place not in after:
            yield from _change(place, expected, None)


def _paired(
    old: tuple[Interaction, ...], new: tuple[Interaction, ...]
) -> tuple[list[tuple[Interaction, Interaction]], list[Interaction], list[Interaction]]:
    by_key: dict[Any, list[int]] = {}
    by_description: dict[str, list[int]] = {}
    for index, one in enumerate(old):
        by_description.setdefault(one.description, []).append(index)
        if one.key is not None:
            by_key.setdefault(one.key, []).append(index)
    taken: set[int] = set()
    pairs: list[tuple[Interaction, Interaction]] = []
    waiting: list[Interaction] = []
    for one in new:
        candidates = [*by_key.get(one.key, ()), *by_description.get(one.description, ())]
        found = next((i for i in candidates if i not in taken and same(old[i], one)), None)
        if found is None:
            waiting.append(one)
        else:
            taken.add(found)
            pairs.append((old[found], one))
    for key in (interaction_sha, _kind_and_description):
        left: dict[Any, list[int]] = {}
        for index, before in enumerate(old):
            if index not in taken:
                left.setdefault(key(before), []).append(index)
        if not left or not waiting:
            break
        still_waiting = []
        for one in waiting:
            matches = left.get(key(one))
            if matches:
                index = matches.pop(0)
                taken.add(index)
                pairs.append((old[index], one))
            else:
                still_waiting.append(one)
        waiting = still_waiting
    return pairs, [before for index, before in enumerate(old) if index not in taken], waiting


def _kind_and_description(interaction: Interaction) -> tuple[str, str]:
    return type(interaction).__name__, interaction.description


def _change(place: Place, old: Expectation | None, new: Expectation | None) -> Iterator[Change]:
    direction = _direction(old, new)
    if direction is not None:
        before, after = words(old) if old is not None else None, words(new) if new is not None else None
        yield Change(*place, direction, before, after)


def _direction(old: Expectation | None, new: Expectation | None) -> Direction | None:
    if old is None:
        return "stricter" if new is not None else None
    if new is None:
        return "looser"
    if _same_expectation(old, new):
        return None
    narrower, wider = _covers(old, new), _covers(new, old)
    if narrower and wider:
        return None
    return "stricter" if narrower else "looser" if wider else "different"


def _same_expectation(old: Expectation, new: Expectation) -> bool:
    return (
        old.kind == new.kind
        and _equal(old.example, new.example)
        and [(one.name, dict(one.config)) for one in _effective(old)]
        == [(one.name, dict(one.config)) for one in _effective(new)]
        and (old.combine == new.combine or len(old.matchers) < 2)
    )


def _covers(wide: Expectation, narrow: Expectation) -> bool:
    """Whether everything that `narrow` accepts, `wide` accepts too. False where that cannot be told."""
    if wide.kind != narrow.kind or wide.kind == "whole":
        return False
    if wide.kind == "array":
        return _array_covers(wide, narrow)
    if wide.kind == "object":
        # Which keys must be there shows at the keys' own places; here only matchers of the object itself count.
        return _matchers_cover(wide, narrow, _effective(wide), _effective(narrow))
    return _matchers_cover(wide, narrow, _effective(wide), _effective(narrow))


def _matchers_cover(
    wide: Expectation, narrow: Expectation, wide_matchers: tuple[Matcher, ...], narrow_matchers: tuple[Matcher, ...]
) -> bool:
    if not wide_matchers:
        if wide.kind == "object":
            return not narrow_matchers or all(one.name in _KEEPS_KEYS for one in narrow_matchers)
        return not narrow_matchers and _equal(wide.example, narrow.example)
    needs_all = wide.combine == "AND"
    tested = (_one_covers(one, wide, narrow, narrow_matchers) for one in wide_matchers)
    return all(tested) if needs_all else any(tested)


def _one_covers(one: Matcher, wide: Expectation, narrow: Expectation, narrow_matchers: tuple[Matcher, ...]) -> bool:
    if not narrow_matchers:
        return _accepts(one, wide, narrow)
    together = (_implies(other, narrow, one, wide) for other in narrow_matchers)
    return any(together) if narrow.combine == "AND" or len(narrow_matchers) == 1 else all(together)


def _accepts(one: Matcher, wide: Expectation, narrow: Expectation) -> bool:
    """Whether a matcher accepts an example, as far as that is plain without running a pattern."""
    value = narrow.example
    if narrow.kind == "object":
        return one.name == "type"
    if one.name == "type":
        return _json_kind(value) == _json_kind(wide.example)
    if one.name == "equality":
        return _equal(value, wide.example)
    if one.name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if one.name == "decimal":
        return isinstance(value, float | Decimal)
    if one.name == "number":
        return _json_kind(value) == "number"
    if one.name == "boolean":
        return isinstance(value, bool)
    if one.name == "null":
        return value is None
    if one.name == "notEmpty":
        return value is not None and value != ""
    if one.name == "include":
        return isinstance(value, str) and str(one.config.get("value")) in value
    # A pattern, date or the like written for the same example accepts it.
    return one.name in _OF_TEXT and _equal(value, wide.example)


_OF_TEXT: Final = frozenset({"regex", "include", "date", "time", "datetime", "semver"})
_NUMBERS: Final = frozenset({"integer", "decimal", "number"})
_KEEPS_KEYS: Final = frozenset({"type", "regex", "include", "equality"})


def _implies(narrow: Matcher, narrow_at: Expectation, wide: Matcher, wide_at: Expectation) -> bool:
    """Whether whatever one matcher accepts another accepts too."""
    if wide.name == narrow.name == "type":
        return _json_kind(narrow_at.example) == _json_kind(wide_at.example) and _within(narrow, wide)
    if wide.name == narrow.name:
        return dict(wide.config) == dict(narrow.config) and (
            wide.name != "equality" or _equal(wide_at.example, narrow_at.example)
        )
    if narrow.name == "equality":
        return _accepts(wide, wide_at, narrow_at)
    if wide.name == "number":
        return narrow.name in _NUMBERS or (narrow.name == "type" and _json_kind(narrow_at.example) == "number")
    if wide.name == "notEmpty":
        return narrow.name in _NUMBERS or narrow.name in ("boolean", "date", "time", "datetime", "semver")
    if wide.name == "type" and not _limited(wide):
        kind = _json_kind(wide_at.example)
        if narrow.name in _NUMBERS:
            return kind == "number"
        if narrow.name == "null":
            return kind == "null"
        return narrow.name in _OF_TEXT and kind == "string" and _json_kind(narrow_at.example) == "string"
    return False


def _array_covers(wide: Expectation, narrow: Expectation) -> bool:
    wide_least, wide_most = _lengths(wide)
    least, most = _lengths(narrow)
    if not (wide_least <= least and most <= wide_most):
        return False
    others = [one for one in _effective(wide) if one.name != "type"]
    known = [(one.name, dict(one.config)) for one in _effective(narrow)]
    return all((one.name, dict(one.config)) in known for one in others)


def _lengths(expected: Expectation) -> tuple[float, float]:
    """The fewest and most items that are accepted: exactly the example's number without a matcher."""
    if not expected.matchers:
        return expected.example, expected.example
    least, most = 0.0, math.inf
    if expected.example:
        # Limits are not looked at for an empty example, which accepts every array once there is a matcher.
        for one in _effective(expected):
            low, high = _limits(one)
            least, most = max(least, low), min(most, high)
            if one.name == "equality":
                least = most = expected.example
    return least, most


def _within(narrow: Matcher, wide: Matcher) -> bool:
    (least, most), (wide_least, wide_most) = _limits(narrow), _limits(wide)
    return wide_least <= least and most <= wide_most


def _limits(one: Matcher) -> tuple[float, float]:
    low, high = one.config.get("min"), one.config.get("max")
    return low if isinstance(low, int) else 0, high if isinstance(high, int) else math.inf


def _limited(one: Matcher) -> bool:
    return _limits(one) != (0, math.inf)


def _effective(expected: Expectation) -> tuple[Matcher, ...]:
    """The matchers as they work here: below their own place and on scalars, limits of length do nothing."""
    if not expected.matchers or (expected.kind in ("array", "object") and not expected.cascaded):
        return expected.matchers
    return tuple(
        replace(one, config={name: value for name, value in one.config.items() if name not in ("min", "max")})
        if one.name == "type"
        else one
        for one in expected.matchers
    )


def _json_kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float | Decimal):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list | tuple) else "object"


def _equal(one: Any, other: Any) -> bool:
    """Equal and of the same kind all the way down: 1, 1.0 and true are three values."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and bool(one == other)


def words(expected: Expectation) -> str:
    """What is expected, for people: `equal to 5`, `a string`, `matching "a+"`, `an array of 1 to 3 items`."""
    if expected.kind == "whole":
        if isinstance(expected.example, bytes):
            return f"{len(expected.example)} bytes"
        if expected.matchers:
            return _joined(expected)
        return expected.example if isinstance(expected.example, str) else _shown(expected.example)
    if expected.kind == "array":
        least, most = _lengths(expected)
        return "an array of " + _count(least, most)
    if not expected.matchers:
        return "an object" if expected.kind == "object" else f"equal to {_shown(expected.example)}"
    return _joined(expected)


def _joined(expected: Expectation) -> str:
    separator = " and " if expected.combine == "AND" else " or "
    return separator.join(_matcher_words(one, expected) for one in _effective(expected))


def _matcher_words(one: Matcher, expected: Expectation) -> str:
    plain = _PLAIN_WORDS.get(one.name)
    if plain is not None:
        return plain
    if one.name == "type":
        if expected.kind == "whole":
            return "of the example's type"
        if expected.kind == "object":
            return "an object"
        return {"null": "null", "array": "an array", "object": "an object"}.get(
            kind := _json_kind(expected.example), f"a {kind}"
        )
    if one.name == "equality":
        return f"equal to {_shown(expected.example)}"
    if one.name == "regex":
        return f"matching {_shown(one.config.get('regex'))}"
    if one.name == "include":
        return f"including {_shown(one.config.get('value'))}"
    if one.name in ("date", "time", "datetime") and one.config.get("format"):
        return f"a {one.name} like {one.config['format']}"
    return one.name + (f" {_shown(dict(one.config))}" if one.config else "")


_PLAIN_WORDS: Final[Mapping[str, str]] = {
    "integer": "an integer",
    "decimal": "a decimal number",
    "number": "a number",
    "boolean": "a boolean",
    "null": "null",
    "notEmpty": "not empty",
    "semver": "a semantic version",
}


def _count(least: float, most: float) -> str:
    if least == most:
        return f"{int(least)} item" + ("" if least == 1 else "s")
    if most == math.inf:
        return f"{int(least)} or more items" if least else "any number of items"
    return f"{int(least)} to {int(most)} items"


def _shown(value: Json) -> str:
    text = json_text.dumps(value).decode()
    return text if len(text) <= 120 else text[:117] + "…"
