"""Who uses what of a provider: operations and consumers as a matrix, an operation's fields as a tree, who needs one."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.errors import InvalidQuery, UnknownParticipant
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import places, queries, unused, users, who_needs
from tallystick.broker.participants.queries import participant_named
from tallystick.broker.web import usage_view
from tallystick.broker.web.rendering import for_people, page
from tallystick.contract.openapi.edits import EditInvalid

routes = Routes("Pages")

COLUMNS: Final = 24
"""Consumers of one picture; a form chooses others."""
LINES: Final = 40
NEEDS: Final = 12
"""Consumers of one place in a tree; the page of the place has them all."""


@routes.page("/pacticipants/{provider}/usage")
@for_people
def usage(call: CallDep, provider: str) -> Response:
    operation, path, consumer = (call.query.get(key, "").strip() for key in ("operation", "path", "consumer"))
    wanted = _place(path) if path else None
    with read(call.engine) as connection:
        row = participant_named(connection, provider)
        if row is None:
            raise UnknownParticipant(provider, "provider")
        if operation:
            asked = who_needs.ask(connection, row.id, operation, wanted)
        elif wanted is not None:
            raise InvalidQuery(["path needs an operation: add operation=GET%20/orders/%7Bid%7D, or whichever is meant"])
        else:
            everything = _all(call, connection, row, consumer)
    if operation:
        return _operation(call, provider, operation, wanted, asked, consumer)
    return page(call, "usage.html", **everything)


def _place(text: str) -> places.Place:
    try:
        return places.place(text)
    except EditInvalid as wrong:
        raise InvalidQuery([f"path: {wrong}"]) from None


def _all(call: Call, connection: Connection, provider: Any, consumer: str) -> dict[str, Any]:
    """The matrix. Three statements, and one more for what is shown of it."""
    search, live = call.query.get("search", "").strip(), bool(call.query.get("live"))
    asked = call.page(always=True, size=LINES)
    assert asked is not None
    known = users.consumers(queries.standings(connection, provider.id))
    rows = queries.users_of_operations(connection, provider.id, users.contract_ids(known))
    used = usage_view.users_by_operation(known, rows, live_only=live)
    everybody = usage_view.columns(used)
    matching = sorted(
        (
            one
            for one in used
            if search.lower() in places.shown(one).lower() and (not consumer or consumer in used[one])
        ),
        key=lambda one: (one[1], one[0]),
    )
    shown = matching[asked.offset : asked.offset + asked.size]
    relevant = [one for one in everybody if not consumer or one.consumer == consumer]
    relevant = [one for one in relevant if any(one.consumer in used[operation] for operation in matching)]
    columns = relevant[:COLUMNS]
    contract_ids = {
        version.contract_id
        for operation in shown
        for column in columns
        for version in used[operation].get(column.consumer, ())
    }
    ids = queries.operations(connection, provider.id)
    fields = queries.uses(connection, sorted(contract_ids), {one: ids[one] for one in shown})
    kept = {"search": search or None, "consumer": consumer or None, "live": "true" if live else None}
    return {
        "provider": provider.name,
        "lines": usage_view.matrix(used, shown, columns, fields),
        "columns": columns,
        "left_out": len(relevant) - len(columns),
        "consumers": sorted(one.name for one in known),
        "operations": len(used),
        "matching": len(matching),
        "asked": kept,
        "number": asked.number,
        "pages": max(1, -(-len(matching) // asked.size)),
        "counted": users.COUNTED,
    }


def _operation(
    call: Call, provider: str, text: str, wanted: places.Place | None, asked: who_needs.Asked, consumer: str
) -> Response:
    groups = {
        places.shown(one): usage_view.tree(
            places.shown(one),
            [row for row in asked.rows if (row.method, row.template) == one],
            asked.first,
            asked.consumers,
            consumer or None,
        )
        for one in asked.meant.operations
    }
    context: dict[str, Any] = {
        "provider": provider,
        "text": text,
        "wanted": wanted,
        "groups": {operation: found for operation, found in groups.items() if found},
        "found": asked.operations,
        "nearest": asked.nearest,
        "ambiguous": asked.meant.ambiguous,
        "consumer": consumer,
        "most": NEEDS,
        "counted": users.COUNTED,
        "drop": {operation: usage_view.edit("drop operation", operation) for operation in groups},
        "csv": f"{call.url}.csv?" + urlencode({"operation": text, **({"path": wanted.text} if wanted else {})}),
    }
    return page(call, "usage_operation.html", **context)


@routes.page("/pacticipants/{provider}/usage/unused")
@for_people
def nobody_uses(call: CallDep, provider: str) -> Response:
    number, wanted = (call.query.get(key, "").strip() or None for key in ("version", "against"))
    against = next((one for one in unused.AGAINST if one == wanted), None)
    with read(call.engine) as connection:
        row = participant_named(connection, provider)
        if row is None:
            raise UnknownParticipant(provider, "provider")
        found = unused.ask(connection, row.id, provider, number, against)
    context: dict[str, Any] = {
        "provider": provider,
        "found": found,
        "why": unused.nothing(provider, number, against),
        "counted": users.COUNTED,
    }
    return page(call, "unused.html", **context)
