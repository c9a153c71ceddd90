"""Planned changes: made, changed and closed. Who is left is counted by `gates`, told by `plan_documents`.

Stages: expand (the new shape is not there yet), migrate (somebody live still relies on the old one), contract (the gate
is open: nobody does), closed.
"""

from __future__ import annotations

import difflib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from tallystick.broker.errors import NotFound, Unprocessable
from tallystick.broker.http.checks import Fields
from tallystick.broker.http.hal import moment
from tallystick.broker.impact import forecast, gates, plan_queries, what_if
from tallystick.broker.settings import Settings
from tallystick.contract.openapi.edits import Edit

Outcome: TypeAlias = Literal["done", "given-up"]
OUTCOMES: Final = ("done", "given-up")


@dataclass(frozen=True, slots=True)
class Told:
    """What people say of a plan. The edits are not among it: another change is another plan."""

    title: str | None
    sunset: date | None
    url: str | None


def told(fields: Fields) -> Told:
    """From a request; what is wrong is complained of."""
    sunset, day = fields.text("sunset", blank=False), None
    if sunset is not None:
        try:
            day = date.fromisoformat(sunset)
        except ValueError:
            fields.complain("sunset", "must be a day such as 2031-05-01")
    url = fields.text("url", blank=False)
    if url is not None and not _is_url(url):
        fields.complain("url", "must be the http or https address of what consumers should read, without spaces")
    return Told(fields.text("title", blank=False), day, url)


def _is_url(text: str) -> bool:
    # It goes into a header, between angle brackets.
    if not text.isascii() or any(character in text for character in '<>" ') or not text.isprintable():
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def refuse_early_sunset(fields: Fields, sunset: date | None, deprecated: datetime) -> None:
    """What is not deprecated yet cannot end: RFC 9745 asks for that order."""
    if sunset is not None and sunset < deprecated.date():
        fields.complain("sunset", f"must not be before the day from which it is deprecated, {deprecated.date()}")


def create(
    session: Session, provider: Any, edits: Sequence[Edit], said: Told, settings: Settings, now: datetime
) -> str:
    """The plan's uuid; its forecast is kept as it was made, and who holds its gate is counted."""
    plan_queries.lock_users(session, [provider.id])
    forecasts = what_if.forecast_of(session, blocking(what_if.ask(session, provider, edits)))
    made = {
        "at": moment(now),
        **forecast.overall(forecasts),
        "consumers": {name: one["days"] for name, one in forecasts.items()},
    }
    row = plan_queries.add(
        session,
        uuid=str(uuid.uuid4()),
        provider_id=provider.id,
        title=said.title or "; ".join(map(str, edits)),
        stage="expand",
        edits=json.dumps([str(one) for one in edits]),
        sunset=said.sunset and said.sunset.isoformat(),
        url=said.url,
        forecast=json.dumps({"made": made}),
        created_at=now,
        updated_at=now,
    )
    gates.count(session, [row], (), settings)
    return str(row.uuid)


def close(session: Session, row: Any, outcome: Outcome | None, now: datetime) -> None:
    """The change is made, or given up. Closing again the same way changes nothing. Two statements.

    Raises `Unprocessable` where it was closed the other way, and where it isn't said how and the gate is shut.
    """
    if row.closed_at is not None:
        if outcome is not None and row.outcome not in (None, outcome):
            raise Unprocessable(
                {"as": [f"cannot be changed: it was closed as {row.outcome} at {moment(row.closed_at)}"]}
            )
        return
    locked = plan_queries.lock(session, [row.id]).get(row.id)
    is_open = locked is not None and locked.stage == "contract"
    if outcome is None and not is_open:
        raise Unprocessable(
            {
                "as": [
                    "is missing, and its gate is shut: somebody may still rely on the old shape. "
                    "Say given-up, or done if the change is made all the same"
                ]
            }
        )
    plan_queries.change(session, row.id, closed_at=now, updated_at=now, stage="closed", outcome=outcome or "done")


def found(db: Any, own: str) -> Any:
    """The plan of this uuid. Raises `NotFound`, which names those that read most like it. One statement, or two."""
    row = plan_queries.plan(db, own)
    if row is None:
        near = difflib.get_close_matches(own, plan_queries.uuids(db), 1, 0.6)
        hint = f"did you mean {near[0]}?" if near else "GET /plans lists them"
        raise NotFound(f"No plan with uuid '{own}': {hint}")
    return row


def blocking(answer: what_if.Answer) -> list[tuple[Any, list[Any]]]:
    """Who holds the old shape back: live versions, and consumers of which nothing is known to be live."""
    some = [(one, [v for v in versions if one.blocking(v)]) for one, versions in answer.left()]
    return [(one, versions) for one, versions in some if versions]
