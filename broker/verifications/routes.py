"""Verification results: published by providers, read by everyone."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.db import now, read, write
from tallystick.broker.errors import NotFound
from tallystick.broker.http import hal, metadata
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.media import EXTENDED, HAL, JSON
from tallystick.broker.http.routing import Routes
from tallystick.broker.participants.queries import version as version_of
from tallystick.broker.verifications import documents, inputs, queries, service
from tallystick.broker.webhooks import service as webhooks

routes: Final = Routes("verification results")

_PAIR: Final = "/pacts/provider/{provider}/consumer/{consumer}"
_RESULTS: Final = _PAIR + "/pact-version/{sha}/verification-results"
_RESULTS_WITH_METADATA: Final = _PAIR + "/pact-version/{sha}/metadata/{metadata}/verification-results"
_TYPES: Final = (HAL, JSON, EXTENDED)
_BODY: Final[dict[str, Any]] = {
    "success": False,
    "providerApplicationVersion": "9",
    "buildUrl": "https://ci.example.org/9",
    "testResults": [
        {
            "interactionId": "711f53fef97a256075b2df3038efc339b548fae8",
            "success": False,
            "mismatches": [{"attribute": "body", "identifier": "$.total", "description": "expected a number"}],
        }
    ],
    "verifiedBy": {"implementation": "Tallystick", "version": "0.1.0", "clientLanguage": {"name": "python"}},
}
_ANSWER: Final[dict[str, Any]] = {
    "providerName": "Orders",
    **_BODY,
    "verificationDate": "2024-05-01T10:00:00+00:00",
    "verifiedBy": {"implementation": "Tallystick", "version": "0.1.0", "client_implementation": "python"},
    "_links": {},
}


@routes.post(_RESULTS, summary="Publish a verification result", body=_BODY, answers={201: _ANSWER})
def publish(call: CallDep, provider: str, consumer: str, sha: str) -> Response:
    return _publish(call, provider, consumer, sha, None)


@routes.post(
    _RESULTS_WITH_METADATA,
    summary="Publish a verification result through a link that remembers why the contract was fetched",
    body=_BODY,
    answers={201: _ANSWER},
)
def publish_with_metadata(call: CallDep, provider: str, consumer: str, sha: str, metadata: str) -> Response:
    return _publish(call, provider, consumer, sha, metadata)


def _publish(call: Call, provider: str, consumer: str, sha: str, segment: str | None) -> Response:
    sent = inputs.published(call.json(), call.body)
    with write(call.engine) as session:
        at, remembered = now(session), metadata.decode(segment)
        stored = service.publish(session, consumer, provider, sha, sent, remembered, at)
        webhooks.announce_result(
            session, stored, remembered=remembered, links=call.links, settings=call.settings, now=at
        )
        row = queries.result_by_id(session, stored)
        failing = [] if sent.success else service.failing(session, row)
    location = call.links.verification_result(consumer, provider, sha, row.number)
    document = documents.result(row, call.links)
    if not sent.success:
        document["ts:failing"] = documents.failing(failing, row.provider_version_id)
    return hal.created(document, location)


@routes.get(_RESULTS + "/{number}", produces=_TYPES, summary="A verification result", answer=_ANSWER)
def get_result(call: CallDep, provider: str, consumer: str, sha: str, number: str) -> Response:
    if number == "all":
        raise NotFound("Listing all results is not supported. Every result of a pair is on its matrix page.")
    with read(call.engine) as connection:
        row = queries.result(connection, consumer, provider, sha, _number(number))
        return _answer(call, connection, row)


@routes.get(_RESULTS_WITH_METADATA + "/{number}", produces=_TYPES, summary="A verification result", answer=_ANSWER)
def get_result_with_metadata(
    call: CallDep, provider: str, consumer: str, sha: str, metadata: str, number: str
) -> Response:
    return get_result(call, provider, consumer, sha, number)


@routes.delete(_RESULTS + "/{number}", summary="Delete a verification result", answers={204: None})
def delete_result(call: CallDep, provider: str, consumer: str, sha: str, number: str) -> Response:
    with write(call.engine) as session:
        service.remove(session, consumer, provider, sha, _number(number))
    return hal.nothing()


@routes.delete(_RESULTS_WITH_METADATA + "/{number}", summary="Delete a verification result", answers={204: None})
def delete_result_with_metadata(
    call: CallDep, provider: str, consumer: str, sha: str, metadata: str, number: str
) -> Response:
    return delete_result(call, provider, consumer, sha, number)


@routes.get(_RESULTS + "/latest", produces=_TYPES, summary="The newest result for a content", answer=_ANSWER)
def latest_of_content(call: CallDep, provider: str, consumer: str, sha: str) -> Response:
    with read(call.engine) as connection:
        return _newest(call, connection, queries.published_content(connection, consumer, provider, sha))


@routes.get(
    _PAIR + "/version/{version}/verification-results/latest",
    produces=_TYPES,
    summary="The newest result for what a consumer version published",
    answer=_ANSWER,
)
def latest_of_version(call: CallDep, provider: str, consumer: str, version: str) -> Response:
    with read(call.engine) as connection:
        return _newest(call, connection, queries.content_of_version(connection, consumer, provider, version))


@routes.get(
    _PAIR + "/latest/verification-results/latest",
    produces=_TYPES,
    summary="The newest result for the newest contract of a pair",
    answer=_ANSWER,
)
def latest_of_latest(call: CallDep, provider: str, consumer: str) -> Response:
    with read(call.engine) as connection:
        return _newest(call, connection, queries.latest_content(connection, consumer, provider))


@routes.get(
    _PAIR + "/latest/{tag}/verification-results/latest",
    produces=_TYPES,
    summary="The newest result for the newest contract of a pair; the tag is ignored, as the incumbent does",
    answer=_ANSWER,
)
def latest_of_tagged(call: CallDep, provider: str, consumer: str, tag: str) -> Response:
    return latest_of_latest(call, provider, consumer)


@routes.get(
    "/verification-results/consumer/{consumer}/version/{version}/latest",
    summary="What is known of a consumer version, over all its providers",
    answer={"success": True, "providerSummary": {"successful": ["Orders"], "failed": [], "unknown": []}},
)
def summary_of_version(call: CallDep, consumer: str, version: str) -> Response:
    with read(call.engine) as connection:
        row = version_of(connection, consumer, version)
        if row is None:
            raise NotFound()
        providers = queries.providers_of_version(connection, row.id)
        results = queries.newest_results_of_version(connection, row.id)
    return hal.answer(documents.summary(providers, results, call.links, call.url))


def _number(text: str) -> int:
    """The number in a path; `NotFound` for what is none, or none that any row could have."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound()
    return int(text)


def _newest(call: Call, connection: Any, content: Any) -> Response:
    row = None if content is None else queries.newest_result(connection, content.contract_id)
    return _answer(call, connection, row)


def _answer(call: Call, connection: Any, row: Any) -> Response:
    if row is None:
        raise NotFound()
    tags = None
    if call.media_type == EXTENDED:
        tags = queries.tags_of_version(connection, row.provider_id, row.provider_version_id)
    return hal.answer(documents.result(row, call.links, tags), media_type=call.media_type or HAL)
