"""Plans as documents: as one stands now, counted anew; as lists show them, from what is kept; and may it go."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any, Final, TypeAlias

from tallystick.broker.http.hal import moment, present
from tallystick.broker.http.links import Links, link
from tallystick.broker.impact import forecast, plan_queries, queries, what_if
from tallystick.broker.impact.plan_counting import Holders, basis_of, places_of, reason
from tallystick.broker.impact.plans import blocking
from tallystick.broker.impact.users import Consumer, Version
from tallystick.broker.participants.queries import participant_named
from tallystick.contract.openapi.edits import parse_edit

_DAY: Final = 86_400
_UNCOUNTED: Final = "made by an older broker, and counted when one of its consumers moves: see the plan itself"


def summary(row: Any, stands: Sequence[Any], links: Links) -> dict[str, Any]:
    """A plan as lists show it, from what is kept: `stands` is how its consumers stand to it. No statement."""
    holders = _holders(stands)
    return present(
        {
            "uuid": row.uuid,
            "title": row.title,
            "provider": row.provider,
            "edits": json.loads(row.edits),
            "stage": row.stage,
            "outcome": row.outcome,
            "gate": "open" if _is_open(row, holders) else "shut",
            "reason": _UNCOUNTED if row.counted is None else reason(row.provider, holders, not _all_known(row)),
            "leftConsumers": [*holders.relying, *holders.unread],
            "movedConsumers": [each.consumer for each in stands if each.moved_at is not None],
            "sunset": row.sunset,
            "url": row.url,
            "createdAt": moment(row.created_at),
            "closedAt": moment(row.closed_at) if row.closed_at else None,
            "_links": _links(row, links),
        }
    )


def document(db: queries.Db, row: Any, links: Links) -> dict[str, Any]:
    """A plan as it stands now: who is left by environment, what became of its gate and its forecast.

    What is counted anew is counted as `what_if.ask` does. Five statements besides.
    """
    now = _now(db, row)
    gates = plan_queries.gates(db, [row.id])
    stands = plan_queries.stands(db, [row.id])
    return {
        **summary(row, stands, links),
        "gate": "open" if now.may_go else "shut",
        "canRemove": bool(now.may_go),
        "reason": now.reason,
        "leftConsumers": [*now.holders.relying, *now.holders.unread],
        "left": by_environment(now.left),
        "unread": by_environment(now.unread),
        "notLive": now.not_live,
        "moved": _moved(row, stands),
        "forecast": {
            "made": json.loads(row.forecast or "{}").get("made"),
            "now": forecast.overall(what_if.forecast_of(db, now.left)),
            **_outcome(row, gates),
        },
        "history": [_turn(row, each) for each in gates],
        "headers": headers(row),
    }


def may_go(db: queries.Db, row: Any, links: Links) -> dict[str, Any]:
    """Whether the old shape may go: yes, no, or unknown, with who is in the way."""
    now = _now(db, row)
    own = f"{links.base}/plans/{row.uuid}"
    return {
        "canRemove": now.may_go,
        "verdict": {True: "yes", False: "no", None: "unknown"}[now.may_go],
        "reason": now.reason,
        "plan": {"uuid": row.uuid, "title": row.title, "provider": row.provider, "stage": row.stage},
        "left": by_environment(now.left),
        "unread": by_environment(now.unread),
        "notLive": now.not_live,
        "_links": {
            "self": link(f"{own}/can-i-remove", "May the old shape go?"),
            "ts:plan": link(own, row.title),
            "pb:provider": link(links.participant(row.provider), "Provider", row.provider),
        },
    }


_Left: TypeAlias = "Sequence[tuple[Consumer, Sequence[Version]]]"


@dataclass(frozen=True, slots=True)
class _Now:
    """A plan counted anew."""

    left: _Left
    unread: _Left
    holders: Holders
    not_live: list[dict[str, str]]
    may_go: bool | None
    """None where nobody knows."""
    reason: str


def _now(db: queries.Db, row: Any) -> _Now:
    answer = what_if.ask(db, participant_named(db, row.provider), [parse_edit(text) for text in json.loads(row.edits)])
    left, unread = blocking(answer), _unread(answer)
    relying = [one.name for one, _ in left]
    holders = Holders(relying, [one.name for one, _ in unread if one.name not in relying])
    slip = what_if.verdict(answer) == "unknown" if row.counted is None else not _all_known(row)
    may_go, why = _verdict(row, holders, slip=slip)
    return _Now(left, unread, holders, _not_live(answer, left), may_go, why)


def _verdict(row: Any, holders: Holders, *, slip: bool) -> tuple[bool | None, str]:
    why = reason(row.provider, holders, slip)
    if row.outcome == "given-up":
        return False, f"the plan was given up at {moment(row.closed_at)}, and {why}"
    if holders.relying:
        return False, why
    if slip or holders.unread:
        return None, why
    return True, why


def _all_known(row: Any) -> bool:
    """Whether the operation of every edit was used or described at some time: then none is a slip."""
    basis = basis_of(row.counted)
    return basis is not None and len(basis.known) == len(json.loads(row.edits))


def _is_open(row: Any, holders: Holders) -> bool:
    if row.closed_at is None:
        return bool(row.stage == "contract")
    return row.outcome != "given-up" and not holders


def _holders(stands: Iterable[Any]) -> Holders:
    holders = Holders()
    for one in stands:
        holders.add(one.consumer, one.holds)
    return holders


def _unread(answer: what_if.Answer) -> list[tuple[Consumer, list[Version]]]:
    some = [
        (one, [v for v in one.versions if v.contract_id in answer.unread and one.blocking(v)])
        for one in answer.consumers
    ]
    return [(one, versions) for one, versions in some if versions]


def by_environment(left: _Left) -> list[dict[str, Any]]:
    """Who holds the gate in which environment; those of which nothing is known to be live in one of their own."""
    found: dict[str, list[dict[str, Any]]] = {}
    for consumer, versions in left:
        for version in versions:
            for where, standing in places_of(version):
                found.setdefault(where, []).append(
                    {"consumer": consumer.name, "version": version.number, "since": moment(standing.since)}
                )
    return [{"environment": name, "consumers": some} for name, some in sorted(found.items())]


def _not_live(answer: what_if.Answer, left: _Left) -> list[dict[str, str]]:
    held = {(one.name, version.number) for one, versions in left for version in versions}
    return [
        {"consumer": one.name, "version": version.number}
        for one, versions in answer.left()
        for version in versions
        if (one.name, version.number) not in held
    ]


# --- forecast beside outcome --------------------------------------------------------------------------------------


def _days(row: Any, at: datetime) -> float:
    return float(round((at - row.created_at).total_seconds() / _DAY, 1))


def _moved(row: Any, stands: Iterable[Any]) -> list[dict[str, Any]]:
    """Who held the gate and moved: when, after how many days, and how many were forecast."""
    made = (json.loads(row.forecast or "{}").get("made") or {}).get("consumers") or {}
    return [
        {
            "consumer": one.consumer,
            "at": moment(one.moved_at),
            "actualDays": _days(row, one.moved_at),
            "forecastDays": made.get(one.consumer),
        }
        for one in stands
        if one.moved_at is not None
    ]


def _outcome(row: Any, gates: Sequence[Any]) -> dict[str, Any]:
    """When the gate opened that is open now, or was when the plan was closed."""
    last = gates[-1] if gates else None
    opened = last.at if last is not None and last.event == "opened" else None
    return {
        "gateOpenedAt": moment(opened) if opened else None,
        "actualDays": _days(row, opened) if opened else None,
    }


def _turn(row: Any, gate: Any) -> dict[str, Any]:
    return {
        "event": gate.event,
        "at": moment(gate.at),
        "days": _days(row, gate.at),
        "consumers": json.loads(gate.consumers),
        "reason": gate.reason,
    }


# --- headers and links --------------------------------------------------------------------------------------------


def headers(row: Any) -> dict[str, str]:
    """What responses with the old shape may carry: Deprecation (RFC 9745), Sunset (RFC 8594) when a day is planned.

    A Link leads to what consumers should read, where the plan says what that is.
    """
    found = {"Deprecation": f"@{int(row.created_at.timestamp())}"}
    if row.sunset:
        found["Sunset"] = format_datetime(
            datetime.combine(date.fromisoformat(row.sunset), datetime.min.time(), UTC), True
        )
    if row.url:
        relations = ["deprecation", *(["sunset"] if row.sunset else [])]
        found["Link"] = ", ".join(f'<{row.url}>; rel="{one}"' for one in relations)
    return found


def _links(row: Any, links: Links) -> Mapping[str, Any]:
    own = f"{links.base}/plans/{row.uuid}"
    return present(
        {
            "self": link(own, row.title),
            "pb:provider": link(links.participant(row.provider), "Provider", row.provider),
            "ts:can-i-remove": link(f"{own}/can-i-remove", "May the old shape go?"),
            "ts:close": link(f"{own}/close", "Close the plan, as done or given-up, by POST")
            if row.closed_at is None
            else None,
            "ts:plans": link(f"{links.base}/plans", "Planned changes"),
        }
    )
