"""`/webhooks` and what they delivered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row
from starlette.responses import Response

from tallystick.broker.db import now, read, write
from tallystick.broker.errors import NotFound, UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.links import link
from tallystick.broker.http.media import HAL, TEXT
from tallystick.broker.http.routing import Routes
from tallystick.broker.webhooks import delivering, documents, queries, service, worker
from tallystick.broker.webhooks.inputs import Asked, Described, described, uuid_or_refuse
from tallystick.broker.webhooks.secrets import Vault

routes: Final = Routes("webhooks")

PAIR: Final = "/pacts/provider/{provider}/consumer/{consumer}"

_BODY: Final[dict[str, Any]] = {
    "description": "Tell CI that a contract changed",
    "consumer": {"name": "Web"},
    "provider": {"name": "Orders"},
    "events": [{"name": "contract_content_changed"}],
    "request": {
        "method": "POST",
        "url": "https://ci.example.org/build",
        "headers": {"authorization": "Bearer x"},
        "body": {"pact": "${pactbroker.pactUrl}"},
    },
}
_ANSWER: Final[dict[str, Any]] = {
    "uuid": "Vq8lS4dYcDW1jBzN0sT3Lw",
    **_BODY,
    "enabled": True,
    "createdAt": "2024-05-01T10:00:00+00:00",
    "_links": {},
}
_LIST: Final[dict[str, Any]] = {"_links": {"pb:webhooks": []}}
_TRIED: Final[dict[str, Any]] = {"request": {}, "message": "", "logs": "", "success": True, "_links": {}}
_DELIVERIES: Final[dict[str, Any]] = {"_embedded": {"triggeredWebhooks": []}, "_links": {}}


def _vault(call: Call) -> Vault:
    vault: Vault = call.request.app.state.vault
    return vault


# --- keeping ------------------------------------------------------------------------------------------------------


@routes.get("/webhooks", summary="All webhooks", answer=_LIST)
def list_webhooks(call: CallDep) -> Response:
    with read(call.engine) as connection:
        rows = queries.webhooks(connection)
    return hal.answer(documents.listed(rows, call.url, "Webhooks", call.links.webhooks(), call.links))


@routes.post("/webhooks", summary="Create a webhook", body=_BODY, answers={201: _ANSWER})
def create_webhook(call: CallDep) -> Response:
    return _created(call, described(call.json(), call.settings), service.new_uuid())


@routes.get("/webhooks/provider/{provider}/consumer/{consumer}", summary="Webhooks of a pair", answer=_LIST)
def list_of_pair(call: CallDep, provider: str, consumer: str) -> Response:
    return _listed(call, consumer, provider)


@routes.get(f"{PAIR}/webhooks", summary="Webhooks of a pair, by its older address", answer=_LIST)
def list_of_pact(call: CallDep, provider: str, consumer: str) -> Response:
    return _listed(call, consumer, provider)


@routes.get("/webhooks/provider/{provider}", summary="Webhooks of a provider, whoever consumes it", answer=_LIST)
def list_of_provider(call: CallDep, provider: str) -> Response:
    return _listed(call, None, provider)


@routes.get("/webhooks/consumer/{consumer}", summary="Webhooks of a consumer, whatever it consumes", answer=_LIST)
def list_of_consumer(call: CallDep, consumer: str) -> Response:
    return _listed(call, consumer, None)


@routes.post(
    "/webhooks/provider/{provider}/consumer/{consumer}", f"{PAIR}/webhooks",
    summary="Create a webhook for a pair", body=_BODY, answers={201: _ANSWER},
)  # fmt: skip
def create_for_pair(call: CallDep, provider: str, consumer: str) -> Response:
    return _created_for(call, consumer, provider)


@routes.post(
    "/webhooks/provider/{provider}", summary="Create a webhook for a provider", body=_BODY, answers={201: _ANSWER}
)
def create_for_provider(call: CallDep, provider: str) -> Response:
    return _created_for(call, None, provider)


@routes.post(
    "/webhooks/consumer/{consumer}", summary="Create a webhook for a consumer", body=_BODY, answers={201: _ANSWER}
)
def create_for_consumer(call: CallDep, consumer: str) -> Response:
    return _created_for(call, consumer, None)


@routes.get("/webhooks/{uuid}", summary="A webhook", answer=_ANSWER)
def get_webhook(call: CallDep, uuid: str) -> Response:
    with read(call.engine) as connection:
        document = _document(connection, call, uuid)
    return hal.answer(document)


@routes.put(
    "/webhooks/{uuid}", summary="Create or replace the webhook of that uuid", body=_BODY,
    answers={200: _ANSWER, 201: _ANSWER},
)  # fmt: skip
def put_webhook(call: CallDep, uuid: str) -> Response:
    uuid_or_refuse(uuid)
    sent = described(call.json(), call.settings)
    with write(call.engine) as session:
        new = service.save(session, uuid, sent, _vault(call), now(session))
        document = _document(session, call, uuid)
    return hal.answer(document, status=201 if new else 200)


@routes.delete("/webhooks/{uuid}", summary="Delete a webhook; what it delivered stays on record", answers={204: None})
def delete_webhook(call: CallDep, uuid: str) -> Response:
    with write(call.engine) as session:
        service.remove(session, uuid)
    return hal.nothing()


# --- trying out ---------------------------------------------------------------------------------------------------


@routes.post(
    "/webhooks/execute", summary="Try out the webhook in the body, without storing it", body=_BODY, answer=_TRIED
)
def execute_unsaved(call: CallDep) -> Response:
    sent = described(call.json(), call.settings)
    return _tried(call, sent.request, None)


@routes.post(
    "/webhooks/{uuid}/execute", summary="Try out a webhook", body={}, body_required=False, consumes=(), answer=_TRIED
)
def execute_webhook(call: CallDep, uuid: str) -> Response:
    with read(call.engine) as connection:
        row = queries.webhook(connection, uuid)
    if row is None:
        raise NotFound()
    return _tried(call, delivering.asked_by(row, _vault(call)), row)


def _tried(call: Call, asked: Asked, row: Row[Any] | None) -> Response:
    with write(call.engine) as session:
        values = service.test_values(session, row, call.links)
        values = {**values, **worker.summary(session, values, asked)}
        at = now(session)
    # Outside the transaction: a slow receiver must not hold the database.
    context = {"uuid": row.uuid if row else None, "event": "test"}
    done = delivering.attempt(asked, values, f"test-{service.new_uuid()}", context, call.settings, at)
    shown = delivering.shown_request(done.request, asked, call.settings)
    document: dict[str, Any] = {
        "request": {
            "headers": dict(shown.headers),
            "body": _parsed(shown.content.decode("utf-8", "replace")),
            "url": delivering.path_and_query(shown.url),
        }
    }
    if call.settings.webhook_host_whitelist:
        if done.sent.status is not None:
            document["response"] = {
                "status": done.sent.status,
                "headers": dict(done.sent.headers),
                "body": _parsed(done.sent.body),
            }
        else:
            document["error"] = {"message": done.sent.error}
    else:
        document["message"] = delivering.HIDDEN
    lines = [*done.lines, delivering.line(at, delivering.completion(done.success, 1, None))]
    document["logs"] = "\n".join(lines)
    document["success"] = done.success
    found: dict[str, Any] = {"webhook": link(call.links.webhook(row.uuid))} if row else {}
    again = f"{call.links.webhook(row.uuid)}/execute" if row else f"{call.links.webhooks()}/execute"
    document["_links"] = {**found, "try-again": link(again, "Execute the webhook again")}
    return hal.answer(document)


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


# --- what was delivered -------------------------------------------------------------------------------------------


@routes.get("/webhooks/{uuid}/deliveries", summary="What a webhook delivered, newest first", answer=_DELIVERIES)
def deliveries_of_webhook(call: CallDep, uuid: str) -> Response:
    with read(call.engine) as connection:
        if queries.webhook(connection, uuid) is None:
            raise NotFound()
        rows = queries.recent_deliveries(connection, documents.DELIVERIES_SHOWN, uuid)
    return _deliveries(call, rows, "Deliveries of the webhook")


@routes.get(f"{PAIR}/webhooks/status", summary="How telling a pair's newest contract went")
def status_of_pair(call: CallDep, provider: str, consumer: str) -> Response:
    with read(call.engine) as connection:
        consumer_id, provider_id = _pair(connection, consumer, provider)
        publication_id = queries.newest_publication(connection, consumer_id, provider_id)
        facts = None if publication_id is None else queries.publication_facts(connection, publication_id)
        rows = [] if publication_id is None else queries.deliveries_about(connection, publication_id)
    pact = call.links.pact(consumer, provider, facts.number) if facts else None
    return hal.answer(documents.status(rows, call.url, consumer, provider, pact, call.links, call.settings))


@routes.get(f"{PAIR}/version/{{version}}/triggered-webhooks", summary="What a publication caused", answer=_DELIVERIES)
def triggered_by_publication(call: CallDep, provider: str, consumer: str, version: str) -> Response:
    with read(call.engine) as connection:
        consumer_id, provider_id = _pair(connection, consumer, provider)
        revisions = queries.publications(connection, consumer_id, provider_id, version)
        if not revisions:
            raise NotFound()
        rows = queries.deliveries_of_publication(connection, revisions)
    return _deliveries(call, rows, f"Webhooks triggered by the publication of the pact for {consumer} {version}")


@routes.get(
    f"{PAIR}/pact-version/{{sha}}/verification-results/{{number}}/triggered-webhooks",
    summary="What a verification result caused", answer=_DELIVERIES,
)  # fmt: skip
def triggered_by_result(call: CallDep, provider: str, consumer: str, sha: str, number: str) -> Response:
    with read(call.engine) as connection:
        consumer_id, provider_id = _pair(connection, consumer, provider)
        result = queries.result_id(connection, consumer_id, provider_id, sha, number)
        if result is None:
            raise NotFound()
        rows = queries.deliveries_of_result(connection, result)
    return _deliveries(call, rows, f"Webhooks triggered by the publication of verification result {number}")


@routes.get(
    "/triggered-webhooks/{uuid}/logs", produces=(TEXT, HAL), summary="The log of a delivery's attempts", answer=None
)
def logs_of_delivery(call: CallDep, uuid: str) -> Response:
    with read(call.engine) as connection:
        row = queries.delivery(connection, uuid)
        if row is None:
            raise NotFound()
        attempts = queries.attempts_of(connection, row.id)
    if call.media_type == HAL:
        return hal.answer(documents.logs(row, attempts, call.url, call.links))
    text = "\n".join(each.log for each in attempts) or "Webhook has not executed yet. Please retry in a few seconds."
    return hal.raw(text, media_type=TEXT)


@routes.post(
    "/triggered-webhooks/{uuid}/redeliver", consumes=(), summary="Send a delivery again, under the same id",
    body={}, body_required=False, answers={202: _DELIVERIES},
)  # fmt: skip
def redeliver(call: CallDep, uuid: str) -> Response:
    with write(call.engine) as session:
        row = queries.delivery(session, uuid)
        if row is None:
            raise NotFound()
        worker.redeliver(session, row, now(session))
        row = queries.delivery(session, uuid)
        assert row is not None
        document = documents.delivery(row, call.links, call.settings)
    return hal.answer(document, status=202)


# --- pieces -------------------------------------------------------------------------------------------------------


def _document(db: Any, call: Call, uuid: str) -> dict[str, Any]:
    row = queries.webhook(db, uuid)
    if row is None:
        raise NotFound()
    return documents.webhook(row, queries.events_of(db, [row.id]).get(row.id, []), _vault(call), call.links)


def _created(call: Call, sent: Described, uuid: str) -> Response:
    with write(call.engine) as session:
        service.save(session, uuid, sent, _vault(call), now(session))
        document = _document(session, call, uuid)
    return hal.created(document, call.links.webhook(uuid))


def _created_for(call: Call, consumer: str | None, provider: str | None) -> Response:
    """The names in the path stand where the body names nobody; names nobody knows are not found."""
    with read(call.engine) as connection:
        _known(connection, consumer, provider)
    sent = call.json()
    if isinstance(sent, dict):
        for role, name in (("consumer", consumer), ("provider", provider)):
            if name is not None and not sent.get(role):
                sent[role] = {"name": name}
    return _created(call, described(sent, call.settings), service.new_uuid())


def _listed(call: Call, consumer: str | None, provider: str | None) -> Response:
    with read(call.engine) as connection:
        rows = queries.webhooks_of(connection, *_known(connection, consumer, provider))
    if consumer is not None and provider is not None:
        title = f"Webhooks for the pact between {consumer} and {provider}"
        create = call.links.pair_webhooks(consumer, provider)
    else:
        role, name = ("consumer", consumer) if consumer is not None else ("provider", provider)
        title, create = f"Webhooks for {role} {name}", call.url
    return hal.answer(documents.listed(rows, call.url, title, create, call.links))


def _known(db: Any, consumer: str | None, provider: str | None) -> tuple[int | None, int | None]:
    found: list[int | None] = []
    for role, name in (("consumer", consumer), ("provider", provider)):
        participant_id = queries.participant_id(db, name) if name is not None else None
        if name is not None and participant_id is None:
            raise UnknownParticipant(name, role)
        found.append(participant_id)
    return found[0], found[1]


def _pair(db: Any, consumer: str, provider: str) -> tuple[int, int]:
    consumer_id, provider_id = _known(db, consumer, provider)
    assert consumer_id is not None
    assert provider_id is not None
    return consumer_id, provider_id


def _deliveries(call: Call, rows: Sequence[Row[Any]], title: str) -> Response:
    return hal.answer(documents.deliveries(rows, call.url, title, call.links, call.settings))
