"""The summary tables that follow results: who verified what, seen from branches and tags, without reading history.

Whoever changes a result, a branch membership or a tag calls the function here in the same transaction; tests compare
every table with a recomputation from history after random sequences of API calls.

- `verification_head`: the newest result for (content, provider version).
- `branch_success`: for the successes of versions that are on a branch now, when the first was stored, and when the
  last was executed outside work in progress.
- `tag_success`: the same for tags. A success counts for `first_at` if its version carries the tag now or carried it
  when the result was published, and for `last_nonwip_at` only by the latter.

Each function locks the version whose results or names it changes, so that a result and a new branch membership of one
version cannot miss each other on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    Boolean,
    String,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tallystick.broker.tables import (
    BranchSuccess,
    BranchVersion,
    DeployedVersion,
    DeploymentEvent,
    Environment,
    Participant,
    ReleasedVersion,
    Tag,
    TagSuccess,
    UtcDateTime,
    Verification,
    VerificationHead,
    VerificationTag,
    Version,
)
from tallystick.broker.tables.base import Id

T = TypeVar("T")


def table(row: type) -> Table:
    """The table of a row class, for Core statements."""
    made: Table = row.__table__  # type: ignore[attr-defined]
    return made


BRANCH_SUCCESS, TAG_SUCCESS, HEAD = table(BranchSuccess), table(TagSuccess), table(VerificationHead)
VERIFICATION, VERIFICATION_TAG = table(Verification), table(VerificationTag)
BRANCH_VERSION, TAG, VERSION = table(BranchVersion), table(Tag), table(Version)

NONWIP_AT = case(
    (VERIFICATION.c.wip, null()), else_=func.coalesce(VERIFICATION.c.repeated_at, VERIFICATION.c.executed_at)
)


def upsert(dialect: str, into: Table) -> Any:
    """INSERT … ON CONFLICT in the words of a database."""
    return sqlite.insert(into) if dialect == "sqlite" else postgresql.insert(into)


def dialect_of(session: Session) -> str:
    return session.get_bind().dialect.name


def lock_version(session: Session, version_id: int) -> None:
    """Nobody else changes results, branches or tags of this version until the transaction ends. One statement.

    SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(VERSION.c.id).where(VERSION.c.id == version_id).with_for_update(key_share=True))


# --- results ------------------------------------------------------------------------------------------------------


def result_recorded(
    session: Session,
    *,
    verification_id: int,
    contract_id: int,
    provider_version_id: int,
    success: bool,
    wip: bool,
    created_at: datetime,
    last_at: datetime,
    has_tags: bool,
    has_branches: bool,
) -> None:
    """A result was stored (or repeated at `last_at`). The version is locked already. One to four statements."""
    facts = {
        "verification": verification_id,
        "contract": contract_id,
        "version": provider_version_id,
        "success": success,
        "first_at": created_at,
        "nonwip_at": None if wip else last_at,
    }
    head, tags, branch_success, tag_success = _recording(dialect_of(session))
    session.execute(head, facts)
    if has_tags:
        session.execute(tags, facts)
    if success and has_branches:
        session.execute(branch_success, facts)
    if success and has_tags:
        session.execute(tag_success, facts)


@cache
def _recording(dialect: str) -> tuple[Any, Any, Any, Any]:
    """The statements of `result_recorded`, built once: every published result runs them."""
    contract, version = bindparam("contract", type_=Id), bindparam("version", type_=Id)
    head = upsert(dialect, HEAD).values(
        contract_id=contract,
        provider_version_id=version,
        verification_id=bindparam("verification", type_=Id),
        success=bindparam("success", type_=Boolean()),
    )
    head = head.on_conflict_do_update(
        index_elements=[HEAD.c.contract_id, HEAD.c.provider_version_id],
        set_={"verification_id": head.excluded.verification_id, "success": head.excluded.success},
        where=HEAD.c.verification_id < head.excluded.verification_id,
    )
    tags = (
        upsert(dialect, VERIFICATION_TAG)
        .from_select(
            ["verification_id", "name"],
            select(bindparam("verification", type_=Id), TAG.c.name).where(TAG.c.version_id == version),
        )
        .on_conflict_do_nothing()
    )
    moments = (bindparam("first_at", type_=UtcDateTime()), bindparam("nonwip_at", type_=UtcDateTime()))
    on_branches = select(contract, BRANCH_VERSION.c.branch_id, *moments).where(BRANCH_VERSION.c.version_id == version)
    under_tags = select(contract, TAG.c.name, *moments).where(TAG.c.version_id == version)
    return (
        head,
        tags,
        _adding(dialect, BRANCH_SUCCESS, ["contract_id", "branch_id"], on_branches),
        _adding(dialect, TAG_SUCCESS, ["contract_id", "name"], under_tags),
    )


def result_deleted(session: Session, contract_id: int, provider_version_id: int, tags_then: Sequence[str]) -> None:
    """A result is gone; `tags_then` are the tags that were copied to it. Ten statements at most."""
    lock_version(session, provider_version_id)
    session.execute(
        delete(HEAD).where(HEAD.c.contract_id == contract_id, HEAD.c.provider_version_id == provider_version_id)
    )
    session.execute(
        insert(HEAD).from_select(
            ["contract_id", "provider_version_id", "verification_id", "success"],
            select(
                VERIFICATION.c.contract_id,
                VERIFICATION.c.provider_version_id,
                VERIFICATION.c.id,
                VERIFICATION.c.success,
            )
            .where(VERIFICATION.c.contract_id == contract_id, VERIFICATION.c.provider_version_id == provider_version_id)
            .order_by(VERIFICATION.c.id.desc())
            .limit(1),
        )
    )
    branches = session.execute(
        select(BRANCH_VERSION.c.branch_id).where(BRANCH_VERSION.c.version_id == provider_version_id)
    ).scalars()
    tags = session.execute(select(TAG.c.name).where(TAG.c.version_id == provider_version_id)).scalars()
    recompute_branches(session, [contract_id], list(branches))
    recompute_tags(session, [contract_id], sorted({*tags, *tags_then}))


# --- branches and tags --------------------------------------------------------------------------------------------


def branch_joined(session: Session, branch_id: int, version_id: int) -> None:
    """A version was added to a branch: its successes count there from now on. Two statements."""
    lock_version(session, version_id)
    session.execute(_joining(dialect_of(session)), {"branch": branch_id, "version": version_id})


@cache
def _joining(dialect: str) -> Any:
    rows = (
        select(
            VERIFICATION.c.contract_id,
            bindparam("branch", type_=Id),
            func.min(VERIFICATION.c.created_at),
            func.max(NONWIP_AT),
        )
        .where(VERIFICATION.c.provider_version_id == bindparam("version", type_=Id), VERIFICATION.c.success)
        .group_by(VERIFICATION.c.contract_id)
    )
    return _adding(dialect, BRANCH_SUCCESS, ["contract_id", "branch_id"], rows)


def branch_left(session: Session, branch_id: int, version_id: int) -> None:
    """A version was taken off a branch, and its membership row is gone. Four statements."""
    lock_version(session, version_id)
    recompute_branches(session, _verified_by(session, [version_id]), [branch_id])


def tagged(session: Session, version_id: int, name: str) -> None:
    """A version got a tag. Two statements."""
    lock_version(session, version_id)
    session.execute(_tagging(dialect_of(session)), {"name": name, "version": version_id})


@cache
def _tagging(dialect: str) -> Any:
    rows = (
        select(
            VERIFICATION.c.contract_id,
            bindparam("name", type_=String()),
            func.min(VERIFICATION.c.created_at),
            literal(None, UtcDateTime()),
        )
        .where(VERIFICATION.c.provider_version_id == bindparam("version", type_=Id), VERIFICATION.c.success)
        .group_by(VERIFICATION.c.contract_id)
    )
    return _adding(dialect, TAG_SUCCESS, ["contract_id", "name"], rows)


def untagged(session: Session, version_id: int, name: str) -> None:
    """A tag was taken off a version, and its row is gone. Four statements."""
    lock_version(session, version_id)
    recompute_tags(session, _verified_by(session, [version_id]), [name])


# --- deletions ----------------------------------------------------------------------------------------------------


def forget_versions(session: Session, version_ids: Sequence[int], now: datetime) -> None:
    """Call before versions are deleted: their results, memberships and tags go, what others relied on stays right.

    What was live of them is recorded as ended. The caller recomputes branch heads and deletes the versions.
    A constant number of statements for each 500 versions.
    """
    for some in _chunks(sorted(version_ids)):
        live_ended(session, now, version_ids=some)
        contracts = _verified_by(session, some)
        branches = list(
            session.execute(
                select(BRANCH_VERSION.c.branch_id).where(BRANCH_VERSION.c.version_id.in_(some)).distinct()
            ).scalars()
        )
        tags = set(session.execute(select(TAG.c.name).where(TAG.c.version_id.in_(some)).distinct()).scalars())
        tags |= set(
            session.execute(
                select(VERIFICATION_TAG.c.name)
                .join(VERIFICATION, VERIFICATION.c.id == VERIFICATION_TAG.c.verification_id)
                .where(VERIFICATION.c.provider_version_id.in_(some))
                .distinct()
            ).scalars()
        )
        session.execute(delete(VERIFICATION).where(VERIFICATION.c.provider_version_id.in_(some)))
        session.execute(delete(BRANCH_VERSION).where(BRANCH_VERSION.c.version_id.in_(some)))
        session.execute(delete(TAG).where(TAG.c.version_id.in_(some)))
        recompute_branches(session, contracts, branches)
        recompute_tags(session, contracts, sorted(tags))


def live_ended(
    session: Session,
    now: datetime,
    *,
    version_ids: Sequence[int] | None = None,
    environment_id: int | None = None,
    participant_id: int | None = None,
) -> None:
    """Record that what is live of these versions, in this environment or of this participant ends now.

    For deletions: the rows of `deployed_version` go with what they point to, `deployment_event` stays. Two statements.
    """
    for rows, live, kind in (
        (table(DeployedVersion), table(DeployedVersion).c.currently_deployed, "undeployed"),
        (table(ReleasedVersion), table(ReleasedVersion).c.currently_supported, "support ended"),
    ):
        conditions: list[Any] = [live]
        if version_ids is not None:
            conditions.append(rows.c.version_id.in_(version_ids))
        if environment_id is not None:
            conditions.append(rows.c.environment_id == environment_id)
        if participant_id is not None:
            conditions.append(rows.c.participant_id == participant_id)
        environment, participant = table(Environment), table(Participant)
        instance = rows.c.application_instance if kind == "undeployed" else literal("")
        session.execute(
            insert(table(DeploymentEvent)).from_select(
                ["kind", "participant", "version", "environment", "production", "application_instance", "at"],
                select(
                    literal(kind),
                    participant.c.name,
                    VERSION.c.number,
                    environment.c.name,
                    environment.c.production,
                    instance,
                    literal(now, UtcDateTime()),
                )
                .join_from(rows, participant, participant.c.id == rows.c.participant_id)
                .join(VERSION, VERSION.c.id == rows.c.version_id)
                .join(environment, environment.c.id == rows.c.environment_id)
                .where(*conditions)
                .order_by(rows.c.id),
            )
        )


# --- recomputation ------------------------------------------------------------------------------------------------


def recompute_branches(session: Session, contract_ids: Sequence[int], branch_ids: Sequence[int]) -> None:
    """`branch_success` of these contents on these branches, anew from results. Two statements."""
    if not contract_ids or not branch_ids:
        return
    for some in _chunks(contract_ids):
        session.execute(
            delete(BRANCH_SUCCESS).where(
                BRANCH_SUCCESS.c.contract_id.in_(some), BRANCH_SUCCESS.c.branch_id.in_(branch_ids)
            )
        )
        session.execute(
            insert(BRANCH_SUCCESS).from_select(
                ["contract_id", "branch_id", "first_at", "last_nonwip_at"],
                branch_successes().where(
                    VERIFICATION.c.contract_id.in_(some), BRANCH_VERSION.c.branch_id.in_(branch_ids)
                ),
            )
        )


def branch_successes() -> Any:
    """What `branch_success` must hold, computed from all results; a WHERE narrows it."""
    return (
        select(
            VERIFICATION.c.contract_id,
            BRANCH_VERSION.c.branch_id,
            func.min(VERIFICATION.c.created_at).label("first_at"),
            func.max(NONWIP_AT).label("last_nonwip_at"),
        )
        .join_from(VERIFICATION, BRANCH_VERSION, BRANCH_VERSION.c.version_id == VERIFICATION.c.provider_version_id)
        .where(VERIFICATION.c.success)
        .group_by(VERIFICATION.c.contract_id, BRANCH_VERSION.c.branch_id)
    )


def recompute_tags(session: Session, contract_ids: Sequence[int], names: Sequence[str]) -> None:
    """`tag_success` of these contents for these tags, anew from results. Two statements."""
    if not contract_ids or not names:
        return
    for some in _chunks(contract_ids):
        session.execute(delete(TAG_SUCCESS).where(TAG_SUCCESS.c.contract_id.in_(some), TAG_SUCCESS.c.name.in_(names)))
        session.execute(
            insert(TAG_SUCCESS).from_select(
                ["contract_id", "name", "first_at", "last_nonwip_at"], tag_successes(some, names)
            )
        )


def tag_successes(contract_ids: Sequence[int] | None = None, names: Sequence[str] | None = None) -> Any:
    """What `tag_success` must hold, computed from all results, or from those of some contents and tags."""
    now = (
        select(
            VERIFICATION.c.contract_id, TAG.c.name, VERIFICATION.c.created_at, literal(None, UtcDateTime()).label("at")
        )
        .join_from(VERIFICATION, TAG, TAG.c.version_id == VERIFICATION.c.provider_version_id)
        .where(VERIFICATION.c.success)
    )
    then = (
        select(VERIFICATION.c.contract_id, VERIFICATION_TAG.c.name, VERIFICATION.c.created_at, NONWIP_AT.label("at"))
        .join_from(VERIFICATION, VERIFICATION_TAG, VERIFICATION_TAG.c.verification_id == VERIFICATION.c.id)
        .where(VERIFICATION.c.success)
    )
    if contract_ids is not None and names is not None:
        now = now.where(VERIFICATION.c.contract_id.in_(contract_ids), TAG.c.name.in_(names))
        then = then.where(VERIFICATION.c.contract_id.in_(contract_ids), VERIFICATION_TAG.c.name.in_(names))
    both = union_all(now, then).subquery("successes")
    return select(
        both.c.contract_id,
        both.c.name,
        func.min(both.c.created_at).label("first_at"),
        func.max(both.c.at).label("last_nonwip_at"),
    ).group_by(both.c.contract_id, both.c.name)


# --- shared -------------------------------------------------------------------------------------------------------


def _verified_by(session: Session, version_ids: Sequence[int]) -> list[int]:
    """The contents that these versions verified successfully at least once. One statement."""
    return list(
        session.execute(
            select(VERIFICATION.c.contract_id)
            .where(VERIFICATION.c.provider_version_id.in_(version_ids), VERIFICATION.c.success)
            .distinct()
        ).scalars()
    )


def _adding(dialect: str, into: Table, keys: list[str], rows: Any) -> Any:
    """A statement that adds successes: the first moves back at most, the last forward at most."""
    statement = upsert(dialect, into).from_select([*keys, "first_at", "last_nonwip_at"], rows)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=keys,
        set_={
            "first_at": case((new.first_at < into.c.first_at, new.first_at), else_=into.c.first_at),
            "last_nonwip_at": case(
                (
                    and_(
                        new.last_nonwip_at.is_not(None),
                        or_(into.c.last_nonwip_at.is_(None), new.last_nonwip_at > into.c.last_nonwip_at),
                    ),
                    new.last_nonwip_at,
                ),
                else_=into.c.last_nonwip_at,
            ),
        },
    )


def _chunks(values: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
