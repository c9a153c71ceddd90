"""What is asked about results. A result's row has everything its document shows; every docstring counts statements."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    null,
    or_,
    select,
    text,
    true,
    union_all,
)
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
    VerificationFailure,
    VerificationHead,
    VerificationTag,
    Version,
)
from tallystick.broker.tables.base import Id

BRANCH: Any = Branch.__table__  # type: ignore[attr-defined]
BRANCH_VERSION: Any = BranchVersion.__table__  # type: ignore[attr-defined]
CONTRACT: Any = Contract.__table__  # type: ignore[attr-defined]
CONTRACT_INTERACTION: Any = ContractInteraction.__table__  # type: ignore[attr-defined]
FAILURE: Any = VerificationFailure.__table__  # type: ignore[attr-defined]
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
_TOUCHED: Any = select(INTERVAL).where(
    INTERVAL.c.provider == bindparam("provider"),
    INTERVAL.c.consumer == bindparam("consumer"),
    or_(INTERVAL.c.until_at.is_(None), INTERVAL.c.until_order >= bindparam("order")),
)
_ENDED: Any = select(INTERVAL).where(
    INTERVAL.c.provider == bindparam("provider"),
    INTERVAL.c.consumer == bindparam("consumer"),
    INTERVAL.c.interaction_sha.in_(bindparam("shas", expanding=True)),
    INTERVAL.c.until_order < bindparam("order"),
)


def branches_of(session: Session, version_id: int) -> list[str]:
    """Names of the branches that a version is on. One statement."""
    return list(session.execute(_BRANCHES, {"version": version_id}).scalars())


def touched_failures(
    session: Session, provider: str, consumer: str, order: int, shas: Collection[str] = ()
) -> list[Row[Any]]:
    """The intervals of a pair that a result of the version at this place can change: those that are open or end after
    it, and of the interactions named those that ended before. One statement, two when some are named."""
    values = {"provider": provider, "consumer": consumer, "order": order}
    found = list(session.execute(_TOUCHED, values))
    if shas:
        found += session.execute(_ENDED, {**values, "shas": sorted(shas)})
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """Where successes or failures are looked for: between whom, on which branch of the provider.

    "" stands for versions without a branch, None for all versions.
    """

    consumer_id: int
    provider_id: int
    branch: str | None = None


BEYOND: Final = 2**62
"""A place after all versions."""


def _on(line: Line) -> Any:
    if line.branch is None:
        return true()
    on = exists().where(
        BRANCH_VERSION.c.version_id == HEAD.c.provider_version_id, BRANCH.c.id == BRANCH_VERSION.c.branch_id
    )
    return on.where(BRANCH.c.name == line.branch).correlate(HEAD) if line.branch else ~on.correlate(HEAD)


def _next_to(contract_id: Any, outcome: Any, line: Line, order: int) -> tuple[Any, Any]:
    """The newest version before a place, and the oldest after it, whose result for a content is such."""
    found = select(HEAD.c.provider_version_id).where(HEAD.c.contract_id == contract_id, outcome, _on(line)).limit(1)
    place = HEAD.c.provider_version_id
    sides = found.where(place < order).order_by(place.desc()), found.where(place > order).order_by(place)
    before, after = (side.correlate(CONTRACT_INTERACTION, CONTRACT).scalar_subquery() for side in sides)
    return before, after


def neighbours(
    session: Session, line: Line, shas: Collection[str], order: int, *, success: bool
) -> dict[str, tuple[int | None, int | None]]:
    """Of interactions the nearest versions before and after a place with which they passed (or failed), where any is.

    An interaction passed where the whole contract did, or where others failed by name and it did not. One statement,
    a seek for each content that has the interaction.
    """
    of_result = FAILURE.c.verification_id == HEAD.c.verification_id
    failed = exists().where(of_result, FAILURE.c.interaction_sha == CONTRACT_INTERACTION.c.interaction_sha)
    failed = failed.correlate(HEAD, CONTRACT_INTERACTION)
    named = exists().where(of_result, FAILURE.c.interaction_sha.is_not(None)).correlate(HEAD)
    outcome = or_(HEAD.c.success, and_(named, ~failed)) if success else failed
    before, after = _next_to(CONTRACT_INTERACTION.c.contract_id, outcome, line, order)
    rows = session.execute(
        select(CONTRACT_INTERACTION.c.interaction_sha, func.max(before), func.min(after))
        .join_from(CONTRACT_INTERACTION, CONTRACT, CONTRACT.c.id == CONTRACT_INTERACTION.c.contract_id)
        .where(
            CONTRACT_INTERACTION.c.interaction_sha.in_(sorted(shas)),
            CONTRACT.c.consumer_id == line.consumer_id,
            CONTRACT.c.provider_id == line.provider_id,
        )
        .group_by(CONTRACT_INTERACTION.c.interaction_sha)
    )
    return {sha: (lower, upper) for sha, lower, upper in rows}


def neighbours_as_a_whole(
    session: Session, line: Line, sha: str, order: int, *, success: bool
) -> tuple[int | None, int | None]:
    """The same for a content: with which it passed, or failed in no interaction by name. One statement."""
    named = exists().where(FAILURE.c.verification_id == HEAD.c.verification_id, FAILURE.c.interaction_sha.is_not(None))
    outcome = HEAD.c.success if success else and_(~HEAD.c.success, ~named.correlate(HEAD))
    row = session.execute(
        select(*_next_to(CONTRACT.c.id, outcome, line, order)).where(
            CONTRACT.c.consumer_id == line.consumer_id,
            CONTRACT.c.provider_id == line.provider_id,
            CONTRACT.c.sha == sha,
        )
    ).first()
    return (None, None) if row is None else (row[0], row[1])


def versions_seen(session: Session, consumer_id: int, version_ids: Collection[int]) -> dict[int, Row[Any]]:
    """Provider versions: when the newest result for the consumer came, and a branch ("" for none). One statement."""
    if not version_ids:
        return {}
    branch = (
        select(func.min(BRANCH.c.name))
        .join_from(BRANCH_VERSION, BRANCH, BRANCH.c.id == BRANCH_VERSION.c.branch_id)
        .where(BRANCH_VERSION.c.version_id == VERSION.c.id)
        .correlate(VERSION)
        .scalar_subquery()
    )
    rows: Any = session.execute(
        select(
            VERSION.c.id,
            VERSION.c.number,
            VERSION.c.build_url,
            func.coalesce(branch, "").label("branch"),
            func.max(VERIFICATION.c.created_at).label("at"),
        )
        .join(VERIFICATION, VERIFICATION.c.provider_version_id == VERSION.c.id)
        .where(VERSION.c.id.in_(sorted(version_ids)), VERIFICATION.c.consumer_id == consumer_id)
        .group_by(VERSION.c.id, VERSION.c.number, VERSION.c.build_url)
    )
    return {row.id: row for row in rows}


_BEFORE = PUBLICATION.alias("before")
_OTHER_BRANCH = BRANCH_VERSION.alias("other")


def brought_by(
    session: Session, consumer_id: int, provider_id: int, contract_id: int, shas: Collection[str]
) -> dict[str | None, Row[Any]]:
    """Since which version a consumer asks for interactions as they are: `number`, and `before` and `content_before`:
    the version before it that published a contract, on the same branch if there is one, and what it published.

    None stands for the contract as a whole. One statement.
    """
    publications = (
        select(func.min(PUBLICATION.c.version_id).label("version_id"))
        .join_from(PUBLICATION, CONTRACT, CONTRACT.c.id == PUBLICATION.c.contract_id)
        .where(CONTRACT.c.consumer_id == consumer_id, CONTRACT.c.provider_id == provider_id)
    )
    first = union_all(
        publications.add_columns(null().label("sha")).where(PUBLICATION.c.contract_id == contract_id),
        publications.add_columns(CONTRACT_INTERACTION.c.interaction_sha)
        .join(CONTRACT_INTERACTION, CONTRACT_INTERACTION.c.contract_id == CONTRACT.c.id)
        .where(CONTRACT_INTERACTION.c.interaction_sha.in_(sorted(shas)))
        .group_by(CONTRACT_INTERACTION.c.interaction_sha),
    ).subquery("first")
    older = (
        select(_BEFORE.c.version_id)
        .where(
            _BEFORE.c.consumer_id == consumer_id,
            _BEFORE.c.provider_id == provider_id,
            _BEFORE.c.is_current,
            _BEFORE.c.version_id < first.c.version_id,
        )
        .order_by(_BEFORE.c.version_id.desc())
        .limit(1)
    )
    beside = (
        exists()
        .where(
            BRANCH_VERSION.c.version_id == _BEFORE.c.version_id,
            _OTHER_BRANCH.c.version_id == first.c.version_id,
            _OTHER_BRANCH.c.branch_id == BRANCH_VERSION.c.branch_id,
        )
        .correlate(_BEFORE, first)
    )
    before = func.coalesce(*(each.correlate(first).scalar_subquery() for each in (older.where(beside), older)))
    found = select(first.c.sha, first.c.version_id, before.label("before_id")).subquery("found")
    rows = session.execute(
        select(
            found.c.sha,
            CONSUMER_VERSION.c.number,
            VERSION.c.number.label("before"),
            _BEFORE.c.contract_id.label("content_before"),
        )
        .join_from(found, CONSUMER_VERSION, CONSUMER_VERSION.c.id == found.c.version_id)
        .outerjoin(VERSION, VERSION.c.id == found.c.before_id)
        .outerjoin(
            _BEFORE,
            and_(
                _BEFORE.c.version_id == found.c.before_id,
                _BEFORE.c.provider_id == provider_id,
                _BEFORE.c.is_current,
            ),
        )
    )
    return {row.sha: row for row in rows}


def contents(session: Session, contract_ids: Collection[int]) -> dict[int, Row[Any]]:
    """(id, sha, content) of contracts, by id. One statement."""
    wanted: Any = select(CONTRACT.c.id, CONTRACT.c.sha, CONTRACT.c.content)
    return {row.id: row for row in session.execute(wanted.where(CONTRACT.c.id.in_(sorted(contract_ids))))}


_COVERING: Any = select(INTERVAL).where(
    INTERVAL.c.provider.in_(bindparam("providers", expanding=True)),
    INTERVAL.c.consumer.in_(bindparam("consumers", expanding=True)),
    INTERVAL.c.since_order <= bindparam("newest"),
    or_(INTERVAL.c.until_at.is_(None), INTERVAL.c.until_order > bindparam("oldest")),
)


def failures_among(
    db: Connection | Session,
    providers: Collection[str],
    consumers: Collection[str],
    provider_version_ids: Collection[int],
) -> list[Row[Any]]:
    """The intervals between these applications that some of these provider versions could be in. One statement, none
    for no versions."""
    if not provider_version_ids:
        return []
    return list(
        db.execute(
            _COVERING,
            {
                "providers": sorted(set(providers)),
                "consumers": sorted(set(consumers)),
                "oldest": min(provider_version_ids),
                "newest": max(provider_version_ids),
            },
        )
    )


def repositories(db: Connection, participant_ids: Collection[int]) -> dict[int, str]:
    """Where the code of applications is, of those that say so. One statement, none for no ids."""
    if not participant_ids:
        return {}
    rows = db.execute(
        select(_PARTICIPANT.c.id, _PARTICIPANT.c.repository_url).where(
            _PARTICIPANT.c.id.in_(sorted(participant_ids)), _PARTICIPANT.c.repository_url.is_not(None)
        )
    )
    return {row.id: row.repository_url for row in rows}
