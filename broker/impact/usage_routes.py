"""`/pacticipants/{provider}/usage`: who uses what of a provider, how strictly, in which versions, where, since when."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.errors import InvalidQuery, UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.media import CSV, HAL
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import places, usage_documents, who_needs
from tallystick.broker.participants.queries import participant_named
from tallystick.contract.openapi.edits import EditInvalid

routes: Final = Routes("the cost of change")

_EXAMPLE: Final[dict[str, Any]] = {
    "provider": {"name": "orders"},
    "asked": {"operation": "GET /orders/{id}", "path": "$.lines[*].total"},
    "operations": ["GET /orders/{id}"],
    "consumers": [{"name": "web", "strictness": "type", "live": True, "versions": []}],
    "nearest": [],
    "ambiguous": [],
}


@routes.get(
    "/pacticipants/{provider}/usage",
    produces=(HAL, CSV),
    summary="Who uses an operation of a provider, or a place in it",
    query={
        "operation": "such as `GET /orders/{id}`, or a message's topic; without it all that are used are listed",
        "path": "a place in it: `$.lines[*].total`, `200 $.total`, `query page`, `201 header location`, `metadata key`",
    },
    answer=_EXAMPLE,
)
def usage(call: CallDep, provider: str) -> Response:
    operation, path = (call.query.get(name, "").strip() or None for name in ("operation", "path"))
    if path is not None and operation is None:
        raise InvalidQuery(["path needs an operation: add operation=GET%20/orders/%7Bid%7D, or whichever is meant"])
    try:
        wanted = places.place(path) if path is not None else None
    except EditInvalid as wrong:
        raise InvalidQuery([f"path: {wrong}"]) from None
    with read(call.engine) as connection:
        row = participant_named(connection, provider)
        if row is None:
            raise UnknownParticipant(provider, "provider")
        if operation is None:
            used = who_needs.operations(connection, row.id)
            document = usage_documents.usage(provider, call.links, _asked_url(call), asked={}, operations=list(used),
                                             consumers=[])  # fmt: skip
            document["usedBy"] = used
        else:
            document = _answer(who_needs.ask(connection, row.id, operation, wanted), provider, call, operation, wanted)
    if call.media_type == CSV:
        return hal.raw(usage_documents.as_csv(document), media_type=CSV)
    return hal.answer(document)


def _answer(
    asked: who_needs.Asked, provider: str, call: Call, operation: str, wanted: places.Place | None
) -> dict[str, Any]:
    return usage_documents.usage(
        provider,
        call.links,
        _asked_url(call),
        asked={"operation": operation, "path": wanted.text if wanted else None},
        operations=asked.operations,
        consumers=usage_documents.needs(asked.consumers, asked.rows, asked.first),
        nearest=asked.nearest,
        ambiguous=asked.meant.ambiguous,
    )


def _asked_url(call: Call) -> str:
    query = call.request.url.query
    return f"{call.url}?{query}" if query else call.url
