"""`/plans`: changes that are planned, who is left, and whether the old shape may go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from tallystick.broker.db import now, read, write
from tallystick.broker.errors import InvalidQuery, UnknownParticipant
from tallystick.broker.http import hal, pages
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.checks import Fields
from tallystick.broker.http.links import link
from tallystick.broker.http.media import JSON, MERGE_PATCH
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import plan_documents, plan_queries, plans
from tallystick.broker.impact.questions import edits_of
from tallystick.broker.participants.queries import participant_named

routes: Final = Routes("the cost of change")

_SAID: Final[dict[str, Any]] = {
    "title": "total becomes sum",
    "sunset": "2031-05-01",
    "url": "https://example.org/changes/total",
}
_BODY: Final[dict[str, Any]] = {
    "provider": "orders",
    "edits": ["rename 'GET /orders/{id} 200 $.total' to 'sum'"],
    **_SAID,
}
_SUMMARY: Final[dict[str, Any]] = {
    "uuid": "0d5ab2f3-3f4a-4a3e-8f0e-5a3d1f6f9a11",
    **_BODY,
    "stage": "migrate",
    "gate": "shut",
    "reason": "web still relies on it",
    "leftConsumers": ["web"],
    "movedConsumers": ["mail"],
}
_ANSWER: Final[dict[str, Any]] = {**_SUMMARY, "canRemove": False, "left": [], "history": [], "headers": {}}
_MAY: Final[dict[str, Any]] = {"canRemove": False, "verdict": "no", "reason": "web still relies on it", "left": []}


@routes.get("/plans", summary="Planned changes, open ones first, newest first",
            query={"provider": "only of this provider", "title": "only with exactly this title",
                   "open": "true: only open ones; false: only closed ones",
                   "page": "the page, from 1", "size": "entries on a page"},
            answer={"_embedded": {"plans": [_SUMMARY]}})  # fmt: skip
def list_plans(call: CallDep) -> Response:
    page = call.page(always=True)
    assert page is not None
    wanted = {name: call.query[name] for name in ("provider", "title", "open") if name in call.query}
    if wanted.get("open", "true") not in ("true", "false"):
        raise InvalidQuery(["open must be true or false"])
    with read(call.engine) as connection:
        rows, total = plan_queries.plans(
            connection,
            page,
            provider=wanted.get("provider"),
            title=wanted.get("title"),
            is_open=wanted["open"] == "true" if "open" in wanted else None,
        )
        stands: dict[int, list[Any]] = {}
        for row in plan_queries.stands(connection, [row.id for row in rows]):
            stands.setdefault(row.plan_id, []).append(row)
    own = call.url + (f"?{urlencode(wanted)}" if wanted else "")
    return hal.answer(
        {
            "_embedded": {"plans": [plan_documents.summary(row, stands.get(row.id, ()), call.links) for row in rows]},
            "_links": {"self": link(own, "Planned changes"), **_neighbours(call, page, total, wanted)},
            **pages.members(page, total),
        }
    )


def _neighbours(call: Call, page: pages.Page, total: int, wanted: Mapping[str, str]) -> dict[str, Any]:
    """Links to the next and the previous page of what was asked for."""
    found = pages.links(page, total, call.url)
    return {
        name: {**each, "href": f"{each['href']}&{urlencode(wanted)}"} if wanted else each
        for name, each in found.items()
    }


@routes.post("/plans", body=_BODY, answers={201: _ANSWER}, summary="Plan a change")
def create_plan(call: CallDep) -> Response:
    fields = Fields(call.json())
    provider = fields.text("provider", required=True, blank=False)
    edits = edits_of(fields, required=True)
    said = plans.told(fields)
    fields.refuse_if_wrong()
    assert provider is not None
    call.must_write_to(provider)
    with write(call.engine) as session:
        at = now(session)
        plans.refuse_early_sunset(fields, said.sunset, at)
        fields.refuse_if_wrong()
        row = participant_named(session, provider)
        if row is None:
            raise UnknownParticipant(provider, "provider")
        own = plans.create(session, row, edits, said, call.settings, at)
        document = plan_documents.document(session, plan_queries.plan(session, own), call.links)
    return hal.created(document, document["_links"]["self"]["href"])


@routes.get("/plans/{uuid}", summary="A planned change as it stands now", answer=_ANSWER)
def get_plan(call: CallDep, uuid: str) -> Response:
    with read(call.engine) as connection:
        document = plan_documents.document(connection, plans.found(connection, uuid), call.links)
    return hal.answer(document)


@routes.get("/plans/{uuid}/can-i-remove", summary="May the old shape go? yes, no or unknown", answer=_MAY)
def can_i_remove(call: CallDep, uuid: str) -> Response:
    with read(call.engine) as connection:
        document = plan_documents.may_go(connection, plans.found(connection, uuid), call.links)
    return hal.answer(document)


@routes.patch("/plans/{uuid}", consumes=(JSON, MERGE_PATCH), body=_SAID, answer=_ANSWER,
              summary="Change the title, sunset or url of a plan; null takes one away")  # fmt: skip
def change_plan(call: CallDep, uuid: str) -> Response:
    fields = Fields(call.json())
    said = plans.told(fields)
    if "title" in fields and said.title is None:
        fields.complain("title", "must be filled")
    if "edits" in fields or "provider" in fields:
        name = "edits" if "edits" in fields else "provider"
        fields.complain(name, "cannot be changed: another change is another plan")
    with write(call.engine) as session:
        row = plans.found(session, uuid)
        call.must_write_to(row.provider)
        plans.refuse_early_sunset(fields, said.sunset, row.created_at)
        fields.refuse_if_wrong()
        sent = {
            "title": said.title,
            "sunset": said.sunset and said.sunset.isoformat(),
            "url": said.url,
        }
        changed = {name: value for name, value in sent.items() if name in fields}
        if changed:
            plan_queries.change(session, row.id, **changed, updated_at=now(session))
        document = plan_documents.document(session, plan_queries.plan(session, uuid), call.links)
    return hal.answer(document)


@routes.post("/plans/{uuid}/close", body={"as": "done"}, body_required=False, answer=_ANSWER,
             summary="The change is made (done) or given up (given-up): close its plan")  # fmt: skip
def close_plan(call: CallDep, uuid: str) -> Response:
    fields = Fields(call.json_if_any())
    outcome: Any = fields.text("as")
    if outcome is not None and outcome not in plans.OUTCOMES:
        fields.complain("as", f"must be one of: {', '.join(plans.OUTCOMES)}")
    fields.refuse_if_wrong()
    with write(call.engine) as session:
        row = plans.found(session, uuid)
        call.must_write_to(row.provider)
        plans.close(session, row, outcome, now(session))
        document = plan_documents.document(session, plan_queries.plan(session, uuid), call.links)
    return hal.answer(document)
