"""`/plans`: changes that are planned, who is left, and whether the old shape may go."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.db import now, read, write
from tallystick.broker.errors import NotFound, UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.checks import Fields
from tallystick.broker.http.links import link
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import plans, queries
from tallystick.broker.impact.questions import edits_of
from tallystick.broker.participants.queries import participant_named

routes: Final = Routes("the cost of change")

_BODY: Final[dict[str, Any]] = {
    "provider": "orders",
    "title": "total becomes sum",
    "edits": ["rename 'GET /orders/{id} 200 $.total' to 'sum'"],
    "sunset": "2031-05-01",
}
_ANSWER: Final[dict[str, Any]] = {**_BODY, "stage": "migrate", "canRemove": False, "left": []}


@routes.get("/plans", summary="Planned changes, open ones first", query={"provider": "only of this provider"},
            answer={"_embedded": {"plans": [_ANSWER]}})  # fmt: skip
def list_plans(call: CallDep) -> Response:
    with read(call.engine) as connection:
        rows = queries.plans(connection, call.query.get("provider"))
        shown = [plans.document(connection, row, call.links) for row in rows]
    return hal.answer({"_embedded": {"plans": shown}, "_links": {"self": link(call.url, "Planned changes")}})


@routes.post("/plans", body=_BODY, answers={201: _ANSWER}, summary="Plan a change")
def create_plan(call: CallDep) -> Response:
    fields = Fields(call.json())
    provider = fields.text("provider", required=True, blank=False)
    title = fields.text("title", blank=False)
    sunset = fields.text("sunset", blank=False)
    edits = edits_of(fields, required=True)
    if sunset is not None:
        try:
            sunset = date.fromisoformat(sunset).isoformat()
        except ValueError:
            fields.complain("sunset", "must be a day such as 2031-05-01")
    fields.refuse_if_wrong()
    assert provider is not None
    call.must_write_to(provider)
    with write(call.engine) as session:
        row = participant_named(session, provider)
        if row is None:
            raise UnknownParticipant(provider, "provider")
        own = plans.create(session, row, title or "; ".join(map(str, edits)), edits, sunset, now(session))
        document = plans.document(session, queries.plan(session, own), call.links)
    return hal.created(document, document["_links"]["self"]["href"])


@routes.get("/plans/{uuid}", summary="A planned change as it stands now", answer=_ANSWER)
def get_plan(call: CallDep, uuid: str) -> Response:
    with read(call.engine) as connection:
        row = queries.plan(connection, uuid)
        if row is None:
            raise NotFound()
        document = plans.document(connection, row, call.links)
    return hal.answer(document)


@routes.post("/plans/{uuid}/close", body={}, body_required=False, answer=_ANSWER,
             summary="The change is made, or given up: close its plan")  # fmt: skip
def close_plan(call: CallDep, uuid: str) -> Response:
    with write(call.engine) as session:
        row = queries.plan(session, uuid)
        if row is None:
            raise NotFound()
        call.must_write_to(row.provider)
        if row.closed_at is None:
            plans.close(session, row, now(session))
        document = plans.document(session, queries.plan(session, uuid), call.links)
    return hal.answer(document)
