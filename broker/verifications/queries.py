"""What is asked about results. A result's row has everything its document shows; every docstring counts statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, exists, func, select, text
from sqlalchemy.orm import Session

from tallystick.broker.summaries import dialect_of
from tallystick.broker.tables import (
    Branch,
    BranchVersion,
    Contract,
    ContractInteraction,
    FailureInterval,
    Participant,
    Publication,
    Tag,
    Verification,
    VerificationHead,
    VerificationTag,
    Version,
)
from tallystick.broker.tables.base import Id

BRANCH: Any = Branch.__table__  # type: ignore[attr-defined]
BRANCH_VERSION: Any = BranchVersion.__table__  # type: ignore[attr-defined]
CONTRACT: Any = Contract.__table__  # type: ignore[attr-defined]
CONTRACT_INTERACTION: Any = ContractInteraction.__table__  # type: ignore[attr-defined]
HEAD: Any = VerificationHead.__table__  # type: ignore[attr-defined]
INTERVAL: Any = FailureInterval.__table__  # type: ignore[attr-defined]
PUBLICATION: Any = Publication.__table__  # type: ignore[attr-defined]
TAG: Any = Tag.__table__  # type: ignore[attr-defined]
VERIFICATION: Any = Verification.__table__  # type: ignore[attr-defined]
VERIFICATION_TAG: Any = VerificationTag.__table__  # type: ignore[attr-defined]
VERSION: Any = Version.__table__  # type: ignore[attr-defined]
_PARTICIPANT: Any = Participant.__table__  # type: ignore[attr-defined]
CONSUMER, PROVIDER = _PARTICIPANT.alias("consumer"), _PARTICIPANT.alias("provider")
PROVIDER_VERSION, CONSUMER_VERSION = VERSION.alias("provider_version"), VERSION.alias("consumer_version")

# --- contracts ----------------------------------------------------------------------------------------------------

_OF_PAIR = (CONSUMER.c.name == bindparam("consumer"), PROVIDER.c.name == bindparam("provider"))


def _publications() -> Select[Any]:
    """The publications of a pair, with the content they name."""
    return (
        select(
            PUBLICATION.c.contract_id,
            CONTRACT.c.sha,
            CONSUMER.c.id.label("consumer_id"),
            CONSUMER.c.name.label("consumer"),
            PROVIDER.c.id.label("provider_id"),
            PROVIDER.c.name.label("provider"),
            CONSUMER_VERSION.c.number.label("consumer_version"),
        )
        .join_from(PUBLICATION, CONTRACT, CONTRACT.c.id == PUBLICATION.c.contract_id)
        .join(CONSUMER, CONSUMER.c.id == PUBLICATION.c.consumer_id)
        .join(PROVIDER, PROVIDER.c.id == PUBLICATION.c.provider_id)
        .join(CONSUMER_VERSION, CONSUMER_VERSION.c.id == PUBLICATION.c.version_id)
    )


_BY_SHA = (
    _publications()
    .where(*_OF_PAIR, CONTRACT.c.sha == bindparam("sha"))
    .order_by(PUBLICATION.c.version_id.desc())
    .limit(1)
)
_OF_VERSION = _publications().where(
    *_OF_PAIR, CONSUMER_VERSION.c.number == bindparam("version"), PUBLICATION.c.is_current
)
_LATEST = _publications().where(*_OF_PAIR, PUBLICATION.c.is_current).order_by(PUBLICATION.c.version_id.desc()).limit(1)


def published_content(db: Connection | Session, consumer: str, provider: str, sha: str) -> Row[Any] | None:
    """A content of a pair, with the newest consumer version that published it; None when none did. One statement."""
    return db.execute(_BY_SHA, {"consumer": consumer, "provider": provider, "sha": sha}).first()


def content_of_version(db: Connection, consumer: str, provider: str, version: str) -> Row[Any] | None:
    """One statement."""
    return db.execute(_OF_VERSION, {"consumer": consumer, "provider": provider, "version": version}).first()


def latest_content(db: Connection, consumer: str, provider: str) -> Row[Any] | None:
    """What the newest version with a contract published. One statement."""
    return db.execute(_LATEST, {"consumer": consumer, "provider": provider}).first()


_INTERACTIONS = (
    select(
        CONTRACT_INTERACTION.c.interaction_sha,
        CONTRACT_INTERACTION.c.interaction_id,
        CONTRACT_INTERACTION.c.description,
    )
    .where(CONTRACT_INTERACTION.c.contract_id == bindparam("contract"))
    .order_by(CONTRACT_INTERACTION.c.position)
)


def interactions_of(db: Connection | Session, contract_id: int) -> list[Row[Any]]:
    """One statement."""
    return list(db.execute(_INTERACTIONS, {"contract": contract_id}))


# --- results ------------------------------------------------------------------------------------------------------

_newest_publisher = (
    select(VERSION.c.number)
    .join_from(PUBLICATION, VERSION, VERSION.c.id == PUBLICATION.c.version_id)
    .where(PUBLICATION.c.contract_id == VERIFICATION.c.contract_id)
    .order_by(PUBLICATION.c.version_id.desc())
    .limit(1)
    .correlate(VERIFICATION)
    .scalar_subquery()
)
_RESULT = (
    select(
        VERIFICATION,
        CONTRACT.c.sha,
        CONSUMER.c.name.label("consumer"),
        PROVIDER.c.name.label("provider"),
        PROVIDER_VERSION.c.number.label("provider_version"),
        func.coalesce(_newest_publisher, "").label("consumer_version"),
    )
    .join_from(VERIFICATION, CONTRACT, CONTRACT.c.id == VERIFICATION.c.contract_id)
    .join(CONSUMER, CONSUMER.c.id == VERIFICATION.c.consumer_id)
    .join(PROVIDER, PROVIDER.c.id == VERIFICATION.c.provider_id)
    .join(PROVIDER_VERSION, PROVIDER_VERSION.c.id == VERIFICATION.c.provider_version_id)
)
_NUMBERED: Any = _RESULT.where(
    VERIFICATION.c.number == bindparam("number"), *_OF_PAIR, CONTRACT.c.sha == bindparam("sha")
)
_BY_ID: Any = _RESULT.where(VERIFICATION.c.id == bindparam("id"))
_NEWEST: Any = (
    _RESULT.where(VERIFICATION.c.contract_id == bindparam("contract")).order_by(VERIFICATION.c.id.desc()).limit(1)
)


def result(db: Connection | Session, consumer: str, provider: str, sha: str, number: int) -> Row[Any] | None:
    """A result by its number; it must belong to the pair and the content. One statement."""
    return db.execute(_NUMBERED, {"consumer": consumer, "provider": provider, "sha": sha, "number": number}).first()


def result_by_id(db: Connection | Session, row_id: int) -> Row[Any]:
    """One statement."""
    return db.execute(_BY_ID, {"id": row_id}).one()


def newest_result(db: Connection, contract_id: int) -> Row[Any] | None:
    """The newest result for a content, whoever got it. One statement."""
    return db.execute(_NEWEST, {"contract": contract_id}).first()


_newest_of_content = (
    select(func.max(VERIFICATION.c.id))
    .where(VERIFICATION.c.contract_id == PUBLICATION.c.contract_id)
    .correlate(PUBLICATION)
    .scalar_subquery()
)
_NEWEST_OF_VERSION = (
    _RESULT.join(PUBLICATION, PUBLICATION.c.contract_id == VERIFICATION.c.contract_id)
    .where(
        PUBLICATION.c.version_id == bindparam("version"),
        PUBLICATION.c.is_current,
        VERIFICATION.c.id == _newest_of_content,
    )
    .order_by(PROVIDER.c.name)
)
_PROVIDERS_OF_VERSION = (
    select(PROVIDER.c.name)
    .join_from(PUBLICATION, PROVIDER, PROVIDER.c.id == PUBLICATION.c.provider_id)
    .where(PUBLICATION.c.version_id == bindparam("version"), PUBLICATION.c.is_current)
    .order_by(PROVIDER.c.name)
)


def providers_of_version(db: Connection, version_id: int) -> list[str]:
    """The names of the providers that a consumer version has a contract with. One statement."""
    return list(db.execute(_PROVIDERS_OF_VERSION, {"version": version_id}).scalars())


def newest_results_of_version(db: Connection, version_id: int) -> list[Row[Any]]:
    """For each contract of a consumer version the newest result, by provider name. One statement."""
    return list(db.execute(_NEWEST_OF_VERSION, {"version": version_id}))


_LOCKED = (
    select(VERSION.c.id)
    .where(VERSION.c.participant_id == bindparam("provider"), VERSION.c.number == bindparam("number"))
    .with_for_update(key_share=True)
)
_STANDING: Any = (
    select(
        VERIFICATION.c.id,
        VERIFICATION.c.success,
        VERIFICATION.c.wip,
        VERIFICATION.c.pending,
        VERIFICATION.c.build_url,
        VERIFICATION.c.verified_by,
        VERIFICATION.c.report_sha,
        VERIFICATION.c.created_at,
        exists().where(TAG.c.version_id == VERSION.c.id).correlate(VERSION).label("has_tags"),
        exists().where(BRANCH_VERSION.c.version_id == VERSION.c.id).correlate(VERSION).label("has_branches"),
    )
    .select_from(VERSION)
    .outerjoin(
        HEAD,
        and_(HEAD.c.contract_id == bindparam("contract", type_=Id), HEAD.c.provider_version_id == VERSION.c.id),
    )
    .outerjoin(VERIFICATION, VERIFICATION.c.id == HEAD.c.verification_id)
    .where(VERSION.c.id == bindparam("version", type_=Id))
)


def locked_version(session: Session, provider_id: int, number: str) -> int | None:
    """A version of the provider, whose results, branches and tags nobody else changes until the transaction ends.

    None when there is none yet. One statement.
    """
    found: int | None = session.execute(_LOCKED, {"provider": provider_id, "number": number}).scalar()
    return found


def standing(session: Session, contract_id: int, version_id: int) -> Row[Any]:
    """How a locked version stands: its newest result for the content (`id` None without one), and whether it has tags
    and branches. One statement, and not the one that locked: that one may have looked before it waited."""
    return session.execute(_STANDING, {"contract": contract_id, "version": version_id}).one()


_TAGS_NOW = select(TAG.c.name).where(TAG.c.version_id == bindparam("version"))
_TAGS_THEN = select(VERIFICATION_TAG.c.name).where(VERIFICATION_TAG.c.verification_id == bindparam("id"))


def tags_now_and_then(session: Session, provider_version_id: int, verification_id: int) -> tuple[set[str], set[str]]:
    """The version's tags, and those copied to the result. Two statements."""
    now = set(session.execute(_TAGS_NOW, {"version": provider_version_id}).scalars())
    return now, set(session.execute(_TAGS_THEN, {"id": verification_id}).scalars())


def tags_of_version(db: Connection, provider_id: int, version_id: int) -> list[tuple[str, bool]]:
    """The version's tags by name, and whether it is the newest that carries each. One statement."""
    other = TAG.alias("other")
    newest = (
        select(func.max(other.c.version_id))
        .where(other.c.participant_id == provider_id, other.c.name == TAG.c.name)
        .correlate(TAG)
        .scalar_subquery()
    )
    rows = db.execute(
        select(TAG.c.name, newest.label("newest")).where(TAG.c.version_id == version_id).order_by(TAG.c.name)
    )
    return [(row.name, row.newest == version_id) for row in rows]


_SEQUENCE = text("SELECT nextval(pg_get_serial_sequence('verification', 'id'))")
_COUNTER = text("SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'verification'), 0) + 1")


def next_number(session: Session) -> int:
    """The next of one broker-wide counter: id and number of the result to be stored. One statement."""
    statement = _COUNTER if dialect_of(session) == "sqlite" else _SEQUENCE
    number: int = session.execute(statement).scalar_one()
    return number


# --- failures -----------------------------------------------------------------------------------------------------

_BRANCHES = (
    select(BRANCH.c.name)
    .join_from(BRANCH_VERSION, BRANCH, BRANCH.c.id == BRANCH_VERSION.c.branch_id)
    .where(BRANCH_VERSION.c.version_id == bindparam("version"))
    .order_by(BRANCH.c.name)
)
_OPEN = select(INTERVAL.c.id, INTERVAL.c.branch, INTERVAL.c.interaction_sha).where(
    INTERVAL.c.provider == bindparam("provider"),
    INTERVAL.c.consumer == bindparam("consumer"),
    INTERVAL.c.until_at.is_(None),
)


def branches_of(session: Session, version_id: int) -> list[str]:
    """Names of the branches that a version is on. One statement."""
    return list(session.execute(_BRANCHES, {"version": version_id}).scalars())


def open_failures(session: Session, provider: str, consumer: str) -> dict[tuple[str, str], int]:
    """(branch, interaction) -> id of the interval in which it fails, for all branches. One statement."""
    rows = session.execute(_OPEN, {"provider": provider, "consumer": consumer})
    return {(row.branch, row.interaction_sha): row.id for row in rows}
