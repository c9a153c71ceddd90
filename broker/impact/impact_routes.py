"""`/pacticipants/{provider}/impact`: what a change would break. Nothing is published by asking."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.contracts import api_descriptions
from tallystick.broker.db import read
from tallystick.broker.errors import UnknownParticipant, Unprocessable
from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.checks import Fields
from tallystick.broker.http.links import link
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import queries, what_if
from tallystick.broker.participants.queries import participant_named
from tallystick.contract.openapi.edits import Edit, EditInvalid, parse_edit

routes: Final = Routes("the cost of change")

_MOST: Final = 200  # edits of one question
_BODY: Final[dict[str, Any]] = {"edits": ["remove 'GET /orders/{id} 200 $.total'"]}


@routes.post("/pacticipants/{provider}/impact", body=_BODY,
             answer={"verdict": "breaks", "strength": "C", "consumers": [], "cost": {"points": 0, "parts": []}},
             summary="What edits, or a changed API description, would break; nothing is kept")  # fmt: skip
def impact(call: CallDep, provider: str) -> Response:
    fields = Fields(call.json())
    edits = edits_of(fields, required="description" not in fields)
    new = fields.members.get("description")
    old = fields.members.get("from")
    if edits and new is not None:
        fields.complain("edits", "cannot be given together with a description: ask twice")
    fields.refuse_if_wrong()
    changed = None if new is None else api_descriptions.read_document(new).document
    before = None if old is None else api_descriptions.read_document(old).document
    with read(call.engine) as connection:
        row = participant_named(connection, provider)
        if row is None:
            raise UnknownParticipant(provider, "provider")
        if changed is not None and before is None:
            stored = queries.newest_description(connection, row.id)
            if stored is None:
                raise Unprocessable(
                    {
                        "from": [
                            f"is missing: the broker has no description of {provider} to compare with. Give the old "
                            "one as `from` (--from), or publish it with `tallystick publish-description`"
                        ]
                    }
                )
            before = api_descriptions.parsed(stored)
        answer = what_if.ask(connection, row, edits, new=changed, old=before)
        document = what_if.document(connection, answer)
    document["_links"] = {
        "self": link(call.url, f"What a change of {provider} would break"),
        "pb:provider": link(call.links.participant(provider), "Provider", provider),
        "ts:plans": link(f"{call.links.base}/plans", "Planned changes"),
    }
    return hal.answer(document)


def edits_of(fields: Fields, *, required: bool) -> list[Edit]:
    """The edits of a request; what is wrong with them is complained of, each with its place in the list."""
    sent = fields.array("edits", required=required) or []
    if required and "edits" in fields and not sent and not fields.errors:
        fields.complain("edits", "must have at least one edit")
    if len(sent) > _MOST:
        fields.complain("edits", f"are more than {_MOST}")
        return []
    found = []
    for index, text in enumerate(sent):
        if not isinstance(text, str):
            fields.complain("edits", f"must be a string (at index {index})")
            continue
        try:
            found.append(parse_edit(text))
        except EditInvalid as wrong:
            fields.complain("edits", f"{wrong} (at index {index})")
    return found
