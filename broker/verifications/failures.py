"""Since when an interaction fails on a branch of its provider, and until when it did.

Pure: from the outcomes of one result to the intervals it opens and closes. Intervals are kept by names, so that they
outlive what they speak of. A failure that names no interaction opens the interval of "" (the contract as a whole).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from tallystick.broker.verifications.outcomes import Outcome

WHOLE: Final = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What one result does to the intervals of one branch."""

    opened: dict[str, str] = field(default_factory=dict)
    """interaction -> description, in the order of the report."""
    closed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed)


def change(outcomes: Iterable[Outcome], success: bool, open_now: Collection[str]) -> Change:
    """`open_now` are the interactions that fail so far on this branch, for this consumer."""
    failing: dict[str, str] = {}
    passing: set[str] = set()
    for outcome in outcomes:
        if outcome.sha is None:
            continue
        if outcome.success:
            passing.add(outcome.sha)
        else:
            failing[outcome.sha] = outcome.description or ""
    if not success and not failing:
        failing[WHOLE] = ""
    else:
        passing.add(WHOLE)
    return Change(
        opened={sha: description for sha, description in failing.items() if sha not in open_now},
        closed=tuple(sha for sha in open_now if sha in passing and sha not in failing),
    )
