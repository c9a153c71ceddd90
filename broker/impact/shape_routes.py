"""What the answers of a provider version looked like in verification: verifiers add to it, people may look at it."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.db import now, read, write
from tallystick.broker.errors import NotFound, Unprocessable
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.links import link
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import shape_queries
from tallystick.broker.participants import service as participants
from tallystick.broker.participants.queries import version as version_numbered
from tallystick.contract import shape

routes: Final = Routes("the cost of change")

_OF_VERSION: Final = "/pacticipants/{pacticipant}/versions/{version}/shape"
_DOCUMENT: Final[dict[str, Any]] = {
    "complete": True,
    "answers": [
        {
            "method": "GET",
            "template": "/orders/{id}",
            "side": "response",
            "status": "200",
            "header": {"etag": ["string"]},
            "body": {"$": ["object"], "$.id": ["integer"], "$.note": ["string", "null"]},
        }
    ],
}
_MOMENTS: Final = {"createdAt": "2024-05-01T10:00:00+00:00", "updatedAt": "2024-05-01T10:00:00+00:00"}
_STORED: Final[dict[str, Any]] = {"complete": True, "operations": 1, "places": 4, **_MOMENTS}


@routes.post(_OF_VERSION, summary="Add to the shape of a version: names and types, never values",
             body=_DOCUMENT, answers={200: _STORED, 201: _STORED})  # fmt: skip
def add_to_shape(call: CallDep, pacticipant: str, version: str) -> Response:
    try:
        sent = shape.read(call.json())
    except shape.ShapeInvalid as invalid:
        raise Unprocessable({"shape": [str(one) for one in invalid.complaints]}) from None
    with write(call.engine) as session:
        row = version_numbered(session, pacticipant, version)
        if row is None:
            reason = f"{pacticipant} has no version {version}: publish a verification result of it first"
            raise NotFound(reason)
        participants.lock(session, row.participant_id)
        kept = shape_queries.add(session, row.participant_id, row.id, sent, now(session))
    document = {
        "complete": kept.shape.complete,
        "operations": len({(one.method, one.template) for one in kept.shape.answers}),
        "places": kept.shape.size,
        "createdAt": hal.moment(kept.created_at),
        "updatedAt": hal.moment(kept.updated_at),
        "_links": _links(call, pacticipant, version),
    }
    return hal.answer(document, status=201 if kept.is_new else 200)


@routes.get(_OF_VERSION, summary="The shape of a version", answer={**_DOCUMENT, **_MOMENTS})
def get_shape(call: CallDep, pacticipant: str, version: str) -> Response:
    with read(call.engine) as connection:
        row = shape_queries.of_version(connection, pacticipant, version)
    if row is None:
        raise NotFound()
    return hal.answer(
        {
            **shape.document(shape_queries.stored(row)),
            "createdAt": hal.moment(row.created_at),
            "updatedAt": hal.moment(row.updated_at),
            "_links": _links(call, pacticipant, version),
        }
    )


@routes.delete(_OF_VERSION, summary="Delete the shape of a version", answers={204: None})
def delete_shape(call: CallDep, pacticipant: str, version: str) -> Response:
    with write(call.engine) as session:
        row = shape_queries.of_version(session, pacticipant, version)
        if row is None:
            raise NotFound()
        participants.lock(session, row.participant_id)
        shape_queries.remove(session, row)
    return hal.nothing()


def _links(call: Call, name: str, number: str) -> dict[str, Any]:
    return {
        "self": link(f"{call.links.version(name, number)}/shape", "Shape of the answers"),
        "pb:pacticipant": link(call.links.participant(name), "Pacticipant", name),
        "pb:pacticipant-version": link(call.links.version(name, number), "Pacticipant version", number),
        "ts:unused": link(f"{call.links.participant(name)}/usage/unused", f"Fields of {name} that nobody uses"),
    }
