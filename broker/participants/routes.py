"""Routes of participants and labels."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session
from starlette.responses import Response

from tallystick.broker import db
from tallystick.broker.errors import NotFound
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.media import JSON, MERGE_PATCH
from tallystick.broker.http.routing import Routes
from tallystick.broker.participants import documents, inputs, queries, service

routes = Routes("pacticipants")

PAGING = {"page": "the page, from 1", "size": "entries on a page"}
FILTER = {"q": "only names that contain this, whatever the case"}
PARTICIPANT = {
    "name": "Web Shop",
    "mainBranch": "main",
    "repositoryUrl": "https://git.example.org/shop",
    "ts:staticEvidence": False,
}


@routes.get("/pacticipants", query={**PAGING, **FILTER}, summary="All pacticipants, by name")
def list_participants(call: CallDep) -> Response:
    return _listed(call, label=None)


@routes.get("/pacticipants/label/{label}", query={**PAGING, **FILTER}, summary="The pacticipants that have a label")
def list_labelled(call: CallDep, label: str) -> Response:
    return _listed(call, label=label)


def _listed(call: Call, label: str | None) -> Response:
    page = call.page()
    with db.read(call.engine) as connection:
        rows, total = queries.participants(connection, page=page, containing=call.query.get("q"), label=label)
        ids = [row.id for row in rows]
        labels = queries.labels_of(connection, ids)
        latest = queries.latest_version_numbers(connection, ids)
    return hal.answer(
        documents.participants(
            rows,
            call.links,
            labels=labels,
            latest=latest,
            url=call.url,
            page=page,
            total=total,
            legacy=label is None,
        )
    )


@routes.post("/pacticipants", body=PARTICIPANT, answers={201: None}, summary="Create a pacticipant")
def create_participant(call: CallDep) -> Response:
    """An existing one is answered as it is, unchanged."""
    name, values = inputs.participant(call.json(), name=None, whole=True)
    with db.write(call.engine) as session:
        now = db.now(session)
        if queries.participant_named(session, name) is None:
            row = service.ensure_participant(session, name, now)
            service.change_participant(session, row.id, values, row.created_at)
        document = _document(session, call, name)
    # Not a slip: the incumbent's Location lacks an "i", and no client follows it.
    return hal.created(document, f"{call.links.base}/pacticpants/{call.links.participant(name).rsplit('/', 1)[1]}")


@routes.get("/pacticipants/{pacticipant}", summary="A pacticipant")
def get_participant(call: CallDep, pacticipant: str) -> Response:
    with db.read(call.engine) as connection:
        return hal.answer(_document(connection, call, pacticipant))


@routes.put("/pacticipants/{pacticipant}", body=PARTICIPANT, summary="Replace what is known of a pacticipant")
def replace_participant(call: CallDep, pacticipant: str) -> Response:
    _, values = inputs.participant(call.json(), name=pacticipant, whole=True)
    with db.write(call.engine) as session:
        row = found(session, pacticipant)
        service.change_participant(session, row.id, values, db.now(session))
        return hal.answer(_document(session, call, pacticipant))


@routes.patch(
    "/pacticipants/{pacticipant}",
    consumes=(JSON, MERGE_PATCH),
    body={"mainBranch": "main"},
    answers={200: None, 201: None},
    summary="Change some members of a pacticipant, or create it",
)
def patch_participant(call: CallDep, pacticipant: str) -> Response:
    _, values = inputs.participant(call.json(), name=pacticipant, whole=False)
    with db.write(call.engine) as session:
        now = db.now(session)
        known = queries.participant_named(session, pacticipant)
        row = known or service.ensure_participant(session, pacticipant, now)
        if values:
            service.change_participant(session, row.id, values, row.created_at if known is None else now)
        document = _document(session, call, pacticipant)
    if known is None:
        return hal.created(document, call.links.participant(pacticipant))
    return hal.answer(document)


@routes.delete("/pacticipants/{pacticipant}", answers={204: None}, summary="Delete a pacticipant with all it has")
def delete_participant(call: CallDep, pacticipant: str) -> Response:
    with db.write(call.engine) as session:
        row = found(session, pacticipant)
        service.remove_participant(session, row.id, db.now(session))
    return hal.nothing()


def found(database: Connection | Session, name: str) -> Any:
    """The participant's row, or `NotFound`."""
    row = queries.participant_named(database, name)
    if row is None:
        raise NotFound()
    return row


def _document(database: Connection | Session, call: Call, name: str) -> dict[str, Any]:
    row = found(database, name)
    return documents.participant(
        row,
        call.links,
        labels=queries.labels_of(database, [row.id]).get(row.id, ()),
        latest=queries.latest_version_numbers(database, [row.id]).get(row.id),
        deployed=queries.live_deployments(database, row.id),
    )


# --- labels -------------------------------------------------------------------------------------------------------


@routes.get("/labels", query=PAGING, summary="All labels, by name")
def list_labels(call: CallDep) -> Response:
    page = call.page()
    with db.read(call.engine) as connection:
        rows, total = queries.label_names(connection, page)
    return hal.answer(documents.labels(rows, call.links, call.url, page, total))


@routes.get("/pacticipants/{pacticipant}/labels/{label}", summary="A label of a pacticipant")
def get_label(call: CallDep, pacticipant: str, label: str) -> Response:
    with db.read(call.engine) as connection:
        row = queries.label(connection, found(connection, pacticipant).id, label)
    if row is None:
        raise NotFound()
    return hal.answer(documents.label(row, pacticipant, call.links))


@routes.put(
    "/pacticipants/{pacticipant}/labels/{label}",
    body={},
    body_required=False,
    answers={200: None, 201: None},
    summary="Give a pacticipant a label",
)
def put_label(call: CallDep, pacticipant: str, label: str) -> Response:
    call.json_if_any()
    with db.write(call.engine) as session:
        now = db.now(session)
        participant = service.ensure_participant(session, pacticipant, now)
        is_new = service.add_label(session, participant.id, label, now)
        row = queries.label(session, participant.id, label)
        document = documents.label(row, pacticipant, call.links)
    return hal.created(document, call.links.label(pacticipant, label)) if is_new else hal.answer(document)


@routes.delete("/pacticipants/{pacticipant}/labels/{label}", answers={204: None}, summary="Take a label away")
def delete_label(call: CallDep, pacticipant: str, label: str) -> Response:
    with db.write(call.engine) as session:
        participant = found(session, pacticipant)
        if queries.label(session, participant.id, label) is None:
            raise NotFound()
        service.remove_label(session, participant.id, label)
    return hal.nothing()
