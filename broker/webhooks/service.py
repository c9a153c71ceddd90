"""Keeping webhooks, and telling them: `announce_publication` and `announce_result` write the deliveries that an event
causes, in the transaction of that event. A worker sends them later (`broker.webhooks.worker`)."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, insert, update
from sqlalchemy.orm import Session

from tallystick.broker.access.audit import names_a_secret
from tallystick.broker.errors import Invalid, NotFound
from tallystick.broker.http import metadata
from tallystick.broker.http.links import Links
from tallystick.broker.settings import Settings
from tallystick.broker.webhooks import queries
from tallystick.broker.webhooks.inputs import CONTENT_CHANGED, Described
from tallystick.broker.webhooks.queries import DELIVERY, EVENT, WEBHOOK
from tallystick.broker.webhooks.secrets import Vault
from tallystick.broker.webhooks.templates import templated

STEP_SECONDS: Final = 3  # between deliveries of one cause, so that a receiver is not met by a burst

STATUS_WORDS: Final = {
    # result -> words of (GitHub, Bitbucket, Azure DevOps, GitLab)
    None: ("pending", "INPROGRESS", "pending", "pending"),
    True: ("success", "SUCCESSFUL", "succeeded", "success"),
    False: ("failure", "FAILED", "failed", "failed"),
}


@dataclass(frozen=True, slots=True)
class Triggered:
    """A delivery that an event caused."""

    uuid: str
    webhook_uuid: str
    description: str
    event: str


@dataclass(frozen=True, slots=True)
class Announced:
    """What telling an event came to."""

    triggered: tuple[Triggered, ...] = ()
    any_webhook: bool = False
    """Some webhook matches the pair, whatever it listens to, enabled or not."""


# --- keeping webhooks ---------------------------------------------------------------------------------------------


def new_uuid() -> str:
    """22 characters that are safe in a URL."""
    return secrets.token_urlsafe(16)


def save(session: Session, own_uuid: str, sent: Described, vault: Vault, now: datetime) -> bool:
    """Create the webhook of that uuid, or replace it; True when it is new. Raises `Invalid` for unknown names.

    What was sent as stars keeps the secret that is stored. At most eight statements.
    """
    values = {**_sides(session, sent), **_request(sent)}
    stored = queries.webhook(session, own_uuid)
    hidden = vault.opened(stored.secrets) if stored else {}
    plain, hidden = _told_apart(sent, hidden, json.loads(stored.headers or "{}") if stored else {})
    if hidden and not vault.usable:
        raise Invalid(
            {"request": ["holds a secret, and this broker has no key to keep it: set PACT_BROKER_SECRET_KEY"]}
        )
    values.update(headers=json.dumps(plain) if plain else None, secrets=vault.sealed(hidden), updated_at=now)
    if stored is None:
        values.update(uuid=own_uuid, created_at=now, description=sent.description)
        webhook_id = session.execute(insert(WEBHOOK).values(**values).returning(WEBHOOK.c.id)).scalar_one()
        events: Iterable[str] | None = sent.events or (CONTENT_CHANGED,)
    else:
        if sent.description is not None:
            values["description"] = sent.description
        webhook_id = stored.id
        session.execute(update(WEBHOOK).where(WEBHOOK.c.id == webhook_id).values(**values))
        events = sent.events
    if events is not None:
        session.execute(delete(EVENT).where(EVENT.c.webhook_id == webhook_id))
        session.execute(insert(EVENT), [{"webhook_id": webhook_id, "name": name} for name in events])
    return stored is None


def remove(session: Session, own_uuid: str) -> None:
    """The webhook is gone; what it delivered stays on record. Raises `NotFound`. Two statements."""
    if queries.webhook(session, own_uuid) is None:
        raise NotFound()
    session.execute(delete(WEBHOOK).where(WEBHOOK.c.uuid == own_uuid))


def _sides(session: Session, sent: Described) -> dict[str, Any]:
    errors: dict[str, Sequence[str]] = {}
    values: dict[str, Any] = {}
    for role, side in (("consumer", sent.consumer), ("provider", sent.provider)):
        found = queries.participant_id(session, side.name) if side.name else None
        if side.name and found is None:
            errors[f"{role}.name"] = [f"does not match an existing pacticipant: '{side.name}'"]
        values[f"{role}_id"] = found
        values[f"{role}_label"] = side.label
    if errors:
        raise Invalid(errors)
    return values


def _request(sent: Described) -> dict[str, Any]:
    asked = sent.request
    return {
        "enabled": sent.enabled,
        "only_changes": sent.only_changes,
        "method": asked.method,
        "url": asked.url,
        "username": asked.username,
        "verify_tls": asked.verify_tls,
        "body": None if asked.body is None else json.dumps(asked.body),
    }


def _told_apart(
    sent: Described, old_hidden: Mapping[str, Any], old_plain: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, Any]]:
    """(headers to store as they are, secrets to encrypt), stars replaced by what they stand for."""
    old_headers = {**old_plain, **old_hidden.get("headers", {})}
    plain: dict[str, str] = {}
    secret: dict[str, str] = {}
    for name, value in sent.request.headers.items():
        if _stars(value) and name in old_headers:
            value = old_headers[name]
        (secret if names_a_secret(name) and not templated(value) else plain)[name] = value
    hidden: dict[str, Any] = {"headers": secret} if secret else {}
    password = sent.request.password
    if password is None or _stars(password):
        password = old_hidden.get("password")
    if password:
        hidden["password"] = password
    return plain, hidden


def _stars(text: str) -> bool:
    return not text.strip("*")


# --- telling events -----------------------------------------------------------------------------------------------


def announce_publication(
    session: Session,
    publication_id: int,
    *,
    changed: bool,
    branch: str | None,
    build_url: str | None,
    links: Links,
    settings: Settings,
    now: datetime,
) -> Announced:
    """Write the deliveries that a publication causes. One statement when nobody listens.

    `changed`: the content differs by the rule of the event contract_content_changed, which the publisher decides.
    """
    facts = queries.publication_facts(session, publication_id)
    assert facts is not None
    listeners = queries.listening(session, facts.consumer_id, facts.provider_id)
    if not listeners:
        return Announced()
    telling = _Telling(session, facts, listeners, links, settings, now, branch=branch, build_url=build_url)
    if telling.wanted("contract_published", CONTENT_CHANGED):
        newest = queries.newest_result(session, facts.contract_id, facts.provider_main_branch)
        telling.about(newest)
        telling.event("contract_published")
        if changed:
            telling.event(CONTENT_CHANGED)
    if telling.wanted("contract_requiring_verification_published"):
        telling.about(queries.newest_result(session, facts.contract_id, None))
        for number, version_id, description in _required(session, facts):
            telling.event(
                "contract_requiring_verification_published",
                providerVersionNumber=number,
                providerVersionBranch=queries.newest_branch_of(session, version_id) or "",
                providerVersionTags=", ".join(queries.tags_of(session, version_id)),
                providerVersionDescriptions=description,
            )
    return telling.done()


def announce_result(
    session: Session,
    verification_id: int,
    *,
    remembered: metadata.Remembered,
    links: Links,
    settings: Settings,
    now: datetime,
) -> Announced:
    """Write the deliveries that a verification result causes: one for each consumer version that it was fetched for."""
    result = queries.result_facts(session, verification_id)
    assert result is not None
    listeners = queries.listening(session, result.consumer_id, result.provider_id)
    if not listeners:
        return Announced()
    numbers = [*queries.version_numbers(session, remembered.version_ids), *remembered.version_numbers]
    triggered: list[Triggered] = []
    for number in dict.fromkeys(numbers) or [None]:
        publication_id = queries.publication_of(session, result.contract_id, number)
        facts = queries.publication_facts(session, publication_id) if publication_id is not None else None
        if facts is None:
            continue
        telling = _Telling(
            session, facts, listeners, links, settings, now,
            build_url=result.build_url, verification_id=verification_id, before=len(triggered),
        )  # fmt: skip
        telling.about(verification_id)
        telling.event("provider_verification_published")
        telling.event("provider_verification_succeeded" if result.success else "provider_verification_failed")
        triggered += telling.done().triggered
    return Announced(tuple(triggered), True)


@dataclass(frozen=True, slots=True)
class News:
    """An event that is no contract's and no result's, and whom it is about."""

    event: str
    provider_id: int
    consumer_ids: tuple[int, ...]
    """Who caused it; () when no consumer did."""
    values: Mapping[str, str]
    """What its receivers may put into their requests."""


def announce(session: Session, news: Sequence[News], settings: Settings, now: datetime) -> None:
    """Write the deliveries that these cause, one for each webhook and event. One statement when nobody listens, else 3.

    A webhook listens if its provider side is the provider, and its consumer side anyone or one of those who caused it.
    """
    listeners = queries.listening_to(session, {one.event for one in news})
    if not listeners:
        return
    labels = queries.labels_of(session, *{each for one in news for each in (one.provider_id, *one.consumer_ids)})

    def is_side(own_id: int | None, label: str | None, participant_id: int | None) -> bool:
        if own_id is None and label is None:
            return True
        return own_id == participant_id if label is None else label in labels.get(participant_id or 0, ())

    rows: list[dict[str, Any]] = []
    wait = settings.webhook_first_attempt_seconds
    for one in news:
        for row in listeners:
            causes = [
                each for each in one.consumer_ids or (None,) if is_side(row.consumer_id, row.consumer_label, each)
            ]
            told = row.event == one.event and is_side(row.provider_id, row.provider_label, one.provider_id)
            if not told or not causes:
                continue
            rows.append(
                {
                    "uuid": str(uuid.uuid4()),
                    "webhook_id": row.id,
                    "event": one.event,
                    "consumer_id": causes[0],
                    "provider_id": one.provider_id,
                    "parameters": json.dumps({**one.values, "eventName": one.event}),
                    "status": "not_run",
                    "attempts": 0,
                    "created_at": now,
                    "due_at": now + timedelta(seconds=wait and wait + STEP_SECONDS * len(rows)),
                }
            )
    if rows:
        session.execute(insert(DELIVERY), rows)


def test_values(session: Session, webhook: Row[Any] | None, links: Links) -> dict[str, str]:
    """Values for a test run: of the newest contract that the webhook is about, or made up where there is none."""
    publication_id = queries.newest_publication(
        session, webhook.consumer_id if webhook else None, webhook.provider_id if webhook else None
    )
    facts = queries.publication_facts(session, publication_id) if publication_id is not None else None
    if facts is None:
        return {
            "eventName": "test",
            "consumerName": "Example Consumer",
            "providerName": "Example Provider",
            "consumerVersionNumber": "1",
            "githubVerificationStatus": "pending",
            "pactUrl": links.pact("Example Consumer", "Example Provider", "1"),
        }
    telling = _Telling(session, facts, [], links, Settings(), datetime.now(UTC))
    telling.about(queries.newest_result(session, facts.contract_id, facts.provider_main_branch))
    return {**telling.values, "eventName": "test"}


def _required(session: Session, facts: Row[Any]) -> list[tuple[str, int, str]]:
    grouped: dict[tuple[str, int], list[str]] = {}
    rows = queries.required_versions(session, facts.provider_id, facts.provider_main_branch, facts.contract_id)
    for row in rows:
        grouped.setdefault((row.number, row.version_id), []).append(row.description)
    return [(number, version_id, ", ".join(reasons)) for (number, version_id), reasons in grouped.items()]


class _Telling:
    """The deliveries of one cause, collected, then written with one statement."""

    def __init__(
        self,
        session: Session,
        facts: Row[Any],
        listeners: Sequence[Row[Any]],
        links: Links,
        settings: Settings,
        now: datetime,
        *,
        branch: str | None = None,
        build_url: str | None = None,
        verification_id: int | None = None,
        before: int = 0,
    ) -> None:
        self.session, self.facts, self.links, self.settings, self.now = session, facts, links, settings, now
        self.enabled = [row for row in listeners if row.enabled]
        self.verification_id, self.before = verification_id, before
        self.rows: list[dict[str, Any]] = []
        self.triggered: list[Triggered] = []
        self.values = self._values(branch, build_url) if self.enabled or not listeners else {}

    def _values(self, branch: str | None, build_url: str | None) -> dict[str, str]:
        facts = self.facts
        tags = queries.tags_of(self.session, facts.version_id)
        labels = queries.labels_of(self.session, facts.consumer_id, facts.provider_id)
        told = metadata.encode(version_number=facts.number, tags=tags, wip=True)
        return {
            "pactUrl": self.links.pact_content(facts.consumer, facts.provider, facts.sha, told),
            "consumerName": facts.consumer,
            "providerName": facts.provider,
            "consumerVersionNumber": facts.number,
            "consumerVersionTags": ", ".join(tags),
            "consumerVersionBranch": branch or facts.branch or "",
            "consumerLabels": ", ".join(labels.get(facts.consumer_id, [])),
            "providerLabels": ", ".join(labels.get(facts.provider_id, [])),
            "buildUrl": build_url or "",
            "dashboardUrl": self.links.base + "/",
        }

    def wanted(self, *events: str) -> bool:
        return any(row.event in events for row in self.enabled)

    def about(self, verification_id: int | None) -> None:
        """The result that stands behind the status and provider variables."""
        result = queries.result_facts(self.session, verification_id) if verification_id is not None else None
        github, bitbucket, azure, gitlab = STATUS_WORDS[result.success if result else None]
        self.values.update(
            githubVerificationStatus=github,
            bitbucketVerificationStatus=bitbucket,
            azureDevOpsVerificationStatus=azure,
            gitlabVerificationStatus=gitlab,
            providerVersionNumber=result.provider_version if result else "",
            providerVersionTags="",
            providerVersionBranch="",
            verificationResultUrl="",
        )
        if result is not None:
            facts = self.facts
            self.values.update(
                providerVersionTags=", ".join(queries.tags_of(self.session, result.provider_version_id)),
                providerVersionBranch=queries.newest_branch_of(self.session, result.provider_version_id) or "",
                verificationResultUrl=self.links.verification_result(
                    facts.consumer, facts.provider, facts.sha, result.number
                ),
            )

    def event(self, name: str, **more: str) -> None:
        for row in self.enabled:
            if row.event != name:
                continue
            delivery = str(uuid.uuid4())
            wait = self.settings.webhook_first_attempt_seconds
            if wait:
                wait += STEP_SECONDS * (self.before + len(self.rows))
            self.rows.append(
                {
                    "uuid": delivery,
                    "webhook_id": row.id,
                    "event": name,
                    "consumer_id": self.facts.consumer_id,
                    "provider_id": self.facts.provider_id,
                    "publication_id": self.facts.id,
                    "verification_id": self.verification_id,
                    "parameters": json.dumps({**self.values, **more, "eventName": name}),
                    "consumer_version": f"{self.facts.consumer} {self.facts.number}",
                    "status": "not_run",
                    "attempts": 0,
                    "created_at": self.now,
                    "due_at": self.now + timedelta(seconds=wait),
                }
            )
            self.triggered.append(Triggered(delivery, row.uuid, row.description or row.uuid, name))

    def done(self) -> Announced:
        if self.rows:
            self.session.execute(insert(DELIVERY), self.rows)
        return Announced(tuple(self.triggered), True)
