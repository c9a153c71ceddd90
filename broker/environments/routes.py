"""`/environments`: where versions run."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.db import now, read, write
from tallystick.broker.environments import documents, queries, service
from tallystick.broker.environments.inputs import described
from tallystick.broker.errors import NotFound
from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.routing import Routes

routes: Final = Routes("environments")

_BODY: Final[dict[str, Any]] = {
    "name": "production",
    "displayName": "Production",
    "production": True,
    "contacts": [{"name": "Team Orders", "details": {"emailAddress": "orders@example.org"}}],
}
_UUID: Final = "3c1f7f1e-2b1a-4d0c-9a3e-0b7f5a1d2c3b"
_ANSWER: Final[dict[str, Any]] = {"uuid": _UUID, **_BODY, "createdAt": "2024-05-01T10:00:00+00:00", "_links": {}}


@routes.get(
    "/environments",
    summary="All environments, by display name",
    query={"name": "only the environment with this name"},
    answer={"_embedded": {"environments": [_ANSWER]}, "_links": {}},
)
def list_environments(call: CallDep) -> Response:
    name = call.query.get("name")
    with read(call.engine) as connection:
        rows = queries.environments(connection)
    if name is not None:
        rows = [row for row in rows if row.name == name]
    return hal.answer(documents.environments(rows, call.links, call.url))


@routes.post("/environments", summary="Create an environment", body=_BODY, answers={201: _ANSWER})
def create_environment(call: CallDep) -> Response:
    sent = described(call.json())
    with write(call.engine) as session:
        row = service.create(session, sent, now(session))
    return hal.created(documents.environment(row, call.links), call.links.environment(row.uuid))


@routes.get("/environments/{uuid}", summary="An environment", answer=_ANSWER)
def get_environment(call: CallDep, uuid: str) -> Response:
    with read(call.engine) as connection:
        row = queries.environment_with_uuid(connection, uuid)
    if row is None:
        raise NotFound()
    return hal.answer(documents.environment(row, call.links))


@routes.put("/environments/{uuid}", summary="Replace an environment's members", body=_BODY, answer=_ANSWER)
def replace_environment(call: CallDep, uuid: str) -> Response:
    body = call.json()
    with write(call.engine) as session:
        if queries.environment_with_uuid(session, uuid) is None:
            raise NotFound()
        row = service.replace(session, uuid, described(body), now(session))
    return hal.answer(documents.environment(row, call.links))


@routes.delete("/environments/{uuid}", summary="Delete an environment", answers={204: None})
def delete_environment(call: CallDep, uuid: str) -> Response:
    with write(call.engine) as session:
        service.remove(session, uuid, now(session))
    return hal.nothing()
