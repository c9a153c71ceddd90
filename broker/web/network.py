"""Who relies on whom, as a picture and as a table."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.deployability import queries as matrix_queries
from tallystick.broker.deployability.latest import Latest, latest
from tallystick.broker.deployability.network import Pair, connected
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.routing import Routes
from tallystick.broker.web.network_layout import draw
from tallystick.broker.web.rendering import for_people, known, page

routes = Routes("Pages")

STANDING: Final = {
    "success": "success",
    "failed": "failed",
    "failed_pending": "failed",
    "stale": "owed",
    "never": "owed",
}


@routes.page("/network")
@for_people
def network(call: CallDep) -> Response:
    with read(call.engine) as connection:
        items = latest(connection)
    return _shown(call, items, None)


@routes.page("/pacticipants/{name}/network", "/groups/{name}")
@for_people
def group(call: CallDep, name: str) -> Response:
    with read(call.engine) as connection:
        participant = known(matrix_queries.participants_named(connection, [name]), name)
        items = latest(connection)
    pairs = [Pair(item.consumer_id, item.consumer, item.provider_id, item.provider) for item in items]
    near = {(p.consumer_id, p.provider_id) for p in connected(pairs, participant.id)}
    return _shown(call, [item for item in items if (item.consumer_id, item.provider_id) in near], name)


def _shown(call: Call, items: list[Latest], focus: str | None) -> Response:
    most = call.settings.network_diagram_max_pacticipants
    items = sorted(items, key=lambda item: (item.consumer.lower(), item.provider.lower()))
    names = {name for item in items for name in (item.consumer, item.provider)}
    picture = None
    if items and len(names) <= most:
        picture = draw({(item.consumer, item.provider): STANDING[item.status] for item in items})
    context: dict[str, Any] = {
        "items": items,
        "picture": picture,
        "focus": focus,
        "applications": len(names),
        "most": most,
    }
    return page(call, "network.html", here="network", **context)
