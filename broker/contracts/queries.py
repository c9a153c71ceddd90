"""What is asked about contracts. `Pact` rows join a publication with its content and names; counts in docstrings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, exists, func, or_, select

from tallystick.broker.participants.queries import (
    BRANCH,
    BRANCH_HEAD,
    BRANCH_VERSION,
    DEPLOYED,
    LABEL,
    PARTICIPANT,
    PUBLICATION,
    RELEASED,
    TAG,
    VERSION,
    Db,
)
from tallystick.broker.tables import (
    Contract,
    ContractInteraction,
    Integration,
    Interaction,
    InteractionUsage,
    Operation,
    Webhook,
)
from tallystick.broker.tables import Verification as VerificationRow

CONTRACT: Any = Contract.__table__  # type: ignore[attr-defined]
INTEGRATION: Any = Integration.__table__  # type: ignore[attr-defined]
INTERACTION: Any = Interaction.__table__  # type: ignore[attr-defined]
CONTRACT_INTERACTION: Any = ContractInteraction.__table__  # type: ignore[attr-defined]
OPERATION: Any = Operation.__table__  # type: ignore[attr-defined]
USAGE: Any = InteractionUsage.__table__  # type: ignore[attr-defined]
WEBHOOK: Any = Webhook.__table__  # type: ignore[attr-defined]
VERIFICATION: Any = VerificationRow.__table__  # type: ignore[attr-defined]
CONSUMER = PARTICIPANT.alias("consumer")
PROVIDER = PARTICIPANT.alias("provider")

Pact = Row[Any]

_FACTS = (
    PUBLICATION.c.id,
    PUBLICATION.c.created_at,
    PUBLICATION.c.version_id,
    PUBLICATION.c.consumer_id,
    PUBLICATION.c.provider_id,
    PUBLICATION.c.contract_id,
    PUBLICATION.c.revision,
    CONTRACT.c.sha,
    CONSUMER.c.name.label("consumer"),
    PROVIDER.c.name.label("provider"),
    VERSION.c.number,
)


def _joined(*more: Any) -> Select[Any]:
    return (
        select(*_FACTS, *more)
        .select_from(PUBLICATION)
        .join(CONSUMER, CONSUMER.c.id == PUBLICATION.c.consumer_id)
        .join(PROVIDER, PROVIDER.c.id == PUBLICATION.c.provider_id)
        .join(VERSION, VERSION.c.id == PUBLICATION.c.version_id)
        .join(CONTRACT, CONTRACT.c.id == PUBLICATION.c.contract_id)
    )


_PAIR = and_(CONSUMER.c.name == bindparam("consumer"), PROVIDER.c.name == bindparam("provider"))
_CURRENT = _joined(CONTRACT.c.content).where(_PAIR, PUBLICATION.c.is_current)
_NEWEST = PUBLICATION.c.version_id.desc()

_BY_VERSION = _CURRENT.where(VERSION.c.number == bindparam("number"))
_LATEST = _CURRENT.order_by(_NEWEST).limit(1)
_LATEST_TAGGED = (
    _CURRENT.join(TAG, and_(TAG.c.version_id == VERSION.c.id, TAG.c.name == bindparam("tag")))
    .order_by(_NEWEST)
    .limit(1)
)
_LATEST_UNTAGGED = _CURRENT.where(~exists().where(TAG.c.version_id == VERSION.c.id)).order_by(_NEWEST).limit(1)
_ON_BRANCH = (
    _CURRENT.join(BRANCH_VERSION, BRANCH_VERSION.c.version_id == VERSION.c.id)
    .join(BRANCH, and_(BRANCH.c.id == BRANCH_VERSION.c.branch_id, BRANCH.c.name == bindparam("branch")))
    .order_by(_NEWEST)
    .limit(1)
)
_NAMED_CONSUMER, _NAMED_PROVIDER = PARTICIPANT.alias(), PARTICIPANT.alias()
# As a value, so that the planner begins with it: joined, it would walk through publications in their order.
_CONTRACT_ID = (
    select(CONTRACT.c.id)
    .join(_NAMED_CONSUMER, _NAMED_CONSUMER.c.id == CONTRACT.c.consumer_id)
    .join(_NAMED_PROVIDER, _NAMED_PROVIDER.c.id == CONTRACT.c.provider_id)
    .where(
        _NAMED_CONSUMER.c.name == bindparam("consumer"),
        _NAMED_PROVIDER.c.name == bindparam("provider"),
        CONTRACT.c.sha == bindparam("sha"),
    )
    .correlate(None)
    .scalar_subquery()
)
_BY_SHA = (
    _joined(CONTRACT.c.content)
    .where(PUBLICATION.c.contract_id == _CONTRACT_ID)
    .order_by(_NEWEST, PUBLICATION.c.id.desc())
    .limit(1)
)
_BY_SHA_AMONG = (
    _joined(CONTRACT.c.content)
    .where(
        PUBLICATION.c.contract_id == _CONTRACT_ID,
        PUBLICATION.c.is_current,
        or_(
            VERSION.c.id.in_(bindparam("version_ids", expanding=True)),
            VERSION.c.number.in_(bindparam("numbers", expanding=True)),
        ),
    )
    .order_by(_NEWEST)
    .limit(1)
)


# --- one contract -------------------------------------------------------------------------------------------------


def pact_of_version(db: Db, consumer: str, provider: str, number: str) -> Pact | None:
    """The contract of a version, newest revision, with content. One statement."""
    return db.execute(_BY_VERSION, {"consumer": consumer, "provider": provider, "number": number}).first()


def latest_pact(db: Db, consumer: str, provider: str) -> Pact | None:
    """Of the newest version that has one. One statement."""
    return db.execute(_LATEST, {"consumer": consumer, "provider": provider}).first()


def latest_tagged_pact(db: Db, consumer: str, provider: str, tag: str) -> Pact | None:
    """Of the newest version that has one and carries the tag. One statement."""
    return db.execute(_LATEST_TAGGED, {"consumer": consumer, "provider": provider, "tag": tag}).first()


def latest_untagged_pact(db: Db, consumer: str, provider: str) -> Pact | None:
    """Of the newest version that has one and no tag. One statement."""
    return db.execute(_LATEST_UNTAGGED, {"consumer": consumer, "provider": provider}).first()


def latest_pact_on_branch(db: Db, consumer: str, provider: str, branch: str) -> Pact | None:
    """Of the newest version on the branch that has one. One statement."""
    return db.execute(_ON_BRANCH, {"consumer": consumer, "provider": provider, "branch": branch}).first()


def pact_with_sha(
    db: Db, consumer: str, provider: str, sha: str, *, version_ids: Sequence[int] = (), numbers: Sequence[str] = ()
) -> Pact | None:
    """By content: the newest of the versions named whose current contract it is, else the newest publication of it.

    One statement, two when versions are named.
    """
    pair = {"consumer": consumer, "provider": provider, "sha": sha}
    if version_ids or numbers:
        named = db.execute(_BY_SHA_AMONG, {**pair, "version_ids": list(version_ids), "numbers": list(numbers)}).first()
        if named is not None:
            return named
    return db.execute(_BY_SHA, pair).first()


def shas_of(db: Db, contract_ids: Sequence[int]) -> dict[int, str]:
    """The digests of contracts, by id. One statement."""
    rows = db.execute(select(CONTRACT.c.id, CONTRACT.c.sha).where(CONTRACT.c.id.in_(contract_ids)))
    return {row.id: row.sha for row in rows}


def previous_distinct_pact(db: Db, pact: Any) -> Pact | None:
    """The newest contract of an older version whose content differs. One statement."""
    return db.execute(
        _CURRENT.where(PUBLICATION.c.version_id < pact.version_id, PUBLICATION.c.contract_id != pact.contract_id)
        .order_by(_NEWEST)
        .limit(1),
        {"consumer": pact.consumer, "provider": pact.provider},
    ).first()


def versions_named(db: Db, consumer_id: int, version_ids: Sequence[int], numbers: Sequence[str]) -> list[str]:
    """The numbers of those versions that are the consumer's, newest first. One statement."""
    return list(
        db.execute(
            select(VERSION.c.number)
            .where(
                VERSION.c.participant_id == consumer_id,
                or_(VERSION.c.id.in_(version_ids), VERSION.c.number.in_(numbers)),
            )
            .order_by(VERSION.c.id.desc())
        ).scalars()
    )


_PUBLISHED = (
    select(PUBLICATION.c.id, PUBLICATION.c.revision, PUBLICATION.c.contract_id, CONTRACT.c.sha)
    .join(CONTRACT, CONTRACT.c.id == PUBLICATION.c.contract_id)
    .where(
        PUBLICATION.c.version_id == bindparam("version"),
        PUBLICATION.c.provider_id == bindparam("provider"),
        PUBLICATION.c.is_current,
    )
)


def publication_of(db: Db, version_id: int, provider_id: int) -> Row[Any] | None:
    """What a version has published for a provider (id, revision, contract_id, sha). One statement."""
    return db.execute(_PUBLISHED, {"version": version_id, "provider": provider_id}).first()


def content_bytes(db: Db, contract_id: int) -> bytes:
    """The stored bytes. One statement."""
    content: bytes = db.execute(select(CONTRACT.c.content).where(CONTRACT.c.id == contract_id)).scalar_one()
    return content


def newest_tags_of(db: Db, pact: Any) -> list[str]:
    """The tags of which this version is the newest of its participant. One statement."""
    newer = TAG.alias()
    return list(
        db.execute(
            select(TAG.c.name)
            .where(
                TAG.c.version_id == pact.version_id,
                ~exists().where(
                    newer.c.participant_id == TAG.c.participant_id,
                    newer.c.name == TAG.c.name,
                    newer.c.version_id > TAG.c.version_id,
                ),
            )
            .order_by(TAG.c.name)
        ).scalars()
    )


# --- before publishing --------------------------------------------------------------------------------------------

_CONTRACT = select(CONTRACT.c.id).where(
    CONTRACT.c.consumer_id == bindparam("consumer"),
    CONTRACT.c.provider_id == bindparam("provider"),
    CONTRACT.c.sha == bindparam("sha"),
)


def contract_id(db: Db, consumer_id: int, provider_id: int, sha: str) -> int | None:
    """One statement."""
    return db.execute(_CONTRACT, {"consumer": consumer_id, "provider": provider_id, "sha": sha}).scalar()


_BEFORE = (
    select(PUBLICATION.c.contract_id)
    .where(
        PUBLICATION.c.consumer_id == bindparam("consumer"),
        PUBLICATION.c.provider_id == bindparam("provider"),
        PUBLICATION.c.is_current,
        PUBLICATION.c.version_id < bindparam("version"),
    )
    .order_by(_NEWEST)
    .limit(1)
)
_BEFORE_TAGGED = _BEFORE.join(TAG, and_(TAG.c.version_id == PUBLICATION.c.version_id, TAG.c.name == bindparam("tag")))
_BEFORE_UNTAGGED = _BEFORE.where(~exists().where(TAG.c.version_id == PUBLICATION.c.version_id))


def contract_before(db: Db, consumer_id: int, provider_id: int, version_id: int, tag: str | None) -> int | None:
    """The contract of the newest older version with the tag, or without any. One statement."""
    pair = {"consumer": consumer_id, "provider": provider_id, "version": version_id}
    if tag is None:
        return db.execute(_BEFORE_UNTAGGED, pair).scalar()
    return db.execute(_BEFORE_TAGGED, {**pair, "tag": tag}).scalar()


def _listens(column: Any, label: Any, participant: str) -> Any:
    """The webhook's side is this participant, one of its labels, or anyone."""
    labelled = exists().where(LABEL.c.participant_id == bindparam(participant), LABEL.c.name == label)
    return or_(column == bindparam(participant), and_(column.is_(None), or_(label.is_(None), labelled)))


_ADVICE = select(
    exists().where(
        VERIFICATION.c.contract_id.in_(
            select(CONTRACT.c.id).where(
                CONTRACT.c.consumer_id == bindparam("consumer"), CONTRACT.c.provider_id == bindparam("provider")
            )
        )
    ),
    exists().where(
        _listens(WEBHOOK.c.consumer_id, WEBHOOK.c.consumer_label, "consumer"),
        _listens(WEBHOOK.c.provider_id, WEBHOOK.c.provider_label, "provider"),
    ),
)


def advice_facts(db: Db, consumer_id: int, provider_id: int) -> tuple[bool, bool]:
    """Whether the pair was ever verified, and whether a webhook listens to it. One statement."""
    row = db.execute(_ADVICE, {"consumer": consumer_id, "provider": provider_id}).one()
    return bool(row[0]), bool(row[1])


# --- lists --------------------------------------------------------------------------------------------------------

_LIST = _joined().where(PUBLICATION.c.is_current)


def _on_heads(found: Select[Any], branch: str | None) -> Select[Any]:
    """Publications of versions at the head of the branch, or of the consumer's main branch."""
    return (
        found.join(BRANCH_HEAD, BRANCH_HEAD.c.version_id == VERSION.c.id)
        .join(BRANCH, BRANCH.c.id == BRANCH_HEAD.c.branch_id)
        .where(BRANCH.c.name == (CONSUMER.c.main_branch if branch is None else branch))
    )


def _on_branch(found: Select[Any], branch: str | None) -> Select[Any]:
    return (
        found.join(BRANCH_VERSION, BRANCH_VERSION.c.version_id == VERSION.c.id)
        .join(BRANCH, BRANCH.c.id == BRANCH_VERSION.c.branch_id)
        .where(BRANCH.c.name == (CONSUMER.c.main_branch if branch is None else branch))
    )


def _tagged(found: Select[Any], tag: str) -> Select[Any]:
    return found.join(TAG, and_(TAG.c.version_id == VERSION.c.id, TAG.c.name == tag))


def pair_pacts(
    db: Db,
    consumer: str,
    provider: str,
    *,
    tag: str | None = None,
    branch: str | None = None,
    main_branch: bool = False,
    heads: bool = False,
) -> list[Pact]:
    """The publications of a pair, newest first, without content: all, tagged, or on a branch or its head.

    One statement.
    """
    found = _LIST.where(CONSUMER.c.name == consumer, PROVIDER.c.name == provider)
    if tag is not None:
        found = _tagged(found, tag)
    elif branch is not None or main_branch:
        found = (_on_heads if heads else _on_branch)(found, branch)
    return list(db.execute(found.order_by(_NEWEST)))


def provider_pacts(
    db: Db, provider_id: int, *, tag: str | None = None, branch: str | None = None, main_branch: bool = False
) -> list[Pact]:
    """Every current publication for a provider, by consumer name and newest first. One statement."""
    found = _LIST.where(PUBLICATION.c.provider_id == provider_id)
    if tag is not None:
        found = _tagged(found, tag)
    elif branch is not None or main_branch:
        found = _on_branch(found, branch)
    return list(db.execute(found.order_by(CONSUMER.c.name, _NEWEST)))


def latest_provider_pacts(db: Db, provider_id: int, *, tag: str | None = None) -> list[Pact]:
    """Per consumer the contract of its newest version (with the tag) that has one. One statement, a seek each."""
    own = PUBLICATION.alias()
    newest = select(func.max(own.c.version_id)).where(
        own.c.consumer_id == INTEGRATION.c.consumer_id, own.c.provider_id == provider_id, own.c.is_current
    )
    if tag is not None:
        newest = newest.join(TAG, and_(TAG.c.version_id == own.c.version_id, TAG.c.name == tag))
    found = _LIST.join(
        INTEGRATION,
        and_(INTEGRATION.c.consumer_id == PUBLICATION.c.consumer_id, INTEGRATION.c.provider_id == provider_id),
    ).where(
        PUBLICATION.c.provider_id == provider_id,
        PUBLICATION.c.version_id == newest.correlate(INTEGRATION).scalar_subquery(),
    )
    return list(db.execute(found.order_by(CONSUMER.c.name)))


def head_provider_pacts(db: Db, provider_id: int, branch: str | None) -> list[Pact]:
    """The contracts of the head versions of a branch, or of main branches, by consumer name. One statement."""
    found = _on_heads(_LIST.where(PUBLICATION.c.provider_id == provider_id), branch)
    return list(db.execute(found.order_by(CONSUMER.c.name)))


def latest_pacts(db: Db) -> list[Pact]:
    """The latest contract of every integration, by consumer and provider name. One statement, a seek each."""
    own = PUBLICATION.alias()
    newest = (
        select(func.max(own.c.version_id))
        .where(
            own.c.consumer_id == INTEGRATION.c.consumer_id,
            own.c.provider_id == INTEGRATION.c.provider_id,
            own.c.is_current,
        )
        .correlate(INTEGRATION)
        .scalar_subquery()
    )
    found = _LIST.join(
        INTEGRATION,
        and_(
            INTEGRATION.c.consumer_id == PUBLICATION.c.consumer_id,
            INTEGRATION.c.provider_id == PUBLICATION.c.provider_id,
        ),
    ).where(PUBLICATION.c.version_id == newest)
    return list(db.execute(found.order_by(CONSUMER.c.name, PROVIDER.c.name)))


_WITH_CONTENT = _joined(CONTRACT.c.content).where(PUBLICATION.c.is_current)


def head_contents(db: Db, provider_id: int, branch: str | None) -> list[Pact]:
    """As `head_provider_pacts`, with content. One statement."""
    found = _on_heads(_WITH_CONTENT.where(PUBLICATION.c.provider_id == provider_id), branch)
    return list(db.execute(found.order_by(CONSUMER.c.name)))


def live_contents(db: Db, provider_id: int, environment_id: int) -> list[Pact]:
    """The contracts, with content, of what is deployed or supported in an environment. One statement."""
    live = (
        select(DEPLOYED.c.version_id)
        .where(DEPLOYED.c.environment_id == environment_id, DEPLOYED.c.currently_deployed)
        .union(
            select(RELEASED.c.version_id).where(
                RELEASED.c.environment_id == environment_id, RELEASED.c.currently_supported
            )
        )
    )
    found = _WITH_CONTENT.where(PUBLICATION.c.provider_id == provider_id, PUBLICATION.c.version_id.in_(live))
    return list(db.execute(found.order_by(CONSUMER.c.name, PUBLICATION.c.version_id)))
