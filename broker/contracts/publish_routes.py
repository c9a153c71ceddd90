"""Routes by which contracts are published: PUT and PATCH of one, and `contracts/publish` for all of a version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.responses import Response

from tallystick.broker import db
from tallystick.broker.contracts import documents, inputs, notices, queries, service
from tallystick.broker.contracts.content import (
    CannotMerge,
    Content,
    content_of,
    parse,
    refuse_other_names,
)
from tallystick.broker.contracts.difference import difference
from tallystick.broker.contracts.similar_names import explanation
from tallystick.broker.errors import Conflict, ContractChangedForVersion, Invalid, Malformed
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.checks import text_complaints
from tallystick.broker.http.links import link
from tallystick.broker.http.media import HAL, TEXT
from tallystick.broker.http.routing import ANY_JSON, Routes
from tallystick.broker.participants import queries as participant_queries
from tallystick.broker.participants import service as participants
from tallystick.broker.webhooks import service as webhooks

routes = Routes("publishing")

PACT = {
    "consumer": {"name": "Web Shop"},
    "provider": {"name": "Orders"},
    "interactions": [
        {
            "description": "a request for an order",
            "providerStates": [{"name": "order 1 exists"}],
            "request": {"method": "GET", "path": "/orders/1"},
            "response": {"status": 200, "body": {"id": 1}},
        }
    ],
    "metadata": {"pactSpecification": {"version": "3.0.0"}},
}
PACT_PATHS = (
    "/pacts/provider/{provider}/consumer/{consumer}/version/{version}",
    "/pacts/provider/{provider}/consumer/{consumer}/versions/{version}",
    "/pact/provider/{provider}/consumer/{consumer}/version/{version}",
)


@routes.put(*PACT_PATHS, body=PACT, answers={200: PACT, 201: PACT, 409: None}, summary="Publish a contract")
def put_pact(call: CallDep, provider: str, consumer: str, version: str) -> Response:
    return _published(call, consumer, provider, version, merge=False)


@routes.patch(
    *PACT_PATHS, body=PACT, answers={200: PACT, 201: PACT, 409: None}, summary="Merge interactions into a contract"
)
def merge_pact(call: CallDep, provider: str, consumer: str, version: str) -> Response:
    return _published(call, consumer, provider, version, merge=True)


def _published(call: Call, consumer: str, provider: str, number: str, *, merge: bool) -> Response:
    content = _sent_content(call, consumer, provider, number)
    settings = call.settings
    with db.write(call.engine) as session:
        now = db.now(session)
        participants.keep_participants(session)
        known = participant_queries.participants_named(session, [consumer, provider])
        if settings.check_for_potential_duplicate_pacticipant_names:
            suspicious = service.suspicious_names(session, [consumer, provider], known)
            if suspicious:
                text = "\n\n".join(explanation(name, others) for name, others in suspicious.items())
                raise Conflict(text, media_type=TEXT, sentence=text)
        parties = participants.ensure_participants(session, [consumer, provider], now, known=known)
        participants.lock(session, parties[consumer].id)
        version = participants.ensure_version(session, parties[consumer].id, number, now)
        existing = None if version.is_new else queries.publication_of(session, version.id, parties[provider].id)
        changes = existing is not None and existing.sha != content.sha
        if changes and not merge and not settings.allow_dangerous_contract_modification:
            raise ContractChangedForVersion(consumer, number, provider)
        try:
            published = service.publish(
                session,
                parties[consumer],
                parties[provider],
                version,
                content,
                existing,
                now,
                merge=merge,
                refuse_differences=True,
            )
        except CannotMerge as refused:
            raise Conflict(sentence=str(refused)) from None
        _, has_webhook = queries.advice_facts(session, parties[consumer].id, parties[provider].id)
        if has_webhook:
            _announce(call, session, published, now)
        pact = queries.pact_of_version(session, consumer, provider, number)
        body = documents.pact_bytes(pact, call.links)
    return hal.raw(body, status=200 if existing is not None else 201)


def _sent_content(call: Call, consumer: str, provider: str, number: str) -> Content:
    if not call.body.strip():
        raise Malformed("JSON::ParserError - the body is empty; it must be the contract")
    document = parse(call.body)
    errors = {
        key: wrong
        for key, text in (("consumer.name", consumer), ("provider.name", provider), ("consumer_version_number", number))
        if (wrong := text_complaints(text, filled=True, blank=False))
    }
    if errors:
        raise Invalid(errors)
    refuse_other_names(document, consumer=consumer, provider=provider)
    return content_of(document)


PUBLICATION = {
    "pacticipantName": "Web Shop",
    "pacticipantVersionNumber": "1.0.0",
    "branch": "main",
    "tags": ["main"],
    "buildUrl": "https://ci.example.org/1",
    "contracts": [
        {
            "consumerName": "Web Shop",
            "providerName": "Orders",
            "specification": "pact",
            "contentType": "application/json",
            "content": "eyJpbnRlcmFjdGlvbnMiOltdfQ==",
            "onConflict": "overwrite",
        }
    ],
}


@routes.post(
    "/contracts/publish",
    consumes=(ANY_JSON,),
    produces=(HAL,),
    body=PUBLICATION,
    answers={200: {"notices": [{"type": "success", "text": "Pact successfully published …"}]}, 409: None},
    summary="Publish all contracts of a version, with its branch and tags",
)
def publish_contracts(call: CallDep) -> Response:
    sent = inputs.publication(call.json())
    call.must_write_to(sent.consumer)
    contents = [content_of(each.document) for each in sent.contracts]
    with db.write(call.engine) as session:
        now = db.now(session)
        names = [sent.consumer, *(each.provider for each in sent.contracts)]
        participants.keep_participants(session)
        known = participant_queries.participants_named(session, names)
        if call.settings.check_for_potential_duplicate_pacticipant_names:
            suspicious = service.suspicious_names(session, names, known)
            if suspicious:
                _refuse([notices.notice("error", explanation(name, others)) for name, others in suspicious.items()])
        parties = participants.ensure_participants(session, names, now, known=known)
        consumer = parties[sent.consumer]
        participants.lock(session, consumer.id)
        version = participants.ensure_version(session, consumer.id, sent.number, now)
        existing = [
            None if version.is_new else queries.publication_of(session, version.id, parties[each.provider].id)
            for each in sent.contracts
        ]
        if not call.settings.allow_dangerous_contract_modification:
            _refuse_changes(session, sent, contents, existing)
        if sent.build_url is not None:
            participants.set_build_url(session, version.id, sent.build_url, now)
        if sent.branch is not None:
            participants.add_to_branch(session, consumer, version, sent.branch, call.settings, now)
        for tag in sent.tags:
            participants.add_tag(session, consumer, version, tag, call.settings, now)
        told = notices.about_version(
            sent.consumer, sent.number, is_new=version.is_new, branch=sent.branch, tags=sent.tags
        )
        for at, (each, content) in enumerate(zip(sent.contracts, contents, strict=True)):
            provider = parties[each.provider]
            before = existing[at]
            if any(earlier.provider == each.provider for earlier in sent.contracts[:at]):
                before = queries.publication_of(session, version.id, provider.id)
                if not call.settings.allow_dangerous_contract_modification:
                    _refuse_changes(session, sent, [content], [before], only=each)
            try:
                published = service.publish(
                    session, consumer, provider, version, content, before, now, merge=each.merge
                )
            except CannotMerge as refused:
                raise Invalid({"contracts": [f"{refused} (at index {at})"]}) from None
            verified, has_webhook = queries.advice_facts(session, consumer.id, provider.id)
            url = call.links.pact(sent.consumer, each.provider, sent.number)
            deliveries = []
            if has_webhook:
                announced = _announce(call, session, published, now, branch=sent.branch, build_url=sent.build_url)
                deliveries = [notices.about_delivery(told_to, call.links) for told_to in announced.triggered]
            told += notices.about_contract(published, url, notices.Advice(verified, has_webhook), deliveries)
        document = _publication_document(call, sent, told)
    return hal.answer(document)


def _announce(
    call: Call,
    session: Any,
    published: service.Published,
    now: datetime,
    *,
    branch: str | None = None,
    build_url: str | None = None,
) -> webhooks.Announced:
    return webhooks.announce_publication(
        session,
        published.publication_id,
        changed=any(event == "contract_content_changed" for event, _ in published.events),
        branch=branch,
        build_url=build_url,
        links=call.links,
        settings=call.settings,
        now=now,
    )


def _refuse_changes(
    session: Any,
    sent: inputs.Publication,
    contents: list[Content],
    existing: list[Any],
    *,
    only: inputs.Submitted | None = None,
) -> None:
    told = []
    submitted = sent.contracts if only is None else (only,)
    for each, content, before in zip(submitted, contents, existing, strict=True):
        if before is None or before.sha == content.sha:
            continue
        refusal = ContractChangedForVersion(sent.consumer, sent.number, each.provider)
        old = queries.content_bytes(session, before.contract_id)
        told += [notices.notice("error", str(refusal)), notices.notice("info", difference(old, content.stored))]
    if told:
        _refuse(told)


def _refuse(told: list[notices.Notice]) -> None:
    texts = [each["text"] for each in told if each["type"] == "error"]
    raise Conflict({"notices": told, "errors": {"contracts": texts}}, sentence="; ".join(texts))


def _publication_document(call: Call, sent: inputs.Publication, told: list[notices.Notice]) -> dict[str, Any]:
    links = call.links
    name, number = sent.consumer, sent.number
    version = link(links.version(name, number), "Pacticipant version", number)
    document: dict[str, Any] = {
        "logs": notices.logs(told),
        "notices": told,
        "_embedded": {
            "pacticipant": {"name": name, "_links": {"self": link(links.participant(name))}},
            "version": {"number": number, "_links": {"self": link(links.version(name, number), "Version", number)}},
        },
        "_links": {
            "pb:pacticipant": link(links.participant(name), "Pacticipant", name),
            "pb:pacticipant-version": version,
            "pb:pacticipant-version-tags": [link(links.tag(name, number, tag), "Tag", tag) for tag in sent.tags],
            "pb:contracts": [
                link(
                    links.pact(name, each.provider, number),
                    "Pact",
                    f"Pact between {name} ({number}) and {each.provider}",
                )
                for each in sent.contracts
            ],
        },
    }
    if sent.unknown:
        document["ts:notices"] = [notices.notice("warning", f"ignored unknown member {each}") for each in sent.unknown]
    return document
