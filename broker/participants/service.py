"""Making and changing participants, versions, branches, tags and labels: inside the caller's transaction.

Order of locks on PostgreSQL: participants by name, then the participant's row, then its versions. Whoever changes
what a participant's versions are called locks the participant's row first, so two such writers cannot wait for each
other. SQLite has one writer anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, func, select, text, update
from sqlalchemy.orm import Session

from tallystick.broker import summaries
from tallystick.broker.environments.live import deploy_by_tag
from tallystick.broker.environments.names import display_name
from tallystick.broker.moves import moved
from tallystick.broker.participants import queries
from tallystick.broker.participants.queries import (
    BRANCH,
    BRANCH_HEAD,
    BRANCH_VERSION,
    LABEL,
    PARTICIPANT,
    TAG,
    VERSION,
)
from tallystick.broker.settings import Settings
from tallystick.broker.summaries import dialect_of, upsert

TOUCHED_AT_MOST_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Ensured:
    """A version that certainly exists, and whether this transaction made it."""

    id: int
    participant_id: int
    number: str
    created_at: datetime
    is_new: bool


# --- participants -------------------------------------------------------------------------------------------------


def ensure_participants(
    session: Session, names: Iterable[str], now: datetime, *, known: dict[str, Row[Any]] | None = None
) -> dict[str, Row[Any]]:
    """The participants of these names, made where missing, in name order. One statement, and two per missing one.

    `known` are those that the caller has looked up already in this transaction.
    """
    wanted = sorted(set(names))
    if known is None:
        keep_participants(session)
        known = queries.participants_named(session, wanted)
    found = dict(known)
    for name in wanted:
        if name not in found:
            session.execute(
                upsert(dialect_of(session), PARTICIPANT)
                .values(
                    name=name,
                    name_lower=name.lower(),
                    display_name=display_name(name),
                    created_at=now,
                    updated_at=now,
                )
                .on_conflict_do_nothing()
            )
            row = queries.participant_named(session, name)
            assert row is not None
            found[name] = row
    return found


def ensure_participant(session: Session, name: str, now: datetime) -> Row[Any]:
    """The participant of this name, made when missing. One statement, or three."""
    return ensure_participants(session, [name], now)[name]


EXISTENCE: Final = 0x7A11_EA57  # any number that all brokers agree upon


def keep_participants(session: Session) -> None:
    """Nobody deletes participants until the transaction ends. One statement on PostgreSQL, before any other lock."""
    if dialect_of(session) != "sqlite":
        session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": EXISTENCE})


def delete_alone(session: Session) -> None:
    """No other transaction relies on participants: it waits for those that do, and new ones wait for it.

    A row lock would not do: publishers hold several, and one that waits for a deletion makes others wait for itself.
    """
    if dialect_of(session) != "sqlite":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": EXISTENCE})


_LOCK = select(PARTICIPANT.c.id).where(PARTICIPANT.c.id == bindparam("id")).with_for_update(key_share=True)


def lock(session: Session, participant_id: int) -> None:
    """Nobody else names versions of this participant until the transaction ends. One statement on PostgreSQL."""
    if dialect_of(session) != "sqlite":
        session.execute(_LOCK, {"id": participant_id})


def change_participant(session: Session, participant_id: int, values: dict[str, Any], now: datetime) -> None:
    """Some columns anew. One statement."""
    session.execute(update(PARTICIPANT).where(PARTICIPANT.c.id == participant_id).values(**values, updated_at=now))
    if "main_branch" in values:
        moved(session, [participant_id])


def remove_participant(session: Session, participant_id: int, now: datetime) -> None:
    """The participant and everything in either role; what others relied on is recomputed, deployments are recorded."""
    delete_alone(session)
    lock(session, participant_id)
    moved(session, [participant_id])
    own = list(session.execute(select(VERSION.c.id).where(VERSION.c.participant_id == participant_id)).scalars())
    summaries.forget_versions(session, own, now)
    session.execute(delete(PARTICIPANT).where(PARTICIPANT.c.id == participant_id))


# --- versions -----------------------------------------------------------------------------------------------------


def ensure_version(session: Session, participant_id: int, number: str, now: datetime) -> Ensured:
    """The version of this number, made when missing; its id is its place in the order. One statement, or two."""
    made = session.execute(
        _inserting(dialect_of(session)).version,
        {"participant_id": participant_id, "number": number, "created_at": now, "updated_at": now},
    ).scalar()
    if made is not None:
        return Ensured(made, participant_id, number, now, True)
    row = queries.version_numbered(session, participant_id, number)
    assert row is not None
    return Ensured(row.id, participant_id, number, row.created_at, False)


def set_build_url(session: Session, version_id: int, build_url: str | None, now: datetime) -> None:
    """One statement."""
    session.execute(update(VERSION).where(VERSION.c.id == version_id).values(build_url=build_url, updated_at=now))


def remove_versions(session: Session, participant_id: int, version_ids: Sequence[int], now: datetime) -> None:
    """Versions with everything attached; heads of their branches are found anew."""
    lock(session, participant_id)
    moved(session, [participant_id])
    branches = list(
        session.execute(
            select(BRANCH_HEAD.c.branch_id).where(BRANCH_HEAD.c.version_id.in_(version_ids)).distinct()
        ).scalars()
    )
    summaries.forget_versions(session, version_ids, now)
    session.execute(delete(VERSION).where(VERSION.c.id.in_(version_ids)))
    find_heads(session, branches)


# --- branches -----------------------------------------------------------------------------------------------------


def add_to_branch(
    session: Session, participant: Any, version: Ensured, name: str, settings: Settings, now: datetime
) -> bool:
    """The version is on the branch, as its head when it was not on it before (then True). Four to eight statements.

    The participant is locked already. The branch may become the main branch.
    """
    branch = queries.branch(session, participant.id, name)
    if branch is None:
        branch_id = session.execute(
            upsert(dialect_of(session), BRANCH)
            .values(participant_id=participant.id, name=name, created_at=now, updated_at=now)
            .on_conflict_do_update(index_elements=[BRANCH.c.participant_id, BRANCH.c.name], set_={"updated_at": now})
            .returning(BRANCH.c.id)
        ).scalar_one()
    else:
        branch_id = branch.id
    addition = session.execute(
        _inserting(dialect_of(session)).branch_version,
        {"branch_id": branch_id, "version_id": version.id, "created_at": now},
    ).scalar()
    detect_main_branch(session, participant, name, settings, now)
    if addition is None:
        return False
    _move_head(session, branch_id, version.id, addition)
    moved(session, [participant.id])
    if branch is not None and now - branch.updated_at >= TOUCHED_AT_MOST_EVERY:
        session.execute(update(BRANCH).where(BRANCH.c.id == branch_id).values(updated_at=now))
    if not version.is_new:  # a version made just now has no results that could count
        summaries.branch_joined(session, branch_id, version.id)
    return True


def _move_head(session: Session, branch_id: int, version_id: int, addition: int) -> None:
    session.execute(
        _inserting(dialect_of(session)).head,
        {"branch_id": branch_id, "version_id": version_id, "addition_id": addition},
    )


@dataclass(frozen=True, slots=True)
class _Inserting:
    """The statements that most publications run, built once for each database."""

    version: Any
    branch_version: Any
    head: Any
    tag: Any


@cache
def _inserting(dialect: str) -> _Inserting:
    head = upsert(dialect, BRANCH_HEAD)
    return _Inserting(
        version=upsert(dialect, VERSION).on_conflict_do_nothing().returning(VERSION.c.id),
        branch_version=upsert(dialect, BRANCH_VERSION).on_conflict_do_nothing().returning(BRANCH_VERSION.c.id),
        head=head.on_conflict_do_update(
            index_elements=[BRANCH_HEAD.c.branch_id],
            set_={"version_id": head.excluded.version_id, "addition_id": head.excluded.addition_id},
            where=BRANCH_HEAD.c.addition_id < head.excluded.addition_id,
        ),
        tag=upsert(dialect, TAG).on_conflict_do_nothing().returning(TAG.c.name),
    )


def detect_main_branch(session: Session, participant: Any, name: str, settings: Settings, now: datetime) -> None:
    """The first branch or tag with a usual name becomes the main branch of a participant that has none."""
    if participant.main_branch or not settings.auto_detect_main_branch or name not in settings.main_branch_candidates:
        return
    session.execute(
        update(PARTICIPANT)
        .where(PARTICIPANT.c.id == participant.id, func.coalesce(PARTICIPANT.c.main_branch, "") == "")
        .values(main_branch=name, updated_at=now)
    )
    moved(session, [participant.id])


def remove_from_branch(session: Session, participant_id: int, branch_id: int, version_id: int) -> None:
    """The version stays. The newest of those left on the branch becomes its head."""
    lock(session, participant_id)
    moved(session, [participant_id])
    session.execute(
        delete(BRANCH_VERSION).where(BRANCH_VERSION.c.branch_id == branch_id, BRANCH_VERSION.c.version_id == version_id)
    )
    summaries.branch_left(session, branch_id, version_id)
    head = session.execute(select(BRANCH_HEAD.c.version_id).where(BRANCH_HEAD.c.branch_id == branch_id)).scalar()
    if head == version_id:
        find_heads(session, [branch_id])


def find_heads(session: Session, branch_ids: Sequence[int]) -> None:
    """The heads of these branches from their members: the version of the highest order. Two statements a branch.

    This is after a removal; an addition moves the head to what was added.
    """
    for branch_id in sorted(branch_ids):
        session.execute(delete(BRANCH_HEAD).where(BRANCH_HEAD.c.branch_id == branch_id))
        newest = (
            select(BRANCH_VERSION.c.branch_id, BRANCH_VERSION.c.version_id, BRANCH_VERSION.c.id)
            .where(BRANCH_VERSION.c.branch_id == bindparam("branch"))
            .order_by(BRANCH_VERSION.c.version_id.desc())
            .limit(1)
        )
        session.execute(
            BRANCH_HEAD.insert().from_select(["branch_id", "version_id", "addition_id"], newest), {"branch": branch_id}
        )


def remove_branches(session: Session, participant_id: int, branch_ids: Sequence[int]) -> None:
    """Branches and memberships; versions stay. One statement, the rest cascades."""
    lock(session, participant_id)
    moved(session, [participant_id])
    session.execute(delete(BRANCH).where(BRANCH.c.id.in_(branch_ids)))


# --- tags and labels ----------------------------------------------------------------------------------------------


def add_tag(session: Session, participant: Any, version: Ensured, name: str, settings: Settings, now: datetime) -> bool:
    """The version carries the tag; True when it did not before. The participant is locked already.

    A usual name may become the main branch; the first tag of a version made a moment ago is its branch too.
    """
    young = now - version.created_at <= timedelta(seconds=settings.use_first_tag_as_branch_time_limit)
    if settings.use_first_tag_as_branch and young and not queries.has_branch_or_tag(session, version.id):
        add_to_branch(session, participant, version, name, settings, now)
    made = session.execute(
        _inserting(dialect_of(session)).tag,
        {"participant_id": participant.id, "version_id": version.id, "name": name, "created_at": now},
    ).scalar()
    if made is not None:
        detect_main_branch(session, participant, name, settings, now)
        if not version.is_new:
            summaries.tagged(session, version.id, name)
    if settings.create_deployed_versions_for_tags:
        deploy_by_tag(session, participant.id, version.id, name, now)
    return made is not None


def remove_tag(session: Session, participant_id: int, version_id: int, name: str) -> None:
    lock(session, participant_id)
    session.execute(delete(TAG).where(TAG.c.version_id == version_id, TAG.c.name == name))
    summaries.untagged(session, version_id, name)


def replace_tags(
    session: Session, participant: Any, version: Ensured, names: Sequence[str], settings: Settings, now: datetime
) -> None:
    """The version carries exactly these tags."""
    for gone in set(queries.tags_of(session, version.id)) - set(names):
        remove_tag(session, participant.id, version.id, gone)
    for name in dict.fromkeys(names):
        add_tag(session, participant, version, name, settings, now)


def add_label(session: Session, participant_id: int, name: str, now: datetime) -> bool:
    """True when the participant had not had the label. One statement."""
    made = session.execute(
        upsert(dialect_of(session), LABEL)
        .values(participant_id=participant_id, name=name, created_at=now)
        .on_conflict_do_nothing()
        .returning(LABEL.c.name)
    ).scalar()
    return made is not None


def remove_label(session: Session, participant_id: int, name: str) -> None:
    session.execute(delete(LABEL).where(LABEL.c.participant_id == participant_id, LABEL.c.name == name))
