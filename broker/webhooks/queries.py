"""Questions about webhooks, their deliveries, and the facts that they tell. Each says its statement count."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from tallystick.broker.tables import (
    Branch,
    BranchHead,
    BranchVersion,
    Contract,
    Delivery,
    DeliveryAttempt,
    DeployedVersion,
    Environment,
    Label,
    Participant,
    Publication,
    ReleasedVersion,
    Tag,
    Verification,
    VerificationHead,
    Version,
    Webhook,
    WebhookEvent,
)

Db = Session | Connection
Found: TypeAlias = Row[*tuple[Any, ...]]

WEBHOOK: Any = Webhook.__table__  # type: ignore[attr-defined]
EVENT: Any = WebhookEvent.__table__  # type: ignore[attr-defined]
DELIVERY: Any = Delivery.__table__  # type: ignore[attr-defined]
ATTEMPT: Any = DeliveryAttempt.__table__  # type: ignore[attr-defined]
PARTICIPANT: Any = Participant.__table__  # type: ignore[attr-defined]
LABEL: Any = Label.__table__  # type: ignore[attr-defined]
VERSION: Any = Version.__table__  # type: ignore[attr-defined]
BRANCH: Any = Branch.__table__  # type: ignore[attr-defined]
BRANCH_VERSION: Any = BranchVersion.__table__  # type: ignore[attr-defined]
BRANCH_HEAD: Any = BranchHead.__table__  # type: ignore[attr-defined]
TAG: Any = Tag.__table__  # type: ignore[attr-defined]
CONTRACT: Any = Contract.__table__  # type: ignore[attr-defined]
PUBLICATION: Any = Publication.__table__  # type: ignore[attr-defined]
VERIFICATION: Any = Verification.__table__  # type: ignore[attr-defined]
HEAD: Any = VerificationHead.__table__  # type: ignore[attr-defined]
DEPLOYED: Any = DeployedVersion.__table__  # type: ignore[attr-defined]
RELEASED: Any = ReleasedVersion.__table__  # type: ignore[attr-defined]
ENVIRONMENT: Any = Environment.__table__  # type: ignore[attr-defined]

CONSUMER: Any = PARTICIPANT.alias("consumer")
PROVIDER: Any = PARTICIPANT.alias("provider")

_SHOWN = (
    select(WEBHOOK, CONSUMER.c.name.label("consumer"), PROVIDER.c.name.label("provider"))
    .outerjoin(CONSUMER, CONSUMER.c.id == WEBHOOK.c.consumer_id)
    .outerjoin(PROVIDER, PROVIDER.c.id == WEBHOOK.c.provider_id)
)


# --- webhooks -----------------------------------------------------------------------------------------------------


def webhooks(db: Db) -> Sequence[Found]:
    """All webhooks with the names of their sides, oldest first. One statement."""
    return db.execute(_SHOWN.order_by(WEBHOOK.c.id)).all()


def webhooks_of(db: Db, consumer_id: int | None, provider_id: int | None) -> Sequence[Found]:
    """Webhooks whose two sides are exactly these (None: unset, and no label). One statement."""
    return db.execute(
        _SHOWN.where(
            WEBHOOK.c.consumer_id.is_(None) if consumer_id is None else WEBHOOK.c.consumer_id == consumer_id,
            WEBHOOK.c.provider_id.is_(None) if provider_id is None else WEBHOOK.c.provider_id == provider_id,
            WEBHOOK.c.consumer_label.is_(None),
            WEBHOOK.c.provider_label.is_(None),
        ).order_by(WEBHOOK.c.id)
    ).all()


def webhook(db: Db, uuid: str) -> Found | None:
    """One webhook with the names of its sides. One statement."""
    return db.execute(_SHOWN.where(WEBHOOK.c.uuid == uuid)).first()


def webhook_with_id(db: Db, webhook_id: int) -> Found | None:
    """The same by id. One statement."""
    return db.execute(_SHOWN.where(WEBHOOK.c.id == webhook_id)).first()


def events_of(db: Db, webhook_ids: Sequence[int]) -> dict[int, list[str]]:
    """webhook id -> names of the events it listens to, in a fixed order. One statement."""
    found: dict[int, list[str]] = {}
    if webhook_ids:
        rows = db.execute(select(EVENT).where(EVENT.c.webhook_id.in_(webhook_ids)).order_by(EVENT.c.name))
        for row in rows:
            found.setdefault(row.webhook_id, []).append(row.name)
    return found


def listening(db: Db, consumer_id: int, provider_id: int) -> Sequence[Found]:
    """Webhooks that match a pair, a row per event they listen to, disabled ones too. One statement."""

    def side(column: ColumnElement[Any], label: ColumnElement[Any], participant_id: int) -> ColumnElement[bool]:
        labels = select(LABEL.c.name).where(LABEL.c.participant_id == participant_id)
        return or_(column == participant_id, and_(column.is_(None), label.is_(None)), label.in_(labels))

    return db.execute(
        select(
            WEBHOOK.c.id, WEBHOOK.c.uuid, WEBHOOK.c.description, WEBHOOK.c.method, WEBHOOK.c.url, WEBHOOK.c.enabled,
            EVENT.c.name.label("event"),
        )
        .join(EVENT, EVENT.c.webhook_id == WEBHOOK.c.id)
        .where(
            side(WEBHOOK.c.consumer_id, WEBHOOK.c.consumer_label, consumer_id),
            side(WEBHOOK.c.provider_id, WEBHOOK.c.provider_label, provider_id),
        )
        .order_by(WEBHOOK.c.id, EVENT.c.name)
    ).all()  # fmt: skip


def listening_to(db: Db, events: Collection[str]) -> Sequence[Found]:
    """Enabled webhooks that listen to one of these events, a row per event, whatever their sides. One statement."""
    return db.execute(
        select(
            WEBHOOK.c.id, WEBHOOK.c.consumer_id, WEBHOOK.c.consumer_label, WEBHOOK.c.provider_id,
            WEBHOOK.c.provider_label, EVENT.c.name.label("event"),
        )
        .join(EVENT, EVENT.c.webhook_id == WEBHOOK.c.id)
        .where(WEBHOOK.c.enabled, EVENT.c.name.in_(sorted(events)))
        .order_by(WEBHOOK.c.id, EVENT.c.name)
    ).all()  # fmt: skip


def participant_id(db: Db, name: str) -> int | None:
    """One statement."""
    return db.execute(select(PARTICIPANT.c.id).where(PARTICIPANT.c.name == name)).scalar()


# --- the facts that events tell -----------------------------------------------------------------------------------


def publication_facts(db: Db, publication_id: int) -> Found | None:
    """Who published what: names, ids, version, content, branch. One statement."""
    branch = (
        select(BRANCH.c.name)
        .join(BRANCH_VERSION, BRANCH_VERSION.c.branch_id == BRANCH.c.id)
        .where(BRANCH_VERSION.c.version_id == PUBLICATION.c.version_id)
        .order_by(BRANCH_VERSION.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return db.execute(
        select(
            PUBLICATION.c.id, PUBLICATION.c.version_id, PUBLICATION.c.contract_id,
            PUBLICATION.c.consumer_id, PUBLICATION.c.provider_id,
            CONSUMER.c.name.label("consumer"), PROVIDER.c.name.label("provider"),
            PROVIDER.c.main_branch.label("provider_main_branch"),
            VERSION.c.number, VERSION.c.build_url, CONTRACT.c.sha, branch.label("branch"),
        )
        .join(CONSUMER, CONSUMER.c.id == PUBLICATION.c.consumer_id)
        .join(PROVIDER, PROVIDER.c.id == PUBLICATION.c.provider_id)
        .join(VERSION, VERSION.c.id == PUBLICATION.c.version_id)
        .join(CONTRACT, CONTRACT.c.id == PUBLICATION.c.contract_id)
        .where(PUBLICATION.c.id == publication_id)
    ).first()  # fmt: skip


def newest_publication(db: Db, consumer_id: int | None, provider_id: int | None) -> int | None:
    """The id of the newest current publication, of a pair or of whoever is not named. One statement."""
    question = select(func.max(PUBLICATION.c.id)).where(PUBLICATION.c.is_current)
    if consumer_id is not None:
        question = question.where(PUBLICATION.c.consumer_id == consumer_id)
    if provider_id is not None:
        question = question.where(PUBLICATION.c.provider_id == provider_id)
    return db.execute(question).scalar()


def publication_of(db: Db, contract_id: int, number: str | None = None) -> int | None:
    """The newest current publication of a content, or the one by the version of that number. One statement."""
    question = (
        select(PUBLICATION.c.id)
        .join(VERSION, VERSION.c.id == PUBLICATION.c.version_id)
        .where(PUBLICATION.c.contract_id == contract_id, PUBLICATION.c.is_current)
        .order_by(PUBLICATION.c.version_id.desc())
        .limit(1)
    )
    return db.execute(question if number is None else question.where(VERSION.c.number == number)).scalar()


def publications(db: Db, consumer_id: int, provider_id: int, number: str) -> list[int]:
    """All revisions that a consumer version published for a provider. One statement."""
    return list(
        db.execute(
            select(PUBLICATION.c.id)
            .join(VERSION, VERSION.c.id == PUBLICATION.c.version_id)
            .where(
                PUBLICATION.c.consumer_id == consumer_id,
                PUBLICATION.c.provider_id == provider_id,
                VERSION.c.number == number,
            )
        ).scalars()
    )


def result_id(db: Db, consumer_id: int, provider_id: int, sha: str, number: str) -> int | None:
    """The id of a result by its number and content. One statement, none for what is no number."""
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        return None
    return db.execute(
        select(VERIFICATION.c.id)
        .join(CONTRACT, CONTRACT.c.id == VERIFICATION.c.contract_id)
        .where(
            VERIFICATION.c.number == int(number),
            CONTRACT.c.sha == sha,
            CONTRACT.c.consumer_id == consumer_id,
            CONTRACT.c.provider_id == provider_id,
        )
    ).scalar()


def version_numbers(db: Db, version_ids: Sequence[int]) -> list[str]:
    """The numbers of versions, in their order. One statement, none for no ids."""
    if not version_ids:
        return []
    return list(
        db.execute(select(VERSION.c.number).where(VERSION.c.id.in_(version_ids)).order_by(VERSION.c.id)).scalars()
    )


def tags_of(db: Db, version_id: int) -> list[str]:
    """One statement."""
    return list(db.execute(select(TAG.c.name).where(TAG.c.version_id == version_id).order_by(TAG.c.name)).scalars())


def newest_branch_of(db: Db, version_id: int) -> str | None:
    """One statement."""
    return db.execute(
        select(BRANCH.c.name)
        .join(BRANCH_VERSION, BRANCH_VERSION.c.branch_id == BRANCH.c.id)
        .where(BRANCH_VERSION.c.version_id == version_id)
        .order_by(BRANCH_VERSION.c.id.desc())
        .limit(1)
    ).scalar()


def labels_of(db: Db, *participant_ids: int) -> dict[int, list[str]]:
    """participant id -> labels, by name. One statement."""
    found: dict[int, list[str]] = {}
    for row in db.execute(select(LABEL).where(LABEL.c.participant_id.in_(participant_ids)).order_by(LABEL.c.name)):
        found.setdefault(row.participant_id, []).append(row.name)
    return found


def result_facts(db: Db, verification_id: int) -> Found | None:
    """A result with its provider version's number. One statement."""
    return db.execute(
        select(VERIFICATION, VERSION.c.number.label("provider_version"))
        .join(VERSION, VERSION.c.id == VERIFICATION.c.provider_version_id)
        .where(VERIFICATION.c.id == verification_id)
    ).first()


def newest_result(db: Db, contract_id: int, main_branch: str | None) -> int | None:
    """The newest result for a content by the provider's main branch; failing that by any version. Two statements."""
    if main_branch is not None:
        on_main = (
            select(VERIFICATION.c.id)
            .join(BRANCH_VERSION, BRANCH_VERSION.c.version_id == VERIFICATION.c.provider_version_id)
            .join(BRANCH, BRANCH.c.id == BRANCH_VERSION.c.branch_id)
            .where(VERIFICATION.c.contract_id == contract_id, BRANCH.c.name == main_branch)
            .order_by(VERIFICATION.c.id.desc())
            .limit(1)
        )
        found = db.execute(on_main).scalar()
        if found is not None:
            return int(found)
    return db.execute(select(func.max(VERIFICATION.c.id)).where(VERIFICATION.c.contract_id == contract_id)).scalar()


def required_versions(db: Db, provider_id: int, main_branch: str | None, contract_id: int) -> Sequence[Found]:
    """Provider versions that must have a result for a content and have none, a row per reason: the head of the main
    branch, what is deployed, what is released and supported. Rows: version_id, number, description. One statement."""
    unanswered = ~select(HEAD.c.contract_id).where(
        HEAD.c.contract_id == contract_id, HEAD.c.provider_version_id == VERSION.c.id
    ).exists()  # fmt: skip
    columns = (VERSION.c.id.label("version_id"), VERSION.c.number)
    head = (
        select(*columns, literal("latest from main branch").label("description"))
        .join(BRANCH_HEAD, BRANCH_HEAD.c.version_id == VERSION.c.id)
        .join(BRANCH, BRANCH.c.id == BRANCH_HEAD.c.branch_id)
        .where(BRANCH.c.participant_id == provider_id, BRANCH.c.name == main_branch, unanswered)
    )
    deployed = (
        select(*columns, ("deployed in " + ENVIRONMENT.c.name).label("description"))
        .join(DEPLOYED, DEPLOYED.c.version_id == VERSION.c.id)
        .join(ENVIRONMENT, ENVIRONMENT.c.id == DEPLOYED.c.environment_id)
        .where(DEPLOYED.c.participant_id == provider_id, DEPLOYED.c.currently_deployed, unanswered)
    )
    released = (
        select(*columns, ("released in " + ENVIRONMENT.c.name).label("description"))
        .join(RELEASED, RELEASED.c.version_id == VERSION.c.id)
        .join(ENVIRONMENT, ENVIRONMENT.c.id == RELEASED.c.environment_id)
        .where(RELEASED.c.participant_id == provider_id, RELEASED.c.currently_supported, unanswered)
    )
    rows = head.union(deployed, released).subquery()
    return db.execute(select(rows).order_by(rows.c.version_id, rows.c.description)).all()


def verdict_rows(db: Db, consumer: str, number: str) -> Sequence[Found]:
    """For each provider that a consumer version has a contract with: name, and success of the newest result by its
    main branch, else by any version; None when there is none. One statement."""
    newest = (
        select(VERIFICATION.c.success)
        .outerjoin(BRANCH_VERSION, BRANCH_VERSION.c.version_id == VERIFICATION.c.provider_version_id)
        .outerjoin(BRANCH, and_(BRANCH.c.id == BRANCH_VERSION.c.branch_id, BRANCH.c.name == PROVIDER.c.main_branch))
        .where(VERIFICATION.c.contract_id == PUBLICATION.c.contract_id)
        .order_by(BRANCH.c.id.is_(None), VERIFICATION.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return db.execute(
        select(PROVIDER.c.name.label("provider"), newest.label("success"))
        .select_from(PUBLICATION)
        .join(VERSION, VERSION.c.id == PUBLICATION.c.version_id)
        .join(CONSUMER, CONSUMER.c.id == PUBLICATION.c.consumer_id)
        .join(PROVIDER, PROVIDER.c.id == PUBLICATION.c.provider_id)
        .where(CONSUMER.c.name == consumer, VERSION.c.number == number, PUBLICATION.c.is_current)
        .order_by(PROVIDER.c.name)
    ).all()


# --- deliveries ---------------------------------------------------------------------------------------------------

_DELIVERED = (
    select(
        DELIVERY, WEBHOOK.c.uuid.label("webhook_uuid"), WEBHOOK.c.method, WEBHOOK.c.url, WEBHOOK.c.description,
        CONSUMER.c.name.label("consumer"), PROVIDER.c.name.label("provider"),
    )
    .outerjoin(WEBHOOK, WEBHOOK.c.id == DELIVERY.c.webhook_id)
    .outerjoin(CONSUMER, CONSUMER.c.id == DELIVERY.c.consumer_id)
    .outerjoin(PROVIDER, PROVIDER.c.id == DELIVERY.c.provider_id)
)  # fmt: skip


def delivery(db: Db, uuid: str) -> Found | None:
    """One delivery with its webhook and pair. One statement."""
    return db.execute(_DELIVERED.where(DELIVERY.c.uuid == uuid)).first()


def deliveries_of_publication(db: Db, publication_ids: Sequence[int]) -> Sequence[Found]:
    """Deliveries that publications caused, newest first. One statement."""
    return db.execute(
        _DELIVERED.where(DELIVERY.c.publication_id.in_(publication_ids), DELIVERY.c.verification_id.is_(None)).order_by(
            DELIVERY.c.id.desc()
        )
    ).all()


def deliveries_of_result(db: Db, verification_id: int) -> Sequence[Found]:
    """Deliveries that a result caused, newest first. One statement."""
    return db.execute(
        _DELIVERED.where(DELIVERY.c.verification_id == verification_id).order_by(DELIVERY.c.id.desc())
    ).all()


def deliveries_about(db: Db, publication_id: int) -> Sequence[Found]:
    """The newest delivery per (webhook, event) about a publication, results included, newest first. One statement."""
    newest = (
        select(func.max(DELIVERY.c.id))
        .where(DELIVERY.c.publication_id == publication_id)
        .group_by(DELIVERY.c.webhook_id, DELIVERY.c.event)
    )
    return db.execute(_DELIVERED.where(DELIVERY.c.id.in_(newest)).order_by(DELIVERY.c.id.desc())).all()


def recent_deliveries(db: Db, limit: int, webhook_uuid: str | None) -> Sequence[Found]:
    """The newest deliveries, of one webhook or of all. One statement."""
    question = _DELIVERED.order_by(DELIVERY.c.id.desc()).limit(limit)
    return db.execute(question if webhook_uuid is None else question.where(WEBHOOK.c.uuid == webhook_uuid)).all()


def attempts_of(db: Db, delivery_id: int) -> Sequence[Found]:
    """What the attempts of a delivery got, in their order. One statement."""
    return db.execute(select(ATTEMPT).where(ATTEMPT.c.delivery_id == delivery_id).order_by(ATTEMPT.c.number)).all()


def anything_due(db: Db, at: datetime) -> bool:
    """A delivery is due and nobody holds it. One statement, through an index."""
    return db.execute(_due(at).limit(1)).first() is not None


def due(session: Session, at: datetime) -> int | None:
    """The delivery to claim next: due, and leased by nobody who is still alive. One statement."""
    question = _due(at).order_by(DELIVERY.c.due_at, DELIVERY.c.id).limit(1)
    if session.get_bind().dialect.name == "postgresql":
        question = question.with_for_update(skip_locked=True)
    return session.execute(question).scalar()


def _due(at: datetime) -> Any:
    return select(DELIVERY.c.id).where(
        DELIVERY.c.status.in_(("not_run", "retrying")),
        DELIVERY.c.due_at <= at,
        or_(DELIVERY.c.lease_until.is_(None), DELIVERY.c.lease_until < at),
        ~_same_under_way(at),
    )


def _same_under_way(at: datetime) -> Any:
    """Another delivery of the same verdict is being sent, to a webhook that wants to hear changes only."""
    other = DELIVERY.alias("other")
    return (
        select(other.c.id)
        .join(WEBHOOK, WEBHOOK.c.id == other.c.webhook_id)
        .where(
            WEBHOOK.c.only_changes,
            other.c.webhook_id == DELIVERY.c.webhook_id,
            other.c.consumer_version == DELIVERY.c.consumer_version,
            other.c.lease_until >= at,
            other.c.id != DELIVERY.c.id,
        )
        .exists()
    )


def take_turns(session: Session, delivery_id: int, at: datetime) -> bool:
    """Whether a delivery may be claimed now that its webhook is locked against other claims. Two statements."""
    webhook_id = select(DELIVERY.c.webhook_id).where(DELIVERY.c.id == delivery_id).scalar_subquery()
    session.execute(select(WEBHOOK.c.id).where(WEBHOOK.c.id == webhook_id).with_for_update())
    return session.execute(_due(at).where(DELIVERY.c.id == delivery_id)).first() is not None


def last_told(db: Db, webhook_id: int, consumer_version: str | None, before_id: int) -> str | None:
    """The digest of what a webhook was last told with success about a consumer version. One statement."""
    earlier = DELIVERY.alias("earlier")
    told: str | None = db.execute(
        select(earlier.c.request_digest)
        .where(
            earlier.c.webhook_id == webhook_id,
            earlier.c.consumer_version == consumer_version,
            earlier.c.status == "success",
            earlier.c.id != before_id,
        )
        .order_by(earlier.c.finished_at.desc())
        .limit(1)
    ).scalar()
    return told
