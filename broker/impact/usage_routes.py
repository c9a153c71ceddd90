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
from tallystick.broker.impact import descriptions, places, queries, usage_documents, users
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
def who_needs(call: CallDep, provider: str) -> Response:
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
            document = _all(connection, row, call)
        else:
            document = _answer(connection, row, call, operation, wanted)
    if call.media_type == CSV:
        return hal.raw(usage_documents.as_csv(document), media_type=CSV)
    return hal.answer(document)


def _answer(connection: Any, provider: Any, call: Call, operation: str, wanted: places.Place | None) -> dict[str, Any]:
    consumers = users.consumers(queries.standings(connection, provider.id))
    contract_ids = users.contract_ids(consumers)
    known = queries.operations(connection, provider.id)
    meant = places.meant(operation, known, descriptions.templates_of(connection, provider.id))
    rows: list[Any] = []
    nearest: tuple[str, ...] = meant.nearest
    if meant.operations:
        exact = None if wanted is None or ".*" in wanted.path or not wanted.word else wanted.path
        rows = queries.uses(connection, provider.id, contract_ids, meant.operations, exact)
        if wanted is not None:
            rows = [row for row in rows if wanted.takes(row)]
            if not rows:
                every = queries.uses(connection, provider.id, contract_ids, meant.operations)
                nearest = places.nearest_places(wanted, every)
    first = queries.first_with(connection, provider.id, {row.interaction_sha for row in rows})
    return usage_documents.usage(
        provider.name,
        call.links,
        _asked_url(call),
        asked={"operation": operation, "path": wanted.text if wanted else None},
        operations=[places.shown(one) for one in meant.operations],
        consumers=usage_documents.needs(consumers, rows, first),
        nearest=nearest,
        ambiguous=meant.ambiguous,
    )


def _all(connection: Any, provider: Any, call: Call) -> dict[str, Any]:
    """Every operation that counts, with its consumers."""
    consumers = users.consumers(queries.standings(connection, provider.id))
    of_contract: dict[int, list[str]] = {}
    for consumer in consumers:
        for version in consumer.versions:
            of_contract.setdefault(version.contract_id, []).append(consumer.name)
    used: dict[str, set[str]] = {}
    for row in queries.users_of_operations(connection, provider.id, users.contract_ids(consumers)):
        used.setdefault(places.shown((row.method, row.template)), set()).update(of_contract[row.contract_id])
    document = usage_documents.usage(
        provider.name, call.links, _asked_url(call), asked={}, operations=sorted(used), consumers=[]
    )
    document["usedBy"] = {operation: sorted(names) for operation, names in sorted(used.items())}
    return document


def _asked_url(call: Call) -> str:
    query = call.request.url.query
    return f"{call.url}?{query}" if query else call.url
