"""`/pacticipants/{provider}/usage/unused`: what a provider offers and nobody uses."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.errors import InvalidQuery, NotFound, UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.links import link
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import unused, users
from tallystick.broker.participants.queries import participant_named

routes: Final = Routes("the cost of change")

_EXAMPLE: Final[dict[str, Any]] = {
    "provider": {"name": "orders"},
    "version": "1.0.0",
    "against": "description",
    "unused": [{"operation": "GET /orders/{id}", "used": True, "places": ["200 $.note"]}],
    "unseen": [],
}


@routes.get(
    "/pacticipants/{provider}/usage/unused",
    summary="What a provider offers and no counted contract uses",
    query={
        "version": "of the provider; without it the newest of the main branch, else of any version",
        "against": "`description` or `shape`; without it the description, and where there is none the shape",
    },
    answer=_EXAMPLE,
)
def nobody_uses(call: CallDep, provider: str) -> Response:
    number, asked = (call.query.get(name, "").strip() or None for name in ("version", "against"))
    against = next((one for one in unused.AGAINST if one == asked), None)
    if asked is not None and against is None:
        raise InvalidQuery([f"against must be {' or '.join(unused.AGAINST)}"])
    with read(call.engine) as connection:
        owner = participant_named(connection, provider)
        if owner is None:
            raise UnknownParticipant(provider, "provider")
        found = unused.ask(connection, owner.id, provider, number, against)
    if found is None:
        raise NotFound(unused.nothing(provider, number, against))
    links = {
        "self": link(call.url, f"Fields of {provider} that nobody uses"),
        f"ts:{found.against}": link(
            f"{call.links.version(provider, found.version)}/{found.against}", unused.TITLES[found.against]
        ),
    }
    return hal.answer(
        hal.present(
            {
                "provider": {"name": provider},
                "version": found.version,
                "against": found.against,
                "caveat": found.caveat,
                "counted": users.COUNTED,
                "unused": found.operations,
                "unseen": found.unseen,
                "_links": links,
            }
        )
    )
