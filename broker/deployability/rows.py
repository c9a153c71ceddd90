"""Rows of the matrix as values: which of them count, in which order they are told.

A row is a consumer version's contract with a provider, together with the result of one provider version, or with
none. Everything here is a function over such rows; fetching them is `deployability.queries`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from tallystick.broker.deployability.selectors import Ignored, LatestBy


@dataclass(frozen=True, slots=True)
class Result:
    """One result of verifying a contract's content: when it was stored, and when it was verified."""

    id: int
    number: int
    success: bool
    at: datetime
    executed_at: datetime


StaticOutcome: TypeAlias = Literal[
    "compatible", "incompatible", "incomplete", "not-described", "not-trusted", "not-compared"
]


@dataclass(frozen=True, slots=True)
class Static:
    """What is known of a contract and a provider version without running anything, where someone wants to rely on it.

    `not-trusted`: the provider's own check of its description failed. `incomplete`: the description has no say in
    `not_compared` of the interactions. `not-compared`: too many at once, ask again.
    """

    number: str
    """Of the provider version."""
    outcome: StaticOutcome
    errors: int = 0
    warnings: int = 0
    interactions: int = 0
    not_compared: int = 0
    self_verified: bool | None = None
    """Whether the provider's own check of its description passed; None where it published none."""
    description_sha: str = ""

    @property
    def success(self) -> bool | None:
        """For the contract, against it, or no evidence."""
        return {"compatible": True, "incompatible": False}.get(self.outcome)


@dataclass(frozen=True, slots=True)
class Row:
    """A contract as published by one consumer version, and what one provider version made of it.

    `provider_version_id` and `provider_number` are None together: nobody asked about has verified it, and no
    comparison stands in. Where one does, `result` is None and `static` holds it; where none could, `static` says why.
    Version ids are places in the broker-wide order.
    """

    consumer_id: int
    consumer: str
    consumer_version_id: int
    consumer_number: str
    provider_id: int
    provider: str
    publication_id: int
    revision: int
    contract_id: int
    contract_sha: str
    published_at: datetime
    provider_version_id: int | None = None
    provider_number: str | None = None
    result: Result | None = None
    static: Static | None = None

    @property
    def success(self) -> bool | None:
        if self.result is not None:
            return self.result.success
        return None if self.static is None else self.static.success

    @property
    def by_comparison(self) -> bool:
        """A comparison with a description speaks here, and no result: static evidence, which must be labelled."""
        return self.result is None and self.success is not None

    @property
    def activity(self) -> tuple[datetime, int, int]:
        """When the row last changed, with ids to break ties."""
        if self.result is None:
            return self.published_at, 0, self.publication_id
        return max(self.published_at, self.result.at), self.result.id, self.publication_id


_Key: TypeAlias = Callable[[Row], tuple[int | None, ...]]

_GROUPS: Final[dict[str, _Key]] = {
    "cvpv": lambda r: (r.consumer_id, r.consumer_version_id, r.provider_id, r.provider_version_id),
    "cvp": lambda r: (r.consumer_id, r.consumer_version_id, r.provider_id),
    "cp": lambda r: (r.consumer_id, r.provider_id),
}


def newest_per_group(rows: Iterable[Row], latest_by: LatestBy | None) -> list[Row]:
    """One row per group: the unverified one if the newest activity is that, else that of the newest provider version.

    None keeps every row. The answer does not depend on the order of the rows given.
    """
    recent = sorted(rows, key=lambda row: row.activity, reverse=True)
    if latest_by is None:
        return recent
    grouped: dict[tuple[int | None, ...], list[Row]] = {}
    for row in recent:
        grouped.setdefault(_GROUPS[latest_by](row), []).append(row)
    return [_representative(group) for group in grouped.values()]


def _representative(group: Sequence[Row]) -> Row:
    first = group[0]
    if first.provider_version_id is None:
        return first
    return max(group, key=lambda row: row.provider_version_id or 0)


def with_results(rows: Iterable[Row], wanted: Collection[bool | None] | None) -> list[Row]:
    """The rows whose result is among those wanted (None: unverified); all of them when nothing was said."""
    return [row for row in rows if wanted is None or row.success in wanted]


def is_ignored(row: Row, ignored: Iterable[Ignored]) -> bool:
    """One side of the row is a dependency that does not count."""
    sides = ((row.consumer, row.consumer_number), (row.provider, row.provider_number))
    return any(
        name == entry.participant and (entry.version is None or number == entry.version)
        for entry in ignored
        for name, number in sides
    )


def in_telling_order(rows: Iterable[Row]) -> list[Row]:
    """Consumer name, newest consumer version, newest revision, provider name, unverified first, newest result."""
    return sorted(
        rows,
        key=lambda r: (
            r.consumer,
            -r.consumer_version_id,
            -r.revision,
            r.provider,
            0 if r.provider_version_id is None else 1,
            -(r.provider_version_id or 0),
            -(r.result.id if r.result else 0),
        ),
    )


def printed(considered: Sequence[Row], ignored: Sequence[Row], limit: int | None) -> list[tuple[Row, bool]]:
    """(row, is it ignored) as they are printed: at most `limit`, those of the newest activity; ignored ones last."""
    flagged = [(row, False) for row in considered] + [(row, True) for row in ignored]
    if limit is not None and len(flagged) > limit:
        flagged = sorted(flagged, key=lambda pair: pair[0].activity, reverse=True)[:limit]
    kept = {(_identity(row), flag) for row, flag in flagged}
    return [
        (row, flag)
        for rows, flag in ((considered, False), (ignored, True))
        for row in in_telling_order(rows)
        if (_identity(row), flag) in kept
    ]


def _identity(row: Row) -> tuple[int, int, int]:
    return row.publication_id, row.result.id if row.result else 0, row.provider_version_id or 0
