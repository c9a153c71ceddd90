"""Planned changes: declared once, counted anew whenever they are looked at, told when the last live consumer moved.

Stages: expand (the new shape is not there yet), migrate (somebody live still relies on the old one), contract (the gate
is open: nobody does), closed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from tallystick.broker.contracts.api_descriptions import parsed
from tallystick.broker.http.hal import moment, present
from tallystick.broker.http.links import Links, link
from tallystick.broker.impact import fields, forecast, queries, users, what_if
from tallystick.broker.impact.queries import PLAN
from tallystick.broker.participants.queries import participant_named
from tallystick.broker.settings import Settings
from tallystick.broker.webhooks import queries as webhook_queries
from tallystick.broker.webhooks.queries import DELIVERY
from tallystick.contract.openapi.edits import Edit, parse_edit
from tallystick.contract.operation import normal_operation

GATE_OPENED = "plan_gate_opened"


def create(
    session: Session, provider: Any, title: str, edits: Sequence[Edit], sunset: str | None, now: datetime
) -> str:
    """The plan's uuid, its forecast kept as it was made. A few statements."""
    answer = what_if.ask(session, provider, edits)
    left = _blocking(answer)
    forecasts = what_if.forecast_of(session, left)
    made = {"made": {"at": moment(now), **forecast.overall(forecasts)}, "sunset": sunset}
    own = str(uuid.uuid4())
    session.execute(
        insert(PLAN).values(
            uuid=own,
            provider_id=provider.id,
            title=title,
            stage=_stage(session, provider, answer, bool(left)),
            edits=json.dumps([str(one) for one in edits]),
            forecast=json.dumps(made),
            created_at=now,
            updated_at=now,
        )
    )
    return own


def close(session: Session, row: Any, now: datetime) -> None:
    """The change is made, or given up. One statement."""
    session.execute(update(PLAN).where(PLAN.c.id == row.id).values(closed_at=now, updated_at=now, stage="closed"))


def edits_of(row: Any) -> list[Edit]:
    return [parse_edit(text) for text in json.loads(row.edits)]


def _blocking(answer: what_if.Answer) -> list[tuple[users.Consumer, list[users.Version]]]:
    """Who holds the old shape back: live versions, and consumers of which nothing is known to be live."""
    found = [(one, [v for v in versions if one.blocking(v)]) for one, versions in answer.left()]
    return [(one, versions) for one, versions in found if versions]


def _stage(db: queries.Db, provider: Any, answer: what_if.Answer, anyone_left: bool) -> str:
    if not anyone_left:
        return "contract"
    return "migrate" if _new_shape_is_there(db, provider, answer) else "expand"


def _new_shape_is_there(db: queries.Db, provider: Any, answer: what_if.Answer) -> bool:
    """Whether a contract or the newest description has what the edits lead to; true where they name nothing new."""
    wanted = {
        (normal_operation(edit.target.operation), edit.to.rpartition(".")[2])
        for edit in answer.edits
        if edit.kind == "rename"
    }
    if not wanted:
        return True
    known = users.contract_ids(answer.consumers)
    found = {
        (normal_operation(f"{row.method} {row.template}"), row.path.rpartition(".")[2])
        for row in queries.uses(db, provider.id, known, None)
    }
    described = queries.newest_description(db, provider.id)
    if described is not None:
        found |= {
            (normal_operation(one.operation), one.path.rpartition(".")[2]) for one in fields.offered(parsed(described))
        }
    return wanted <= found


# --- as documents -------------------------------------------------------------------------------------------------


def document(db: queries.Db, row: Any, links: Links) -> dict[str, Any]:
    """A plan as it stands now: who is left by environment, and whether the old shape may go. Several statements."""
    provider = participant_named(db, row.provider)
    answer = what_if.ask(db, provider, edits_of(row))
    left = _blocking(answer)
    blocking = {(one.name, version.number) for one, versions in left for version in versions}
    kept = json.loads(row.forecast or "{}")
    own = f"{links.base}/plans/{row.uuid}"
    stage = "closed" if row.closed_at is not None else _stage(db, provider, answer, bool(left))
    slip = what_if.verdict(answer) == "unknown"
    return present(
        {
            "uuid": row.uuid,
            "title": row.title,
            "provider": row.provider,
            "edits": json.loads(row.edits),
            "stage": stage,
            "canRemove": not left and not slip and not answer.unread,
            "reason": _reason(row.provider, left, slip, bool(answer.unread)),
            "left": _by_environment(left),
            "notLive": [
                {"consumer": one.name, "version": version.number}
                for one, versions in answer.left()
                for version in versions
                if (one.name, version.number) not in blocking
            ],
            "forecast": {
                "made": kept.get("made"),
                "now": forecast.overall(what_if.forecast_of(db, left)),
                "gateOpenedAt": kept.get("openedAt"),
                "actualDays": kept.get("actualDays"),
            },
            "headers": headers(row, kept.get("sunset"), own),
            "createdAt": moment(row.created_at),
            "closedAt": moment(row.closed_at) if row.closed_at else None,
            "_links": {
                "self": link(own, row.title),
                "pb:provider": link(links.participant(row.provider), "Provider", row.provider),
                "ts:close": link(f"{own}/close", "Close the plan"),
                "ts:plans": link(f"{links.base}/plans", "Planned changes"),
            },
        }
    )


def _reason(provider: str, left: Sequence[tuple[users.Consumer, Sequence[Any]]], slip: bool, unread: bool) -> str:
    if slip:
        return f"neither a contract nor a description of {provider} has the operation: check the edits"
    if left:
        names = ", ".join(consumer.name for consumer, _ in left)
        return f"{names} still {'relies' if len(left) == 1 else 'rely'} on it"
    if unread:
        return "some contract cannot be read, so nobody knows what it relies on"
    return "no live consumer relies on it"


def _by_environment(left: Iterable[tuple[users.Consumer, Sequence[users.Version]]]) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for consumer, versions in left:
        for version in versions:
            for one in version.standings:
                if one.live or not version.live:
                    where = one.environment or "(nothing of it is known to be live)"
                    found.setdefault(where, []).append(
                        {"consumer": consumer.name, "version": version.number, "since": moment(one.since)}
                    )
    return [{"environment": name, "consumers": some} for name, some in sorted(found.items())]


def headers(row: Any, sunset: str | None, own: str) -> dict[str, str]:
    """What responses with the old shape may carry: Deprecation (RFC 9745), Sunset (RFC 8594) when a day is planned."""
    found = {"Deprecation": f"@{int(row.created_at.timestamp())}", "Link": f'<{own}>; rel="deprecation"'}
    if sunset:
        from email.utils import format_datetime

        found["Sunset"] = format_datetime(datetime.fromisoformat(f"{sunset}T00:00:00+00:00"), usegmt=True)
    return found


# --- the gate -----------------------------------------------------------------------------------------------------


def consumer_moved(session: Session, consumer_id: int, links: Links, settings: Settings, now: datetime) -> None:
    """Open the gates that this consumer was the last to hold, and tell it. One statement where nothing is planned."""
    for row in queries.open_plans_about(session, consumer_id):
        if row.stage == "contract":
            continue
        provider = participant_named(session, row.provider)
        answer = what_if.ask(session, provider, edits_of(row))
        if _blocking(answer) or answer.unread or what_if.verdict(answer) == "unknown":
            continue
        kept = json.loads(row.forecast or "{}")
        kept["openedAt"] = moment(now)
        kept["actualDays"] = round((now - row.created_at).total_seconds() / 86_400, 1)
        session.execute(
            update(PLAN).where(PLAN.c.id == row.id).values(stage="contract", forecast=json.dumps(kept), updated_at=now)
        )
        _tell(session, row, consumer_id, links, settings, now)


def _tell(session: Session, row: Any, consumer_id: int, links: Links, settings: Settings, now: datetime) -> None:
    listeners = webhook_queries.listening(session, consumer_id, row.provider_id)
    parameters = {
        "eventName": GATE_OPENED,
        "providerName": row.provider,
        "dashboardUrl": links.base + "/",
        "planTitle": row.title,
        "planUrl": f"{links.base}/plans/{row.uuid}",
    }
    rows = [
        {
            "uuid": str(uuid.uuid4()),
            "webhook_id": one.id,
            "event": GATE_OPENED,
            "consumer_id": consumer_id,
            "provider_id": row.provider_id,
            "parameters": json.dumps(parameters),
            "status": "not_run",
            "attempts": 0,
            "created_at": now,
            "due_at": now + timedelta(seconds=settings.webhook_first_attempt_seconds),
        }
        for one in listeners
        if one.enabled and one.event == GATE_OPENED
    ]
    if rows:
        session.execute(insert(DELIVERY), rows)
