"""API descriptions of provider versions: ours, and the request that the official command line sends."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import delete
from sqlalchemy.orm import Session
from starlette.responses import Response

from tallystick.broker.contracts import api_descriptions
from tallystick.broker.db import now, read, write
from tallystick.broker.errors import Invalid, NotFound, UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.checks import Fields, text_complaints
from tallystick.broker.http.links import link
from tallystick.broker.http.media import JSON, YAML
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import descriptions, queries, self_verification, users
from tallystick.broker.impact.queries import DESCRIPTION
from tallystick.broker.moves import moved
from tallystick.broker.participants import service as participants
from tallystick.broker.participants.queries import participant_named

routes: Final = Routes("the cost of change")

_OF_VERSION: Final = "/pacticipants/{pacticipant}/versions/{version}/description"
_DOCUMENT: Final[dict[str, Any]] = {
    "openapi": "3.1.0",
    "info": {"title": "Orders", "version": "1"},
    "paths": {"/orders/{id}": {"get": {"responses": {"200": {"description": "an order"}}}}},
}
_STORED: Final[dict[str, Any]] = {
    "kind": "OpenAPI 3.1.0",
    "mediaType": JSON,
    "operations": 1,
    "notices": [],
    "createdAt": "2024-05-01T10:00:00+00:00",
}


@routes.put(_OF_VERSION, consumes=(), summary="Publish the API description of a version, JSON or YAML",
            body=_DOCUMENT, answers={200: _STORED, 201: _STORED})  # fmt: skip
def put_description(call: CallDep, pacticipant: str, version: str) -> Response:
    wrong = {
        name: found
        for name, text in (("pacticipant", pacticipant), ("version", version))
        if (found := text_complaints(text, filled=True, blank=False))
    }
    if wrong:
        raise Invalid(wrong)
    if not call.body.strip():
        raise Invalid({"description": ["is missing: send an OpenAPI document as the body"]})
    sent = api_descriptions.read(call.body)
    with write(call.engine) as session:
        at = now(session)
        before = queries.description(session, pacticipant, version)
        owner = participants.ensure_participant(session, pacticipant, at)
        participants.lock(session, owner.id)
        ensured = participants.ensure_version(session, owner.id, version, at)
        descriptions.save(session, owner.id, ensured.id, call.body, sent.media_type, at)
        document = _stored(call, pacticipant, version, sent, at)
    return hal.answer(document, status=201 if before is None else 200)


@routes.get(_OF_VERSION, produces=(JSON, YAML), summary="The API description of a version", answer=_DOCUMENT)
def get_description(call: CallDep, pacticipant: str, version: str) -> Response:
    with read(call.engine) as connection:
        row = queries.description(connection, pacticipant, version)
    return _shown(call, row)


@routes.get("/pacticipants/{pacticipant}/description", produces=(JSON, YAML), answer=_DOCUMENT,
            summary="The newest API description: of the main branch, else of any version")  # fmt: skip
def get_newest_description(call: CallDep, pacticipant: str) -> Response:
    with read(call.engine) as connection:
        owner = participant_named(connection, pacticipant)
        if owner is None:
            raise UnknownParticipant(pacticipant)
        row = queries.newest_description(connection, owner.id)
    return _shown(call, row)


@routes.delete(_OF_VERSION, summary="Delete the API description of a version", answers={204: None})
def delete_description(call: CallDep, pacticipant: str, version: str) -> Response:
    with write(call.engine) as session:
        row = queries.description(session, pacticipant, version)
        if row is None:
            raise NotFound()
        participants.lock(session, row.participant_id)
        moved(session, [row.participant_id])
        session.execute(delete(DESCRIPTION).where(DESCRIPTION.c.id == row.id))
    return hal.nothing()


def _shown(call: Call, row: Any) -> Response:
    """As it was sent, or as JSON if that is what the client takes (JSON is YAML, the other way it is converted)."""
    if row is None:
        raise NotFound()
    headers = {"x-tallystick-version": row.number} if row.number.isascii() and row.number.isprintable() else {}
    if row.media_type == call.media_type or call.media_type == YAML:
        return hal.raw(row.content, media_type=call.media_type, headers=headers)
    document = orjson.dumps(api_descriptions.parsed(row), option=orjson.OPT_NON_STR_KEYS)
    return hal.raw(document, media_type=call.media_type, headers=headers)


def _stored(call: Call, name: str, number: str, sent: api_descriptions.Read, at: datetime) -> dict[str, Any]:
    from tallystick.contract.openapi.descriptions import kind_of
    from tallystick.contract.openapi.operations import operations

    own = call.links.description(name, number)
    return {
        "kind": kind_of(sent.document),
        "mediaType": sent.media_type,
        "operations": sum(1 for _ in operations(sent.document)),
        "notices": [{"type": "warning", "text": str(one)} for one in sent.odd],
        "createdAt": hal.moment(at),
        "_links": {
            "self": link(own, "API description"),
            "ts:comparisons": link(f"{own}/comparisons", "Contracts compared with this API description"),
            "pb:pacticipant": link(call.links.participant(name), "Pacticipant", name),
            "pb:pacticipant-version": link(call.links.version(name, number), "Pacticipant version", number),
        },
    }


# --- as the official command line publishes them ------------------------------------------------------------------

_PROVIDER_CONTRACT: Final[dict[str, Any]] = {
    "pacticipantVersionNumber": "1.0.0",
    "branch": "main",
    "tags": ["main"],
    "buildUrl": "https://ci.example.org/1",
    "contract": {
        "content": base64.b64encode(orjson.dumps(_DOCUMENT)).decode(),
        "contentType": "application/json",
        "specification": "oas",
        "selfVerificationResults": {"success": True, "verifier": "schemathesis"},
    },
}


@routes.post("/provider-contracts/provider/{provider}/publish", body=_PROVIDER_CONTRACT,
             answers={200: {"notices": [{"type": "success", "text": "API description published …"}]}},
             summary="Publish the API description of a version with its branch and tags")  # fmt: skip
def publish_provider_contract(call: CallDep, provider: str) -> Response:
    sent = Fields(call.json())
    number = sent.text("pacticipantVersionNumber", required=True, blank=False)
    branch, build_url = sent.text("branch", blank=False), sent.text("buildUrl")
    tags = sent.array("tags") or []
    for index, tag in enumerate(tags):
        for message in text_complaints(tag, filled=True, blank=False):
            sent.complain("tags", f"{message} (at index {index})")
    contract = Fields(sent.object("contract"))
    if "contract" not in sent:
        sent.complain("contract", "is missing")
    content = _decoded(contract, sent)
    if str(contract.members.get("specification") or "oas").lower() not in ("oas", "openapi", "asyncapi"):
        sent.complain("contract.specification", "must be oas")
    said = self_verification.read(contract, sent)
    for message in text_complaints(provider, filled=True, blank=False):
        sent.complain("provider", message)
    sent.refuse_if_wrong()
    call.must_write_to(provider)
    assert number is not None
    read_ = api_descriptions.read(content)
    with write(call.engine) as session:
        at = now(session)
        owner = participants.ensure_participant(session, provider, at)
        participants.lock(session, owner.id)
        version = participants.ensure_version(session, owner.id, number, at)
        if build_url:
            participants.set_build_url(session, version.id, build_url, at)
        if branch:
            participants.add_to_branch(session, owner, version, branch, call.settings, at)
        for tag in tags:
            participants.add_tag(session, owner, version, tag, call.settings, at)
        descriptions.save(session, owner.id, version.id, content, read_.media_type, at, said)
        told = _notices(session, owner, provider, number, read_) + self_verification.notices(said)
        document = _published(call, provider, number, tags, told)
    return hal.answer(document)


def _decoded(contract: Fields, sent: Fields) -> bytes:
    encoded = contract.members.get("content")
    if not isinstance(encoded, str) or not encoded:
        if "contract" in sent:
            sent.complain("contract.content", "is missing")
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        sent.complain("contract.content", "is not base64")
        return b""


def _notices(
    session: Session, owner: Any, provider: str, number: str, sent: api_descriptions.Read
) -> list[dict[str, str]]:
    from tallystick.contract.openapi.descriptions import kind_of

    told = [{"type": "success", "text": f"{kind_of(sent.document)} description of {provider} {number} published."}]
    told += [{"type": "warning", "text": str(one)} for one in sent.odd]
    known = users.consumers(queries.standings(session, owner.id))
    count = len(known)
    text = f"{count} consumer{'' if count == 1 else 's'} of {provider} with contracts that count. See what nobody uses"
    return [*told, {"type": "info", "text": f"{text}: tallystick who-needs --unused '{provider}'"}]


def _published(call: Call, name: str, number: str, tags: list[str], told: list[dict[str, str]]) -> dict[str, Any]:
    links = call.links
    version = link(links.version(name, number), "Pacticipant version", number)
    return {
        "notices": told,
        "logs": [{"level": "info", "message": one["text"], "deprecationWarning": one["text"]} for one in told],
        "_embedded": {
            "pacticipant": {"name": name, "_links": {"self": link(links.participant(name))}},
            "version": {"number": number, "_links": {"self": link(links.version(name, number), "Version", number)}},
        },
        "_links": {
            "pb:pacticipant": link(links.participant(name), "Pacticipant", name),
            "pb:pacticipant-version": version,
            "pb:pacticipant-version-tags": [link(links.tag(name, number, tag), "Tag", tag) for tag in tags],
            "pb:contracts": [link(links.description(name, number), "API description", f"{name} ({number})")],
            "ts:comparisons": link(f"{links.description(name, number)}/comparisons", "Contracts compared with it"),
        },
    }
