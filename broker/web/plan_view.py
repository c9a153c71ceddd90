"""A planned change as pictures take it: its stages, and who moved when beside what was forecast. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

STAGES: Final = {
    "expand": "the new shape appears beside the old one",
    "migrate": "consumers stop relying on the old shape",
    "contract": "nobody live relies on it: it may go",
}
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Step:
    """One stage in the picture: done, now, or ahead."""

    name: str
    words: str
    standing: str


def steps(stage: str, outcome: str | None = None) -> list[Step]:
    """The three stages as a plan stands. One that is closed as done has passed all, one given up stays where it was."""
    names = list(STAGES)
    at = names.index(stage) if stage in names else len(names)
    if stage == "closed" and outcome == "given-up":
        return [Step(name, words, "ahead") for name, words in STAGES.items()]
    return [
        Step(name, words, "done" if place < at else "now" if place == at else "ahead")
        for place, (name, words) in enumerate(STAGES.items())
    ]


@dataclass(frozen=True, slots=True)
class Track:
    """A line of the timeline on a scale from 0 to 100, from the day of the plan on."""

    name: str
    end: float
    """Where what happened ends: the move, the opening of the gate, or today."""
    over: bool
    """Whether it has happened."""
    days: float
    forecast: float | None
    """Where it was forecast; None where there was too little history."""
    forecast_days: float | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everybody's line, and how many days the scale is long."""

    days: float
    tracks: tuple[Track, ...]
    sunset: float | None


def timeline(plan: Mapping[str, Any], now: datetime) -> Timeline:
    """Who moved when, who has not yet, and when the gate opened, beside what was forecast when the plan was made."""
    created = datetime.fromisoformat(plan["createdAt"])
    ended = datetime.fromisoformat(plan["closedAt"]) if plan.get("closedAt") else now
    today = max(0.0, round((ended - created).total_seconds() / _DAY, 1))
    forecast = plan["forecast"]
    made = forecast.get("made") or {}
    expected = dict(made.get("consumers") or {})
    lines: list[tuple[str, float, bool, float | None]] = [
        (one["consumer"], one["actualDays"], True, one.get("forecastDays")) for one in plan["moved"]
    ]
    moved = {name for name, *_ in lines}
    lines += [(name, today, False, expected.get(name)) for name in plan["leftConsumers"] if name not in moved]
    lines.sort(key=lambda line: (not line[2], line[1], line[0]))
    opened = forecast.get("actualDays")
    lines.append(("the gate", today if opened is None else opened, opened is not None, made.get("days")))
    sunset = None
    if plan.get("sunset"):
        day = datetime.fromisoformat(plan["sunset"]).replace(tzinfo=created.tzinfo)
        sunset = round((day - created).total_seconds() / _DAY, 1)
    longest = max([1.0, *(line[1] for line in lines), *(float(line[3]) for line in lines if line[3] is not None)])
    # A sunset far away would leave no room for what is near.
    shown = sunset if sunset is not None and 0 <= sunset <= 4 * longest else None
    longest = max(longest, shown or 0.0)

    def at(days: float | None) -> float | None:
        return None if days is None else round(100 * days / longest, 2)

    tracks = tuple(Track(name, at(days) or 0.0, over, days, at(guess), guess) for name, days, over, guess in lines)
    return Timeline(longest, tracks, at(shown))
