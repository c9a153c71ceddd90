"""Planned changes: all of them, and one with who is left, who has moved, and whether the old shape may go."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import plan_documents, plan_queries
from tallystick.broker.impact import plans as plan
from tallystick.broker.web import plan_view
from tallystick.broker.web.rendering import for_people, page

routes = Routes("Pages")

LINES: Final = 50


@routes.page("/plans")
@for_people
def plans(call: CallDep) -> Response:
    provider, wanted = (call.query.get(key, "").strip() for key in ("provider", "open"))
    asked = call.page(always=True, size=LINES)
    assert asked is not None
    is_open = {"true": True, "false": False}.get(wanted)
    with read(call.engine) as connection:
        rows, total = plan_queries.plans(connection, asked, provider=provider or None, is_open=is_open)
        stands: dict[int, list[Any]] = {}
        for row in plan_queries.stands(connection, [row.id for row in rows]):
            stands.setdefault(row.plan_id, []).append(row)
    shown = [plan_documents.summary(row, stands.get(row.id, ()), call.links) for row in rows]
    context: dict[str, Any] = {
        "plans": [(one, plan_view.steps(one["stage"], one.get("outcome"))) for one in shown],
        "provider": provider,
        "open": wanted if is_open is not None else "",
        "total": total,
        "number": asked.number,
        "pages": max(1, -(-total // asked.size)),
    }
    return page(call, "plans.html", here="plans", **context)


@routes.page("/plans/{uuid}")
@for_people
def one_plan(call: CallDep, uuid: str) -> Response:
    with read(call.engine) as connection:
        document = plan_documents.document(connection, plan.found(connection, uuid), call.links)
    base = call.links.base
    context: dict[str, Any] = {
        "plan": document,
        "steps": plan_view.steps(document["stage"], document.get("outcome")),
        "timeline": plan_view.timeline(document, datetime.now(UTC)),
        "impact": f"{call.links.participant(document['provider'])}/impact?"
        + urlencode([("edit", one) for one in document["edits"]]),
        "commands": {
            verb: shlex.join(["tallystick", "plan", verb, uuid, "--broker-base-url", base])
            for verb in ("can-i-remove", "close")
        },
    }
    return page(call, "plan.html", here="plans", **context)
