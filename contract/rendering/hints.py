"""What somebody probably meant: the nearest candidate for a name that is missing, and where a moved item went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Final

from tallystick.contract.matching.values import equal, json_text_of
from tallystick.contract.mismatch import Mismatch

_LONGEST_NAME: Final = 200
_MOST_NAMES: Final = 200
_MOST_MISSING: Final = 20
_MOST_ITEMS: Final = 100
"""Beyond these a hint would cost more than it tells."""


def nearest_name(wanted: str, found: Iterable[str]) -> str | None:
    """The name most like the wanted one: equal but for case and separators, else close in spelling; or None."""
    candidates = [name for name in found if name != wanted and len(name) <= _LONGEST_NAME][:_MOST_NAMES]
    if len(wanted) > _LONGEST_NAME:
        return None
    plain = _plain(wanted)
    for name in candidates:
        if _plain(name) == plain:
            return name
    close = get_close_matches(wanted, candidates, n=1, cutoff=0.6)
    return close[0] if close else None


def hints(mismatch: Mismatch, others: Sequence[Mismatch] = ()) -> tuple[str, ...]:
    """Short sentences beside a mismatch. `others`: all that was found, as a missing name may be an unexpected one."""
    if mismatch.kind in ("missing-keys", "unexpected-keys"):
        return _for_keys(mismatch.expected, mismatch.actual)
    if mismatch.kind in ("missing", "missing-child"):
        return _for_name(mismatch, others)
    if mismatch.kind == "length":
        return _for_items(mismatch.expected, mismatch.actual)
    if mismatch.kind == "arrayContains":
        return _for_variant(mismatch.expected, mismatch.actual)
    return ()


def moved(expected: Any, index: int, items: Any) -> str | None:
    """Where in the actual array the expected item of this index is, when it is not at its place."""
    if not isinstance(items, list):
        return None
    places = [at for at, item in enumerate(items[:_MOST_ITEMS]) if equal(expected, item)]
    if not places or index in places:
        return None
    return f"the expected item is at index {places[0]}: the order may have changed"


def _for_keys(expected: Any, actual: Any) -> tuple[str, ...]:
    if not isinstance(expected, dict) or not isinstance(actual, dict):
        return ()
    missing = sorted(expected.keys() - actual.keys())[:_MOST_MISSING]
    unexpected = sorted(actual.keys() - expected.keys())[:_MOST_NAMES]
    found = []
    for key in missing:
        name = nearest_name(key, unexpected)
        if name is None:
            same = [one for one in unexpected if _tells(expected[key]) and equal(expected[key], actual[one])]
            name = same[0] if len(same) == 1 else None
        if name is not None:
            found.append(f'"{key}" is missing, and there is "{name}": is it that?')
    return tuple(found)


def _for_name(mismatch: Mismatch, others: Sequence[Mismatch]) -> tuple[str, ...]:
    """A missing parameter, header, element, and what was not expected in the same part."""
    if mismatch.part == "body" and mismatch.kind == "missing-child":
        there = [
            str(o.actual) for o in others[:_MOST_ITEMS] if o.kind == "unexpected-child" and o.path == mismatch.path
        ]
        name = nearest_name(str(mismatch.expected), there)
        return (f"there is <{name}/>: is it that?",) if name else ()
    there = [other.path for other in others[:_MOST_ITEMS] if other.part == mismatch.part and other.kind == "unexpected"]
    name = nearest_name(mismatch.path, there)
    return (f"there is '{name}': is it that?",) if name else ()


def _for_items(expected: Any, actual: Any) -> tuple[str, ...]:
    if not isinstance(expected, list) or not isinstance(actual, list):
        return ()
    if max(len(expected), len(actual)) > _MOST_ITEMS:
        return ()
    if len(expected) > len(actual):
        gone = [i for i, item in enumerate(expected) if not any(equal(item, other) for other in actual)]
        if gone and len(gone) == len(expected) - len(actual):
            return (f"missing: item {_numbers(gone)}; the others are there",)
    else:
        new = [i for i, item in enumerate(actual) if not any(equal(item, other) for other in expected)]
        if new and len(new) == len(actual) - len(expected):
            return (f"not in the contract: item {_numbers(new)}; the others are there",)
    return ()


def _for_variant(expected: Any, actual: Any) -> tuple[str, ...]:
    """Which item of the array comes nearest to the variant, and on what they differ."""
    if not isinstance(expected, dict) or not isinstance(actual, list):
        return ()
    scored = [
        (sum(key in item and equal(value, item[key]) for key, value in expected.items()), -index)
        for index, item in enumerate(actual[:_MOST_ITEMS])
        if isinstance(item, dict)
    ]
    if not scored or max(scored)[0] == 0:
        return ()
    index = -max(scored)[1]
    item = actual[index]
    other = [key for key, value in sorted(expected.items()) if key not in item or not equal(value, item[key])]
    shown = ", ".join(other[:5])
    return (f"the nearest item is at index {index}" + (f", other in: {shown}" if other else ""),)


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def _tells(value: Any) -> bool:
    """Whether two values like this being equal says anything: small numbers and flags are equal by chance."""
    return len(json_text_of(value)) > 4


def _numbers(indexes: Sequence[int]) -> str:
    shown = ", ".join(map(str, indexes[:5]))
    return shown if len(indexes) <= 5 else f"{shown}, …"
