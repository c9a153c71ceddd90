"""Static evidence: where a result is owed, the comparison of the contract with an API description may stand in for it.

Only for who asked for it, and never over a result. Pure: rows and what is known in, rows out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from tallystick.broker.deployability.rows import Row, Static

ProviderVersion: TypeAlias = tuple[int, str]
"""(id, number)."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A contract that a provider version has no result for. `row` shows the contract."""

    row: Row
    version: ProviderVersion

    @property
    def pair(self) -> tuple[int, int]:
        """(contract id, version id)."""
        return self.row.contract_id, self.version[0]


def owed(
    rows: Sequence[Row],
    asked: Callable[[int], Sequence[ProviderVersion]],
    live: Callable[[int], Sequence[ProviderVersion]],
) -> Iterator[Owed]:
    """What provider versions owe results for, by the providers' ids.

    A contract without any result: all versions that the question means. One with a result of some: the other versions
    that are live at the destination.
    """
    verified: dict[int, set[int | None]] = {}
    for row in rows:
        verified.setdefault(row.publication_id, set()).add(row.provider_version_id)
    for row in {row.publication_id: row for row in rows}.values():
        by = verified[row.publication_id]
        candidates = asked(row.provider_id) if by == {None} else live(row.provider_id)
        yield from (Owed(row, version) for version in candidates if version[0] not in by)


def answered(rows: Iterable[Row], owing: Iterable[Owed], known: Mapping[tuple[int, int], Static]) -> list[Row]:
    """The rows, with one for each comparison that speaks for or against; where none does, the row says why not."""
    more: dict[int, list[Row]] = {}
    silent: dict[int, Static] = {}
    for one in owing:
        static = known.get(one.pair)
        if static is None:
            continue
        if static.success is None:
            silent.setdefault(one.row.publication_id, static)
        else:
            id_, number = one.version
            row = replace(one.row, provider_version_id=id_, provider_number=number, result=None, static=static)
            more.setdefault(one.row.publication_id, []).append(row)
    found: list[Row] = []
    for row in rows:
        if row.result is not None:
            found.append(row)
        elif row.publication_id not in more:
            found.append(replace(row, static=silent.get(row.publication_id)))
    return found + [row for some in more.values() for row in some]
