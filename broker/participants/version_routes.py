"""Routes of versions, branches and tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row
from sqlalchemy.orm import Session
from starlette.responses import Response

from tallystick.broker import db
from tallystick.broker.environments.queries import environment_with_uuid, environments
from tallystick.broker.errors import NotFound
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.media import MERGE_PATCH
from tallystick.broker.http.pages import Page
from tallystick.broker.http.routing import Routes
from tallystick.broker.participants import documents, inputs, queries, service
from tallystick.broker.participants.routes import FILTER, PAGING, found

routes = Routes("versions")

OF = "/pacticipants/{pacticipant}"
EMPTY: dict[str, Any] = {"body": {}, "body_required": False, "answers": {200: None, 201: None}}


# --- versions -----------------------------------------------------------------------------------------------------


@routes.get(f"{OF}/versions/{{version}}", summary="A version, with where it is and may be deployed")
def get_version(call: CallDep, pacticipant: str, version: str) -> Response:
    with db.read(call.engine) as connection:
        row = _version(connection, pacticipant, version)
        return hal.answer(_document(connection, call, row, pacticipant, url=call.url))


@routes.put(
    f"{OF}/versions/{{version}}",
    body={"buildUrl": "https://ci.example.org/1", "tags": [{"name": "main"}]},
    body_required=False,
    answers={200: None, 201: None},
    summary="Create a version, or replace what is known of it",
)
def put_version(call: CallDep, pacticipant: str, version: str) -> Response:
    values, tags = inputs.version(call.json_if_any())
    return _stored(call, pacticipant, version, {"build_url": None, **values}, tags)


@routes.patch(
    f"{OF}/versions/{{version}}",
    consumes=(MERGE_PATCH,),
    body={"buildUrl": "https://ci.example.org/1"},
    body_required=False,
    answers={200: None, 201: None},
    summary="Create a version, or change some members of it",
)
def patch_version(call: CallDep, pacticipant: str, version: str) -> Response:
    values, tags = inputs.version(call.json_if_any())
    return _stored(call, pacticipant, version, values, tags)


def _stored(call: Call, pacticipant: str, number: str, values: dict[str, Any], tags: list[str] | None) -> Response:
    with db.write(call.engine) as session:
        now = db.now(session)
        participant = service.ensure_participant(session, pacticipant, now)
        service.lock(session, participant.id)
        version = service.ensure_version(session, participant.id, number, now)
        if values and not (version.is_new and values["build_url"] is None):
            service.set_build_url(session, version.id, values["build_url"], now)
        if tags is not None:
            service.replace_tags(session, participant, version, tags, call.settings, now)
        row = _version(session, pacticipant, number)
        document = _document(session, call, row, pacticipant, url=call.url)
    return hal.created(document, call.url) if version.is_new else hal.answer(document)


@routes.delete(f"{OF}/versions/{{version}}", answers={204: None}, summary="Delete a version with all it has")
def delete_version(call: CallDep, pacticipant: str, version: str) -> Response:
    with db.write(call.engine) as session:
        row = _version(session, pacticipant, version)
        service.remove_versions(session, row.participant_id, [row.id], db.now(session))
    return hal.nothing()


@routes.get(f"{OF}/versions", query=PAGING, summary="All versions, newest first")
def list_versions(call: CallDep, pacticipant: str) -> Response:
    page = call.page()
    with db.read(call.engine) as connection:
        participant = found(connection, pacticipant)
        return _listed(connection, call, pacticipant, queries.versions(connection, participant.id, page), page)


@routes.get(f"{OF}/tags/{{tag}}/versions", query=PAGING, summary="The versions that carry a tag, newest first")
def list_tagged(call: CallDep, pacticipant: str, tag: str) -> Response:
    page = call.page()
    with db.read(call.engine) as connection:
        participant = found(connection, pacticipant)
        listed = queries.versions_tagged(connection, participant.id, tag, page)
        if not listed[1]:
            raise NotFound()
        return _listed(connection, call, pacticipant, listed, page)


@routes.get(f"{OF}/branches/{{branch}}/versions", query=PAGING, summary="The versions on a branch, newest first")
def list_on_branch(call: CallDep, pacticipant: str, branch: str) -> Response:
    page = call.page()
    with db.read(call.engine) as connection:
        row = _branch(connection, pacticipant, branch)
        return _listed(connection, call, pacticipant, queries.versions_on_branch(connection, row.id, page), page)


@routes.get(
    f"{OF}/environments/{{uuid}}/versions", query=PAGING, summary="The versions ever deployed or released to a place"
)
def list_in_environment(call: CallDep, pacticipant: str, uuid: str) -> Response:
    page = call.page()
    with db.read(call.engine) as connection:
        participant = found(connection, pacticipant)
        environment = environment_with_uuid(connection, uuid)
        if environment is None:
            raise NotFound()
        listed = queries.versions_in_environment(connection, participant.id, environment.id, page)
        return _listed(connection, call, pacticipant, listed, page)


@routes.get(f"{OF}/latest-version", summary="The newest version")
def latest_version(call: CallDep, pacticipant: str) -> Response:
    return _latest(call, pacticipant, tag=None)


@routes.get(f"{OF}/latest-version/{{tag}}", summary="The newest version that carries a tag")
def latest_tagged_version(call: CallDep, pacticipant: str, tag: str) -> Response:
    return _latest(call, pacticipant, tag=tag)


def _latest(call: Call, pacticipant: str, tag: str | None) -> Response:
    with db.read(call.engine) as connection:
        row = queries.latest_version(connection, found(connection, pacticipant).id, tag)
        if row is None:
            raise NotFound()
        return hal.answer(_document(connection, call, row, pacticipant, url=call.url))


@routes.get(f"{OF}/branches/{{branch}}/latest-version", summary="The version at the head of a branch")
def latest_branch_version(call: CallDep, pacticipant: str, branch: str) -> Response:
    with db.read(call.engine) as connection:
        row = queries.branch_head(connection, found(connection, pacticipant).id, branch)
        if row is None:
            raise NotFound()
        return hal.answer(_document(connection, call, row, pacticipant, url=call.url))


def _version(database: Connection | Session, participant: str, number: str) -> Row[Any]:
    row = queries.version(database, participant, number)
    if row is None:
        raise NotFound()
    return row


def _document(database: Connection | Session, call: Call, row: Any, participant: str, *, url: str) -> dict[str, Any]:
    """Six statements."""
    around = queries.surroundings(database, [row.id])
    return documents.version(row, participant, call.links, around, url=url, environments=environments(database))


def _listed(
    database: Connection, call: Call, participant: str, listed: tuple[Sequence[Any], int], page: Page | None
) -> Response:
    rows, total = listed
    around = queries.surroundings(database, [row.id for row in rows])
    return hal.answer(documents.versions(rows, participant, call.links, around, call.url, page, total))


# --- branches -----------------------------------------------------------------------------------------------------


@routes.get(f"{OF}/branches", query={**PAGING, **FILTER}, summary="Branches, most recently changed first")
def list_branches(call: CallDep, pacticipant: str) -> Response:
    page = call.page(always=True)
    with db.read(call.engine) as connection:
        participant = found(connection, pacticipant)
        rows, total = queries.branches(connection, participant.id, page, call.query.get("q"))
    return hal.answer(documents.branches(rows, pacticipant, call.links, call.url, page, total))


@routes.delete(
    f"{OF}/branches",
    query={"exclude[]": "a branch to keep; may be repeated"},
    answers={202: {"notices": [{"type": "success", "text": "Deleted 1 branch of Web Shop: feature. …"}]}},
    summary="Delete all branches but the main one and those excluded",
)
def delete_branches(call: CallDep, pacticipant: str) -> Response:
    kept_names = set(call.query.getlist("exclude[]"))
    with db.write(call.engine) as session:
        participant = found(session, pacticipant)
        rows, _ = queries.branches(session, participant.id, None, None)
        kept = [row.name for row in rows if row.name in kept_names or row.name == participant.main_branch]
        gone = [row for row in rows if row.name not in kept]
        service.remove_branches(session, participant.id, [row.id for row in gone])
    remaining = f"Remaining branches are: {', '.join(sorted(kept))}" if kept else "No branches remain"
    noun = "branch" if len(gone) == 1 else "branches"
    text = f"Scheduled deletion of {len(gone)} {noun} for pacticipant {pacticipant}. {remaining}"
    return hal.answer({"notices": [{"type": "success", "text": text}]}, status=202)


@routes.get(f"{OF}/branches/{{branch}}", summary="A branch")
def get_branch(call: CallDep, pacticipant: str, branch: str) -> Response:
    with db.read(call.engine) as connection:
        row = _branch(connection, pacticipant, branch)
    return hal.answer(documents.branch(row, pacticipant, call.links))


@routes.delete(f"{OF}/branches/{{branch}}", answers={204: None}, summary="Delete a branch; its versions stay")
def delete_branch(call: CallDep, pacticipant: str, branch: str) -> Response:
    with db.write(call.engine) as session:
        row = _branch(session, pacticipant, branch)
        service.remove_branches(session, row.participant_id, [row.id])
    return hal.nothing()


def _branch(database: Connection | Session, participant: str, name: str) -> Row[Any]:
    row = queries.branch(database, found(database, participant).id, name)
    if row is None:
        raise NotFound()
    return row


BRANCH_VERSION = f"{OF}/branches/{{branch}}/versions/{{version}}"


@routes.get(BRANCH_VERSION, summary="The membership of a version in a branch")
def get_branch_version(call: CallDep, pacticipant: str, branch: str, version: str) -> Response:
    with db.read(call.engine) as connection:
        row = _membership(connection, found(connection, pacticipant).id, branch, version)
    return hal.answer(documents.branch_version(row, pacticipant, branch, version, call.links))


@routes.put(BRANCH_VERSION, summary="Add a version to a branch", **EMPTY)
def put_branch_version(call: CallDep, pacticipant: str, branch: str, version: str) -> Response:
    call.json_if_any()
    with db.write(call.engine) as session:
        now = db.now(session)
        participant = service.ensure_participant(session, pacticipant, now)
        service.lock(session, participant.id)
        made = service.ensure_version(session, participant.id, version, now)
        is_new = service.add_to_branch(session, participant, made, branch, call.settings, now)
        row = _membership(session, participant.id, branch, version)
        document = documents.branch_version(row, pacticipant, branch, version, call.links)
    location = call.links.branch_version(pacticipant, branch, version)
    return hal.created(document, location) if is_new else hal.answer(document)


@routes.delete(BRANCH_VERSION, answers={204: None}, summary="Take a version off a branch")
def delete_branch_version(call: CallDep, pacticipant: str, branch: str, version: str) -> Response:
    with db.write(call.engine) as session:
        participant = found(session, pacticipant)
        row = _membership(session, participant.id, branch, version)
        service.remove_from_branch(session, participant.id, row.branch_id, row.version_id)
    return hal.nothing()


def _membership(database: Connection | Session, participant_id: int, branch: str, number: str) -> Row[Any]:
    row = queries.branch_membership(database, participant_id, branch, number)
    if row is None:
        raise NotFound()
    return row


# --- tags ---------------------------------------------------------------------------------------------------------


TAG = f"{OF}/versions/{{version}}/tags/{{tag}}"


@routes.get(TAG, summary="A tag of a version")
def get_tag(call: CallDep, pacticipant: str, version: str, tag: str) -> Response:
    with db.read(call.engine) as connection:
        row = _tag(connection, found(connection, pacticipant).id, version, tag)
    return hal.answer(documents.tag(row, pacticipant, version, call.links))


@routes.put(TAG, summary="Tag a version", **EMPTY)
def put_tag(call: CallDep, pacticipant: str, version: str, tag: str) -> Response:
    call.json_if_any()
    with db.write(call.engine) as session:
        now = db.now(session)
        participant = service.ensure_participant(session, pacticipant, now)
        service.lock(session, participant.id)
        made = service.ensure_version(session, participant.id, version, now)
        is_new = service.add_tag(session, participant, made, tag, call.settings, now)
        row = _tag(session, participant.id, version, tag)
        document = documents.tag(row, pacticipant, version, call.links)
    return hal.created(document, call.links.tag(pacticipant, version, tag)) if is_new else hal.answer(document)


@routes.delete(TAG, answers={204: None}, summary="Take a tag off a version")
def delete_tag(call: CallDep, pacticipant: str, version: str, tag: str) -> Response:
    with db.write(call.engine) as session:
        participant = found(session, pacticipant)
        row = _tag(session, participant.id, version, tag)
        service.remove_tag(session, participant.id, row.version_id, tag)
    return hal.nothing()


def _tag(database: Connection | Session, participant_id: int, number: str, name: str) -> Row[Any]:
    row = queries.tag(database, participant_id, number, name)
    if row is None:
        raise NotFound()
    return row
