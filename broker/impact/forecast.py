"""When the old shape can go: from how often each consumer that relies on it has been deployed. Pure.

A consumer that has moved is free of the old shape with its next deployment, so the days from one deployment to the
next are what is waited for once the work is done. The work itself is not forecast.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

ENOUGH: Final = 3
"""Intervals between deployments, below which nothing is said."""
_SECONDS: Final = 86_400
TOO_LITTLE: Final = "not enough history"


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often a consumer is deployed to one environment: days from one deployment to the next."""

    environment: str
    intervals: tuple[float, ...]

    @property
    def enough(self) -> bool:
        return len(self.intervals) >= ENOUGH

    def document(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"environment": self.environment, "intervals": len(self.intervals)}
        if not self.enough:
            return {**shown, "note": f"{TOO_LITTLE}: {len(self.intervals)} of at least {ENOUGH} intervals"}
        low, median, high = quartiles(self.intervals)
        return {**shown, "medianDays": median, "lowDays": low, "highDays": high}


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """First quartile, median, third quartile, rounded to a tenth."""
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return round(low, 1), round(median, 1), round(high, 1)


def cadences(events: Iterable[Any], environments: Collection[str]) -> dict[str, tuple[Cadence, ...]]:
    """Of each consumer in each of the environments; `events` in order of time. The same version again is no event."""
    moments: dict[tuple[str, str], list[datetime]] = {}
    last: dict[tuple[str, str], str] = {}
    for event in events:
        key = (event.participant, event.environment)
        if event.environment in environments and last.get(key) != event.version:
            moments.setdefault(key, []).append(event.at)
            last[key] = event.version
    found: dict[str, list[Cadence]] = {}
    for (consumer, environment), some in moments.items():
        days = tuple((b - a).total_seconds() / _SECONDS for a, b in pairwise(some))
        found.setdefault(consumer, []).append(Cadence(environment, days))
    return {consumer: tuple(some) for consumer, some in found.items()}


def of_consumer(known: Sequence[Cadence], environments: Collection[str]) -> dict[str, Any]:
    """The forecast of a consumer that is live in those environments: its slowest place counts."""
    here = [one for one in known if one.environment in environments]
    document: dict[str, Any] = {"days": None, "cadence": [one.document() for one in here]}
    if not environments:
        return {**document, "days": 0, "note": "not live anywhere: nothing has to be deployed"}
    missing = sorted(set(environments) - {one.environment for one in here if one.enough})
    if missing:
        return {**document, "note": f"{TOO_LITTLE} in {', '.join(missing)}"}
    quarters = [quartiles(one.intervals) for one in here]
    low, days, high = (max(one[at] for one in quarters) for at in range(3))
    return {**document, "days": days, "lowDays": low, "highDays": high}


def overall(by_consumer: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The slowest consumer's forecast; none as long as one of them has too little history."""
    unknown = sorted(name for name, one in by_consumer.items() if one["days"] is None)
    known = {name: one for name, one in by_consumer.items() if one["days"] is not None}
    slowest = max(known, key=lambda name: known[name]["days"]) if known else None
    document: dict[str, Any] = {"days": None, "lowDays": None, "highDays": None, "slowest": slowest}
    if unknown:
        at_least = known[slowest]["days"] if slowest else 0
        document["atLeastDays"] = at_least
        document["note"] = f"{TOO_LITTLE} of {', '.join(unknown)}"
    elif slowest is None:
        document.update(days=0, lowDays=0, highDays=0, note="nobody has to be deployed")
    else:
        for name in ("days", "lowDays", "highDays"):
            document[name] = max(one.get(name, 0) for one in known.values())
        document["note"] = "from one deployment of the slowest consumer to its next; the work itself is not forecast"
    return document
