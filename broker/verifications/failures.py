"""Since when an interaction fails on a branch of its provider, and until when it did.

Pure. What counts is the order of versions, not the order in which results arrive: what comes late, or is verified
again, finds its place between the versions that are known. Of each version the newest result counts.

An interval keeps the two ends of its failures and the nearest versions on either side that passed. These ends are
what later results are weighed against, together with the nearest results that are still stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from tallystick.broker.verifications.outcomes import Outcome

_WHOLE: Final = "contract "


@dataclass(frozen=True, slots=True)
class Seen:
    """A provider version with a result; `order` is its place among all versions."""

    order: int
    version: str
    at: datetime
    build_url: str | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """Versions in a row that failed: the first and the last of them, and those next to them that passed, if any."""

    since: Seen
    failed: Seen
    passed: Seen | None = None
    until: Seen | None = None

    def covers(self, order: int) -> bool:
        """A version at this place is between the first and the last that failed."""
        return self.since.order <= order <= self.failed.order


Evidence: TypeAlias = Mapping[int, tuple[Seen, bool]]
"""By place: a version, and whether it passed."""


def intervals(evidence: Evidence) -> list[Interval]:
    """Rows of failures in the order of versions."""
    found: list[Interval] = []
    failing: list[Seen] = []
    passed: Seen | None = None
    for order in sorted(evidence):
        seen, success = evidence[order]
        if not success:
            failing.append(seen)
            continue
        if failing:
            found.append(Interval(failing[0], failing[-1], passed, seen))
            failing = []
        passed = seen
    if failing:
        found.append(Interval(failing[0], failing[-1], passed))
    return found


def ends(known: Iterable[Interval]) -> dict[int, tuple[Seen, bool]]:
    """What intervals know of single versions."""
    found: dict[int, tuple[Seen, bool]] = {}
    for each in known:
        for seen, success in ((each.passed, True), (each.until, True), (each.failed, False), (each.since, False)):
            if seen is not None:
                found[seen.order] = (seen, success)
    return found


def unsure(known: Iterable[Interval], order: int, success: bool) -> bool:
    """Whether the ends of intervals do not tell what a result at this place does to them: its neighbours do.

    A failure is at home between a row of failures and the successes next to it; a success anywhere but within a row.
    """
    for each in known:
        if success:
            if each.covers(order):
                return True
        elif (each.passed is None or each.passed.order < order) and (each.until is None or order < each.until.order):
            return each.passed is None and order < each.since.order
    return not success


def whole(contract_sha: str) -> str:
    """What stands for a contract as a whole, where a result did not say which of its interactions failed."""
    return _WHOLE + contract_sha


def told(outcomes: Iterable[Outcome], success: bool, contract_sha: str) -> dict[str, tuple[bool, str]]:
    """interaction -> (passed, description): what one result says, of the whole contract where it names nothing."""
    found = {each.sha: (each.success, each.description or "") for each in outcomes if each.sha is not None}
    if success:
        found[whole(contract_sha)] = (True, "")
    elif not any(not passed for passed, _ in found.values()):
        found[whole(contract_sha)] = (False, "")
    return found
