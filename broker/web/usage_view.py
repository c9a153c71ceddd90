"""Who uses what of a provider, for pictures: a matrix of operations and consumers, a tree of fields. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tallystick.broker.impact import places
from tallystick.broker.impact.usage_documents import strictest
from tallystick.broker.impact.users import Consumer, Version
from tallystick.contract import paths
from tallystick.contract.errors import PathInvalid
from tallystick.contract.openapi.edits import EditInvalid, parse_edit

TONES: Final = {
    "presence": "loose", "type": "loose", "format": "shape", "range": "shape", "regex": "shape", "value": "exact",
}  # fmt: skip
"""How a picture tells strictness: any value of a type, one of a shape, or exactly one."""


# --- operations and consumers -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """What a consumer uses of an operation."""

    fields: int
    """Fields that it reads, of response bodies and of messages; 0 for an operation that it merely calls."""
    tone: str
    """Of the strictest of them; "none" where it reads none."""
    live: bool


@dataclass(frozen=True, slots=True)
class Column:
    consumer: str
    live: bool
    operations: int


@dataclass(frozen=True, slots=True)
class Line:
    """An operation with how many use it, and a cell per column (None: this consumer does not)."""

    operation: str
    users: int
    cells: tuple[Cell | None, ...]


def users_by_operation(
    consumers: Iterable[Consumer], rows: Iterable[Any], *, live_only: bool
) -> dict[tuple[str, str], dict[str, list[Version]]]:
    """Per operation the consumers with the versions that use it; `rows` of `queries.users_of_operations`."""
    of_contract: dict[int, list[tuple[str, Version]]] = {}
    for consumer in consumers:
        for version in consumer.versions:
            if version.live or not live_only:
                of_contract.setdefault(version.contract_id, []).append((consumer.name, version))
    found: dict[tuple[str, str], dict[str, list[Version]]] = {}
    for row in rows:
        for name, version in of_contract.get(row.contract_id, ()):
            found.setdefault((row.method, row.template), {}).setdefault(name, []).append(version)
    return found


def columns(used: Mapping[tuple[str, str], Mapping[str, Sequence[Version]]]) -> list[Column]:
    """The consumers, those that use most operations first."""
    counts: dict[str, int] = {}
    live: set[str] = set()
    for names in used.values():
        for name, versions in names.items():
            counts[name] = counts.get(name, 0) + 1
            if any(version.live for version in versions):
                live.add(name)
    return [Column(name, name in live, counts[name]) for name in sorted(counts, key=lambda one: (-counts[one], one))]


def matrix(
    used: Mapping[tuple[str, str], Mapping[str, Sequence[Version]]],
    operations: Sequence[tuple[str, str]],
    shown: Sequence[Column],
    rows: Iterable[Any],
) -> list[Line]:
    """A line per operation; `rows` of `queries.uses`."""
    read: dict[tuple[tuple[str, str], int], dict[tuple[str, str], str]] = {}
    for row in rows:
        if row.path not in ("", "$") and row.part in ("response body", "message body"):
            seen = read.setdefault(((row.method, row.template), row.contract_id), {})
            seen[row.part, row.path] = strictest([row.strictness, seen.get((row.part, row.path), "presence")])
    return [
        Line(
            places.shown(operation),
            len(used[operation]),
            tuple(_cell(operation, used[operation].get(column.consumer), read) for column in shown),
        )
        for operation in operations
    ]


def _cell(
    operation: tuple[str, str],
    versions: Sequence[Version] | None,
    read: Mapping[tuple[tuple[str, str], int], Mapping[tuple[str, str], str]],
) -> Cell | None:
    if versions is None:
        return None
    fields: dict[tuple[str, str], str] = {}
    for version in versions:
        for place, level in read.get((operation, version.contract_id), {}).items():
            fields[place] = strictest([level, fields.get(place, "presence")])
    tone = TONES[strictest(fields.values())] if fields else "none"
    return Cell(len(fields), tone, any(version.live for version in versions))


# --- the fields of an operation -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Need:
    """A consumer that needs a place: how strictly, in which versions, since which version and when."""

    consumer: str
    strictness: str
    versions: tuple[Version, ...]
    since: tuple[str, datetime] | None
    interactions: tuple[str, ...]

    @property
    def live(self) -> bool:
        return any(version.live for version in self.versions)

    @property
    def tone(self) -> str:
        return TONES.get(self.strictness, "loose")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the tree."""

    label: str
    depth: int
    asked: str
    """As one asks for it: `200 $.total`; "" for the operation as a whole."""
    types: str
    needs: tuple[Need, ...]
    edit: str | None
    """The edit that takes it away, where there is one."""


@dataclass(frozen=True, slots=True)
class Group:
    """One part of an operation: its request's body, the headers of its response 200, a message's metadata."""

    title: str
    places: tuple[Place, ...]


@dataclass(slots=True)
class _Node:
    rows: list[Any] = field(default_factory=list)
    below: dict[Any, _Node] = field(default_factory=dict)


_TITLES: Final = {
    "request path": "Request", "request query": "Query", "request header": "Request headers",
    "request body": "Request body", "response header": "headers", "response body": "body", "response status": "",
    "message": "Message", "message metadata": "Metadata", "message body": "Contents",
    "request metadata": "Request metadata", "response metadata": "Response metadata",
    "request message": "Request", "response message": "Response",
}  # fmt: skip


def tree(
    operation: str, rows: Sequence[Any], first: Iterable[Any], consumers: Iterable[Consumer], only: str | None = None
) -> list[Group]:
    """The places of one operation with who needs each; `only` of one consumer."""
    known = _Known(
        [(one, version) for one in consumers if only in (None, one.name) for version in one.versions],
        {(row.consumer_id, row.interaction_sha): row for row in first},
    )
    grouped: dict[tuple[int, str, str], list[Any]] = {}
    for row in rows:
        if row.contract_id in known.of_contract:
            status = _status(row)
            grouped.setdefault((_ORDER.get(row.part.partition(" ")[0], 9), status, row.part), []).append(row)
    return [
        Group(_title(part, status), tuple(_places(operation, part, some, known)))
        for (_, status, part), some in sorted(grouped.items(), key=lambda item: (*item[0][:2], _rank(item[0][2])))
    ]


_ORDER: Final = {"request": 0, "response": 1, "message": 2}
_WITHIN: Final = ("path", "status", "message", "query", "header", "metadata", "body")


def _rank(part: str) -> int:
    word = part.rpartition(" ")[2]
    return _WITHIN.index(word) if word in _WITHIN else len(_WITHIN)


def _status(row: Any) -> str:
    return places.name(row).partition(" ")[0] if places.side(row) == "response" else ""


def _title(part: str, status: str) -> str:
    words = _TITLES.get(part, part)
    if part.startswith("response") and status.isdecimal():
        return f"Response {status} {words}".strip()
    return words or part


class _Known:
    """Which consumers and versions a contract belongs to, and since when an interaction is used."""

    def __init__(self, versions: Iterable[tuple[Consumer, Version]], first: Mapping[tuple[int, str], Any]) -> None:
        self.first = first
        self.of_contract: dict[int, list[tuple[Consumer, Version]]] = {}
        for consumer, version in versions:
            self.of_contract.setdefault(version.contract_id, []).append((consumer, version))

    def needs(self, rows: Iterable[Any]) -> tuple[Need, ...]:
        by_consumer: dict[str, tuple[Consumer, dict[str, Version], list[Any]]] = {}
        for row in rows:
            for consumer, version in self.of_contract[row.contract_id]:
                _, versions, some = by_consumer.setdefault(consumer.name, (consumer, {}, []))
                versions[version.number] = version
                some.append(row)
        return tuple(
            Need(
                consumer.name,
                strictest(row.strictness for row in some),
                tuple(versions.values()),
                self._since(consumer.id, some),
                tuple(dict.fromkeys(row.description for row in some)),
            )
            for consumer, versions, some in sorted(by_consumer.values(), key=lambda item: item[0].name)
        )

    def _since(self, consumer_id: int, rows: Iterable[Any]) -> tuple[str, datetime] | None:
        found = [self.first[consumer_id, sha] for sha in {row.interaction_sha for row in rows}
                 if (consumer_id, sha) in self.first]  # fmt: skip
        oldest = min(found, key=lambda row: row.version_id, default=None)
        return None if oldest is None else (oldest.number, oldest.at)


def _places(operation: str, part: str, rows: Sequence[Any], known: _Known) -> Iterable[Place]:
    root = _Node()
    for row in rows:
        node = root
        for step in _steps(part, row.path):
            node = node.below.setdefault(step, _Node())
        node.rows.append(row)
    if root.rows:
        yield _place(operation, root.rows[0].path or _whole(part), 0, root.rows, known)
    yield from _below(operation, part, root, 1 if root.rows else 0, known)


def _below(operation: str, part: str, node: _Node, depth: int, known: _Known) -> Iterable[Place]:
    for step, child in node.below.items():
        label = step if isinstance(step, str) and not part.endswith("body") else paths.render((step,))
        # What lies between two places that are used may be used by nobody itself: then it lends its name to them.
        while not child.rows and len(child.below) == 1:
            ((step, child),) = child.below.items()
            label += paths.render((step,)).removeprefix("$")
        if child.rows:
            yield _place(operation, label.removeprefix("$").removeprefix("."), depth, child.rows, known)
        else:
            yield Place(label.removeprefix("$").removeprefix("."), depth, "", "", (), None)
        yield from _below(operation, part, child, depth + 1, known)


def _steps(part: str, path: str) -> Sequence[Any]:
    if not path:
        return ()
    if part.endswith(" body"):
        try:
            return paths.parse(path)
        except PathInvalid:
            pass
    return (path,)


def _whole(part: str) -> str:
    return {"request path": "the operation", "response status": "status"}.get(part, "the message")


def _place(operation: str, label: str, depth: int, rows: Sequence[Any], known: _Known) -> Place:
    asked = "" if rows[0].part in ("request path", "message") else places.name(rows[0])
    kinds = (places.value_type(row) for row in rows if row.part != "request path")
    types = ", ".join(dict.fromkeys(kind for kind in kinds if kind))
    return Place(label, depth, asked, types, known.needs(rows), removal(operation, rows[0]))


def removal(operation: str, row: Any) -> str | None:
    """The edit that takes a place away, written so that it is read again; None where edits cannot name it."""
    if row.part in ("request path", "message"):
        return edit("drop operation", operation)
    word = row.part.rpartition(" ")[2]
    if word not in ("body", "query", "header", "status"):
        return None
    return edit("remove", f"{operation} {places.name(row)}")


def edit(kind: str, target: str, to: str = "") -> str | None:
    """The text of an edit; None where it would not be read."""
    text = " ".join(one for one in (kind, quoted(target), to) if one)
    try:
        parse_edit(text)
    except EditInvalid:
        return None
    return text


def quoted(target: str) -> str:
    """As an edit takes it: a path may hold single quotes itself."""
    return f'"{target}"' if "'" in target else f"'{target}'"
