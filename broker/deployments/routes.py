"""Deployed and released versions: what runs where, and what is out there and supported."""

from __future__ import annotations

from typing import Any, Final

import orjson
from starlette.responses import Response

from tallystick.broker.db import now, read, write
from tallystick.broker.deployments import documents, queries
from tallystick.broker.environments import live
from tallystick.broker.environments.queries import environment_with_uuid
from tallystick.broker.errors import Invalid, NotFound, Unprocessable
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.checks import LONGEST_NAME, text_complaints
from tallystick.broker.http.media import MERGE_PATCH
from tallystick.broker.http.routing import Routes
from tallystick.broker.participants import service as participants

routes: Final = Routes("deployments and releases")

_UUID: Final = "9b2f6c1e-8d3a-4f5b-a1c2-d3e4f5a6b7c8"
_DEPLOYED: Final[dict[str, Any]] = {
    "uuid": _UUID,
    "currentlyDeployed": True,
    "applicationInstance": "blue",
    "target": "blue",
    "createdAt": "2024-05-01T10:00:00+00:00",
}
_RELEASED: Final[dict[str, Any]] = {
    "uuid": _UUID,
    "currentlySupported": True,
    "createdAt": "2024-05-01T10:00:00+00:00",
}
_IN_ENVIRONMENT: Final = ("pacticipant", "version")


@routes.post(
    "/pacticipants/{name}/versions/{number}/deployed-versions/environment/{uuid}",
    summary="Record that a version was deployed to an environment",
    body={"applicationInstance": "blue"},
    body_required=False,
    answers={201: _DEPLOYED},
)
def record_deployment(call: CallDep, name: str, number: str, uuid: str) -> Response:
    instance = _instance(call.json_if_any())
    with write(call.engine) as session:
        at = live.place(session, name, number, uuid)
        row = queries.deployed_by_id(session, live.deploy(session, at, instance, now(session)))
    return hal.created(documents.deployed_version(row, call.links), call.links.deployed_version(row.uuid))


@routes.get(
    "/pacticipants/{name}/versions/{number}/deployed-versions/environment/{uuid}",
    summary="A version's deployments to an environment, past ones included, newest first",
    answer={"_embedded": {"deployedVersions": [_DEPLOYED]}},
)
def deployments_of_version(call: CallDep, name: str, number: str, uuid: str) -> Response:
    with read(call.engine) as connection:
        rows = queries.deployments_of(connection, name, number, uuid)
        if not rows and not queries.both_exist(connection, name, number, uuid):
            raise NotFound()
    title = f"Deployed versions for {name} version {number}"
    return hal.answer(documents.deployed_versions(rows, call.links, call.url, title))


@routes.get("/deployed-versions/{uuid}", summary="A deployment", answer=_DEPLOYED)
def get_deployed_version(call: CallDep, uuid: str) -> Response:
    with read(call.engine) as connection:
        row = queries.deployed(connection, uuid)
    if row is None:
        raise NotFound()
    return hal.answer(documents.deployed_version(row, call.links))


@routes.patch(
    "/deployed-versions/{uuid}",
    consumes=(MERGE_PATCH,),
    summary="Record that a version was undeployed",
    body={"currentlyDeployed": False},
    body_required=False,
    answer={**_DEPLOYED, "currentlyDeployed": False, "undeployedAt": "2024-05-02T10:00:00+00:00"},
)
def undeploy(call: CallDep, uuid: str) -> Response:
    wanted = _flag(call.json_if_any(), "currentlyDeployed")
    with write(call.engine) as session:
        row = queries.deployed(session, uuid)
        if row is None:
            raise NotFound()
        call.must_write_to(row.participant)
        if wanted is True:
            raise Unprocessable(
                {"currentlyDeployed": ["cannot be set back to true. Please record the deployment again instead."]}
            )
        if wanted is False:
            participants.lock(session, row.participant_id)
            live.end_deployment(session, row, now(session))
            row = queries.deployed_by_id(session, row.id)
    return hal.answer(documents.deployed_version(row, call.links))


@routes.get(
    "/environments/{uuid}/deployed-versions/currently-deployed",
    summary="What is deployed in an environment",
    query={
        "pacticipant": "only this application's versions",
        "applicationInstance": "only this instance; blank for deployments without one",
    },
    answer={"_embedded": {"deployedVersions": [_DEPLOYED]}},
)
def currently_deployed(call: CallDep, uuid: str) -> Response:
    instance = call.query.get("applicationInstance", call.query.get("target"))
    with read(call.engine) as connection:
        environment = environment_with_uuid(connection, uuid)
        if environment is None:
            raise NotFound()
        rows = queries.currently_deployed(
            connection, environment.id, call.query.get("pacticipant"), None if instance is None else instance.strip()
        )
    title = f"Currently deployed versions for {environment.display_name or environment.name}"
    return hal.answer(documents.deployed_versions(rows, call.links, _with_query(call), title, _IN_ENVIRONMENT))


@routes.post(
    "/pacticipants/{name}/versions/{number}/released-versions/environment/{uuid}",
    summary="Record that a version was released to an environment and is supported there",
    body={},
    body_required=False,
    answers={200: _RELEASED, 201: _RELEASED},
)
def record_release(call: CallDep, name: str, number: str, uuid: str) -> Response:
    call.json_if_any()
    with write(call.engine) as session:
        released_id, new = live.release(session, live.place(session, name, number, uuid), now(session))
        row = queries.released_by_id(session, released_id)
    return hal.answer(
        documents.released_version(row, call.links),
        status=201 if new else 200,
        location=call.links.released_version(row.uuid),
    )


@routes.get(
    "/pacticipants/{name}/versions/{number}/released-versions/environment/{uuid}",
    summary="A version's release to an environment, if there is one",
    answer={"_embedded": {"releasedVersions": [_RELEASED]}},
)
def releases_of_version(call: CallDep, name: str, number: str, uuid: str) -> Response:
    with read(call.engine) as connection:
        rows = queries.releases_of(connection, name, number, uuid)
        if not rows and not queries.both_exist(connection, name, number, uuid):
            raise NotFound()
    title = f"Released versions for {name} version {number}"
    return hal.answer(documents.released_versions(rows, call.links, call.url, title))


@routes.get("/released-versions/{uuid}", summary="A release", answer=_RELEASED)
def get_released_version(call: CallDep, uuid: str) -> Response:
    with read(call.engine) as connection:
        row = queries.released(connection, uuid)
    if row is None:
        raise NotFound()
    return hal.answer(documents.released_version(row, call.links))


@routes.patch(
    "/released-versions/{uuid}",
    consumes=(MERGE_PATCH,),
    summary="Record that a version's support ended",
    body={"currentlySupported": False},
    body_required=False,
    answer={**_RELEASED, "currentlySupported": False, "supportEndedAt": "2024-05-02T10:00:00+00:00"},
)
def end_support(call: CallDep, uuid: str) -> Response:
    wanted = _flag(call.json_if_any(), "currentlySupported")
    with write(call.engine) as session:
        row = queries.released(session, uuid)
        if row is None:
            raise NotFound()
        call.must_write_to(row.participant)
        if wanted is True:
            raise Unprocessable(
                {"currentlySupported": ["cannot be set back to true. Please record the release again instead."]}
            )
        if wanted is False:
            participants.lock(session, row.participant_id)
            live.end_support(session, row, now(session))
            row = queries.released_by_id(session, row.id)
    return hal.answer(documents.released_version(row, call.links))


@routes.get(
    "/environments/{uuid}/released-versions/currently-supported",
    summary="What is released and supported in an environment",
    query={"pacticipant": "only this application's versions", "version": "only this version"},
    answer={"_embedded": {"releasedVersions": [_RELEASED]}},
)
def currently_supported(call: CallDep, uuid: str) -> Response:
    with read(call.engine) as connection:
        environment = environment_with_uuid(connection, uuid)
        if environment is None:
            raise NotFound()
        rows = queries.currently_supported(
            connection, environment.id, call.query.get("pacticipant"), call.query.get("version")
        )
    title = f"Currently supported versions for {environment.display_name or environment.name}"
    return hal.answer(documents.released_versions(rows, call.links, _with_query(call), title, _IN_ENVIRONMENT))


def _instance(sent: Any) -> str:
    """The application instance, by its new or its old name; what is no text is written as text."""
    if not isinstance(sent, dict):
        return ""
    value = sent.get("applicationInstance")
    value = sent.get("target") if value is None else value
    if value is None:
        return ""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    if wrong := text_complaints(text, lines=True, longest=LONGEST_NAME):
        raise Invalid({"applicationInstance": wrong})
    return text


def _flag(sent: Any, key: str) -> bool | None:
    value = sent.get(key) if isinstance(sent, dict) else None
    return value if isinstance(value, bool) else None


def _with_query(call: Call) -> str:
    query = call.request.url.query
    return f"{call.url}?{query}" if query else call.url
