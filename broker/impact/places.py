"""Which of the operations and places that are used somebody means. Pure; what fits several is told, never guessed away.

An operation is stored as `GET /orders/{id}`, or as a message's topic; a place within it is a part and a path.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tallystick.contract import paths
from tallystick.contract.errors import PathInvalid
from tallystick.contract.openapi.edits import EditInvalid, parse_target
from tallystick.contract.operation import best_template, normal_operation

Operation: TypeAlias = tuple[str, str]
"""Method ("" for messages) and template."""

_OPERATION: Final = re.compile(r"(?:([A-Za-z]+)\s+)?(/\S*)")
_NEAR: Final = 0.5
_CUT_AT: Final = 1000  # bytes of a template in the map


@dataclass(frozen=True, slots=True)
class Meant:
    """The operations that a text means."""

    operations: tuple[Operation, ...] = ()
    ambiguous: tuple[str, ...] = ()
    """Others that it could also mean, or all of them when none is the one."""
    nearest: tuple[str, ...] = ()
    """When it means none: those that read most like it."""


def shown(operation: Operation) -> str:
    return f"{operation[0]} {operation[1]}".strip()


def meant(text: str, known: Sequence[Operation], templates: Iterable[str] = ()) -> Meant:
    """The operations among the known that a text means; `templates` are the path templates of a description."""
    found = _OPERATION.fullmatch(text.strip())
    if found is None:
        exact = tuple(one for one in known if not one[0] and one[1] == text.strip())
        return Meant(exact) if exact else Meant(nearest=_nearest(text, known))
    method, path = (found[1] or "").upper(), found[2]
    described = tuple(templates)
    candidates = [one for one in known if one[1].startswith("/") and method in ("", one[0])]
    wanted = normal_operation(f"GET {path}")
    exact = tuple(
        one for one in candidates if wanted in (_normal(one[1]), _normal(best_template(one[1], described) or one[1]))
    )
    fitting = [one for one in candidates if one not in exact and best_template(one[1], [path]) is not None]
    if not exact:
        around = [one for one in candidates if best_template(path, [one[1]]) is not None]
        best = best_template(path, [one[1] for one in around])
        exact = tuple(one for one in around if one[1] == best) or tuple(fitting)
        fitting = [one for one in around if one not in exact] or (fitting if len(exact) > 1 else [])
    elif described:
        # A description says which path is whose; without it a literal path may be a value of the template.
        fitting = [one for one in fitting if best_template(one[1], described) is None]
    if not exact:
        return Meant(nearest=_nearest(f"{method} {path}".strip(), known))
    several = len({one[0] for one in exact}) > 1
    return Meant(exact, tuple(shown(one) for one in (*(exact if several else ()), *fitting) if one))


def _normal(template: str) -> str:
    return normal_operation(f"GET {template}")


def _nearest(text: str, known: Iterable[Operation]) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(text, dict.fromkeys(map(shown, known)), 3, _NEAR))


def calling(wanted: Iterable[Operation], used: Iterable[Operation]) -> set[Operation]:
    """Of the operations that are used, those whose interactions may be of a wanted one, once their paths are compared.

    The map has paths without their values and without a description, so this is more than will be found, never less.
    """
    sought = set(wanted)
    exact = {normal_operation(shown(one)) for one in sought}
    by_length: dict[tuple[str, int], list[list[str]]] = {}
    for method, template in sought:
        segments = _segments(template)
        by_length.setdefault((method.upper(), len(segments)), []).append(segments)
    found: set[Operation] = set()
    for one in used:
        cut = len(one[1].encode()) >= _CUT_AT and any(method == one[0] for method, _ in by_length)
        if (
            cut
            or normal_operation(shown(one)) in exact
            or any(
                _may_share(segments, each)
                for segments in _readings(one)
                for each in by_length.get((one[0], len(segments)), ())
            )
        ):
            found.add(one)
    return found


def _segments(template: str) -> list[str]:
    return (template.rstrip("/") or "/").split("/")


def _readings(used: Operation) -> Iterator[list[str]]:
    """The segments of its paths; a value at the end may have been empty, and then the path is a shorter one."""
    segments = _segments(used[1])
    while used[0]:
        yield segments
        if len(segments) <= 2 or "{" not in segments[-1]:
            return
        segments = segments[:-1]


def _may_share(used: Sequence[str], wanted: Sequence[str]) -> bool:
    return all("{" in one or "{" in other or one == other for one, other in zip(used, wanted, strict=True))


# --- places within an operation -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A place as it was asked for: `$.total`, `200 $.total`, `query page`, `201 header location`, `metadata key`."""

    text: str
    status: str
    word: str
    """body, query, header or metadata; "" for a status alone."""
    path: str

    def takes(self, row: Any) -> bool:
        """Whether a row of the usage map is about this place."""
        if self.status and not _status(self.status, row):
            return False
        if not self.word:
            return bool(row.part == "response status")
        if not row.part.endswith(f" {self.word}"):
            return False
        return row.path == self.path or (self.word == "body" and _same(self.path, row.path))


def place(text: str) -> Place:
    """Read a place. Raises `EditInvalid`."""
    words = text.split(None, 1)
    if len(words) == 2 and words[0].lower() == "metadata":
        return Place(text, "", "metadata", words[1])
    target = parse_target(f"GET / {text}")
    if not target.part and not target.status:
        raise EditInvalid(text, 0, "a path such as $.total, perhaps after a status, or `query NAME` or `header NAME`,")
    return Place(text, target.status, target.part.rpartition(" ")[2], target.path)


def name(row: Any) -> str:
    """A row's place as one would ask for it."""
    word = row.part.rpartition(" ")[2]
    status = (row.detail or "").partition(" ")[0] if row.part.startswith("response ") else ""
    status = status if status.isdecimal() else ""
    if word in ("query", "header", "metadata"):
        return f"{status} {word} {row.path}".strip()
    if word == "body":
        return f"{status} {row.path}".strip()
    return status or word


def side(row: Any) -> str:
    """request, response or message: what the part belongs to."""
    return str(row.part).partition(" ")[0]


def value_type(row: Any) -> str:
    """The type of the example: the last word of the detail."""
    last = (row.detail or "").rpartition(" ")[2]
    return "" if last.isdecimal() else last


def nearest_places(wanted: Place, rows: Iterable[Any]) -> tuple[str, ...]:
    """Places that are used and read most like the wanted one; those below or above it first."""
    names = list(dict.fromkeys(name(row) for row in rows if row.path))
    by_path: dict[str, list[str]] = {}
    for one in names:
        by_path.setdefault(one.rpartition(" ")[2], []).append(one)
    related = [path for path in by_path if path.endswith(f".{_last(wanted.path)}")]
    close = difflib.get_close_matches(wanted.path, by_path, 3, _NEAR)
    return tuple(each for path in dict.fromkeys([*related, *close]) for each in by_path[path])[:5]


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _status(wanted: str, row: Any) -> bool:
    status = (row.detail or "").partition(" ")[0]
    if not row.part.startswith("response ") or not status.isdecimal():
        return False
    return wanted == status or (wanted.endswith("XX") and wanted[0] == status[0])


def _same(one: str, other: str) -> bool:
    """Whether two paths can lead to one place: a free name takes any."""
    if ".*" not in one and ".*" not in other:
        return one == other
    try:
        ours, theirs = paths.parse(one), paths.parse(other)
    except PathInvalid:
        return False
    return len(ours) == len(theirs) and all(
        a == b or (paths.ANY in (a, b) and isinstance(b if a is paths.ANY else a, str))
        for a, b in zip(ours, theirs, strict=True)
    )
