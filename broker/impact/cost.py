"""What a change costs, as a sum whose parts are shown, and the ways to make it all the same. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from tallystick.contract.openapi.edits import Edit
from tallystick.contract.usage import STRICTNESS

POINTS: Final[Mapping[str, int]] = {
    "consumers": 5,  # a team that has to be spoken with
    "interactions": 1,  # an expectation that has to be rewritten
    "live versions": 2,  # something that has to be deployed anew
    "environments": 2,  # a place where that happens
    "production environments": 5,  # and where customers see it
    "strict expectations": 1,  # of a format or stricter: more than a name to change
}
_STRICT: Final = STRICTNESS.index("format")
_NAMED: Final = 5  # places and operations that a step names one by one


def summed(counts: Mapping[str, int]) -> dict[str, Any]:
    """The parts, each with its count and weight, and their sum. Weights are conventions, and therefore shown."""
    parts = [
        {"what": what, "count": counts.get(what, 0), "weight": weight, "points": counts.get(what, 0) * weight}
        for what, weight in POINTS.items()
    ]
    return {"points": sum(counts.get(what, 0) * weight for what, weight in POINTS.items()), "parts": parts}


def strict(levels: Sequence[str]) -> int:
    """How many expectations ask for a format or more."""
    return sum(1 for level in levels if level in STRICTNESS and STRICTNESS.index(level) >= _STRICT)


def ways(
    provider: str,
    edits: Sequence[Edit],
    broken: Collection[str],
    interactions: int,
    on_operation: Collection[str],
    interactions_on_operation: int,
    forecast: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """The three ways, each with its steps, who acts, what is waited for, and what stays running."""
    consumers, whole = sorted(broken), sorted(on_operation)
    wait = {name: forecast.get(name) for name in ("days", "lowDays", "highDays", "note") if name in forecast}
    at_once = {"days": 0, "lowDays": 0, "highDays": 0, "note": "no consumer has to move"}
    old, new = _words(edits)
    operations = list(dict.fromkeys(edit.target.operation for edit in edits))
    moved = f"{len(operations) or 'its'} operation{'' if len(operations) == 1 else 's'}"
    served = ", ".join(operations) if 0 < len(operations) <= _NAMED else moved
    kinds = {edit.kind for edit in edits}
    return [
        {
            "way": "tolerant addition",
            "steps": [
                {"who": provider, "does": f"gives {new} beside {old}" if new else f"keeps {old}"},
                *(
                    [{"who": provider, "does": "takes requests without it too, with a default"}]
                    if kinds & {"require"}
                    else []
                ),
            ],
            "acts": [provider],
            "interactionsToRewrite": 0,
            "forecast": at_once,
            "staysRunning": f"{old}, for as long as {_who(consumers)} reads it; nothing ends it",
            "fits": "drop operation" not in kinds,
        },
        {
            "way": "expand and contract",
            "steps": [
                {"who": provider, "does": f"gives {new} beside {old}" if new else f"tells that {old} will go"},
                *({"who": one, "does": f"stops relying on {old}, and deploys"} for one in consumers),
                {"who": provider, "does": f"takes {old} away, once `tallystick plan can-i-remove` says yes"},
            ],
            "acts": [provider, *consumers],
            "interactionsToRewrite": interactions,
            "forecast": wait,
            "staysRunning": "both shapes, until the last live consumer has moved",
            "fits": True,
        },
        {
            "way": "side-by-side version",
            "steps": [
                {"who": provider, "does": f"serves a second version of {served}, and both for a while"},
                *({"who": one, "does": "calls the new version, and deploys"} for one in whole),
                {"who": provider, "does": "switches the old version off"},
            ],
            "acts": [provider, *whole],
            "interactionsToRewrite": interactions_on_operation,
            "forecast": wait,
            "staysRunning": f"two versions of {moved}, until the last consumer calls the new one",
            "fits": True,
        },
    ]


def _words(edits: Sequence[Edit]) -> tuple[str, str]:
    """The old shape, and the new one where the edits name it."""
    places = list(dict.fromkeys(str(edit.target) for edit in edits))
    more = len(places) - _NAMED
    old = ", ".join(places[:_NAMED]) + (f" and {more} more place{'' if more == 1 else 's'}" if more > 0 else "")
    new = [edit.to for edit in edits if edit.kind == "rename"]
    new += [f"a {edit.to} under another name" for edit in edits if edit.kind == "type"]
    return old or "what breaks", ", ".join(dict.fromkeys(new))


def _who(consumers: Sequence[str]) -> str:
    return ", ".join(consumers) if consumers else "nobody"
