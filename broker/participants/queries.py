"""What is asked about participants and their versions. Rows are SQLAlchemy rows; every docstring counts statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, Select, and_, bindparam, exists, func, select
from sqlalchemy.orm import Session

from tallystick.broker.http.pages import Page
from tallystick.broker.tables import (
    Branch,
    BranchHead,
    BranchVersion,
    DeployedVersion,
    Environment,
    Label,
    Participant,
    Publication,
    ReleasedVersion,
    Tag,
    Version,
)

Db: TypeAlias = Connection | Session

PARTICIPANT: Any = Participant.__table__  # type: ignore[attr-defined]
LABEL: Any = Label.__table__  # type: ignore[attr-defined]
VERSION: Any = Version.__table__  # type: ignore[attr-defined]
BRANCH: Any = Branch.__table__  # type: ignore[attr-defined]
BRANCH_VERSION: Any = BranchVersion.__table__  # type: ignore[attr-defined]
BRANCH_HEAD: Any = BranchHead.__table__  # type: ignore[attr-defined]
TAG: Any = Tag.__table__  # type: ignore[attr-defined]
PUBLICATION: Any = Publication.__table__  # type: ignore[attr-defined]
ENVIRONMENT: Any = Environment.__table__  # type: ignore[attr-defined]
DEPLOYED: Any = DeployedVersion.__table__  # type: ignore[attr-defined]
RELEASED: Any = ReleasedVersion.__table__  # type: ignore[attr-defined]

# --- participants -------------------------------------------------------------------------------------------------

_NAMED = select(PARTICIPANT).where(PARTICIPANT.c.name == bindparam("name"))
_SEVERAL = select(PARTICIPANT).where(PARTICIPANT.c.name.in_(bindparam("names", expanding=True)))
_ALL_NAMES = select(PARTICIPANT.c.name)


def participant_named(db: Db, name: str) -> Row[Any] | None:
    """By its exact name. One statement."""
    return db.execute(_NAMED, {"name": name}).first()


def participants_named(db: Db, names: Sequence[str]) -> dict[str, Row[Any]]:
    """Those of the names that exist. One statement."""
    return {row.name: row for row in db.execute(_SEVERAL, {"names": sorted(set(names))})}


def all_names(db: Db) -> list[str]:
    """Every participant's name. One statement."""
    return list(db.execute(_ALL_NAMES).scalars())


def participants(
    db: Db, *, page: Page | None = None, containing: str | None = None, label: str | None = None
) -> tuple[list[Row[Any]], int]:
    """Participants by lower-cased name, and how many there are in all. Two statements when paged, else one."""
    found = select(PARTICIPANT)
    if containing:
        found = found.where(PARTICIPANT.c.name_lower.contains(containing.lower(), autoescape=True))
    if label is not None:
        found = found.where(
            exists()
            .where(and_(LABEL.c.participant_id == PARTICIPANT.c.id, LABEL.c.name == label))
            .correlate(PARTICIPANT)
        )
    return _paged(db, found, [PARTICIPANT.c.name_lower, PARTICIPANT.c.name], page)


def labels_of(db: Db, participant_ids: Sequence[int]) -> dict[int, list[str]]:
    """Label names by participant, each list ordered. One statement."""
    found: dict[int, list[str]] = {}
    for row in db.execute(
        select(LABEL.c.participant_id, LABEL.c.name)
        .where(LABEL.c.participant_id.in_(participant_ids))
        .order_by(LABEL.c.name)
    ):
        found.setdefault(row.participant_id, []).append(row.name)
    return found


def label(db: Db, participant_id: int, name: str) -> Row[Any] | None:
    """One statement."""
    return db.execute(select(LABEL).where(LABEL.c.participant_id == participant_id, LABEL.c.name == name)).first()


def label_names(db: Db, page: Page | None) -> tuple[list[Row[Any]], int]:
    """Distinct label names in order. Two statements when paged, else one."""
    return _paged(db, select(LABEL.c.name).distinct(), [LABEL.c.name], page)


def latest_version_numbers(db: Db, participant_ids: Sequence[int]) -> dict[int, str]:
    """Each participant's newest version. One statement, one index seek per participant."""
    own = VERSION.alias()
    newest = (
        select(func.max(own.c.id)).where(own.c.participant_id == PARTICIPANT.c.id).correlate(PARTICIPANT)
    ).scalar_subquery()
    rows = db.execute(
        select(VERSION.c.participant_id, VERSION.c.number)
        .select_from(PARTICIPANT)
        .join(VERSION, VERSION.c.id == newest)
        .where(PARTICIPANT.c.id.in_(participant_ids))
    )
    return {row.participant_id: row.number for row in rows}


# --- versions -----------------------------------------------------------------------------------------------------

_VERSION = (
    select(VERSION)
    .join(PARTICIPANT, PARTICIPANT.c.id == VERSION.c.participant_id)
    .where(PARTICIPANT.c.name == bindparam("name"), VERSION.c.number == bindparam("number"))
)
_NUMBERED = select(VERSION).where(
    VERSION.c.participant_id == bindparam("participant"), VERSION.c.number == bindparam("number")
)


def version(db: Db, participant: str, number: str) -> Row[Any] | None:
    """A version by its participant's name and its own number. One statement."""
    return db.execute(_VERSION, {"name": participant, "number": number}).first()


def version_numbered(db: Db, participant_id: int, number: str) -> Row[Any] | None:
    """One statement."""
    return db.execute(_NUMBERED, {"participant": participant_id, "number": number}).first()


def versions(db: Db, participant_id: int, page: Page | None) -> tuple[list[Row[Any]], int]:
    """Newest first. Two statements when paged, else one."""
    found = select(VERSION).where(VERSION.c.participant_id == participant_id)
    return _paged(db, found, [VERSION.c.id.desc()], page)


def versions_tagged(db: Db, participant_id: int, tag: str, page: Page | None) -> tuple[list[Row[Any]], int]:
    """Newest first. Two statements when paged, else one."""
    found = (
        select(VERSION)
        .join(TAG, TAG.c.version_id == VERSION.c.id)
        .where(TAG.c.participant_id == participant_id, TAG.c.name == tag)
    )
    return _paged(db, found, [VERSION.c.id.desc()], page)


def versions_on_branch(db: Db, branch_id: int, page: Page | None) -> tuple[list[Row[Any]], int]:
    """Newest first. Two statements when paged, else one."""
    found = (
        select(VERSION)
        .join(BRANCH_VERSION, BRANCH_VERSION.c.version_id == VERSION.c.id)
        .where(BRANCH_VERSION.c.branch_id == branch_id)
    )
    return _paged(db, found, [VERSION.c.id.desc()], page)


def versions_in_environment(
    db: Db, participant_id: int, environment_id: int, page: Page | None
) -> tuple[list[Row[Any]], int]:
    """Every version ever deployed or released there, newest first. Two statements when paged, else one."""
    deployed = select(DEPLOYED.c.version_id).where(
        DEPLOYED.c.participant_id == participant_id, DEPLOYED.c.environment_id == environment_id
    )
    released = select(RELEASED.c.version_id).where(
        RELEASED.c.participant_id == participant_id, RELEASED.c.environment_id == environment_id
    )
    found = select(VERSION).where(VERSION.c.id.in_(deployed.union(released)))
    return _paged(db, found, [VERSION.c.id.desc()], page)


def latest_version(db: Db, participant_id: int, tag: str | None = None) -> Row[Any] | None:
    """The newest version, or the newest that carries the tag. One statement."""
    found = select(VERSION).where(VERSION.c.participant_id == participant_id)
    if tag is not None:
        found = (
            select(VERSION)
            .join(TAG, TAG.c.version_id == VERSION.c.id)
            .where(TAG.c.participant_id == participant_id, TAG.c.name == tag)
        )
    return db.execute(found.order_by(VERSION.c.id.desc()).limit(1)).first()


def branch_head(db: Db, participant_id: int, branch: str) -> Row[Any] | None:
    """The version at the head of a branch. One statement."""
    return db.execute(
        select(VERSION)
        .join(BRANCH_HEAD, BRANCH_HEAD.c.version_id == VERSION.c.id)
        .join(BRANCH, BRANCH.c.id == BRANCH_HEAD.c.branch_id)
        .where(BRANCH.c.participant_id == participant_id, BRANCH.c.name == branch)
    ).first()


class Surroundings:
    """What belongs to some versions: branches, tags, contracts, deployments, releases, each by version id."""

    __slots__ = ("branches", "deployed", "pacts", "released", "tags")

    def __init__(self) -> None:
        self.branches: dict[int, list[Row[Any]]] = {}  # name, is_head
        self.tags: dict[int, list[str]] = {}
        self.pacts: dict[int, list[str]] = {}  # provider names
        self.deployed: dict[int, list[Row[Any]]] = {}
        self.released: dict[int, list[Row[Any]]] = {}


def surroundings(db: Db, version_ids: Sequence[int]) -> Surroundings:
    """Five statements, however many versions."""
    around = Surroundings()
    for row in db.execute(
        select(
            BRANCH_VERSION.c.version_id,
            BRANCH.c.name,
            (BRANCH_HEAD.c.version_id == BRANCH_VERSION.c.version_id).label("is_head"),
        )
        .join(BRANCH, BRANCH.c.id == BRANCH_VERSION.c.branch_id)
        .outerjoin(BRANCH_HEAD, BRANCH_HEAD.c.branch_id == BRANCH.c.id)
        .where(BRANCH_VERSION.c.version_id.in_(version_ids))
        .order_by(BRANCH.c.name)
    ):
        around.branches.setdefault(row.version_id, []).append(row)
    for row in db.execute(
        select(TAG.c.version_id, TAG.c.name).where(TAG.c.version_id.in_(version_ids)).order_by(TAG.c.name)
    ):
        around.tags.setdefault(row.version_id, []).append(row.name)
    for row in db.execute(
        select(PUBLICATION.c.version_id, PARTICIPANT.c.name)
        .join(PARTICIPANT, PARTICIPANT.c.id == PUBLICATION.c.provider_id)
        .where(PUBLICATION.c.version_id.in_(version_ids), PUBLICATION.c.is_current)
        .order_by(PARTICIPANT.c.name)
    ):
        around.pacts.setdefault(row.version_id, []).append(row.name)
    for row in db.execute(
        select(
            DEPLOYED.c.version_id,
            DEPLOYED.c.uuid,
            DEPLOYED.c.currently_deployed,
            DEPLOYED.c.application_instance,
            ENVIRONMENT.c.name,
            ENVIRONMENT.c.display_name,
        )
        .join(ENVIRONMENT, ENVIRONMENT.c.id == DEPLOYED.c.environment_id)
        .where(DEPLOYED.c.version_id.in_(version_ids))
        .order_by(DEPLOYED.c.id)
    ):
        around.deployed.setdefault(row.version_id, []).append(row)
    for row in db.execute(
        select(
            RELEASED.c.version_id,
            RELEASED.c.uuid,
            RELEASED.c.currently_supported,
            ENVIRONMENT.c.name,
            ENVIRONMENT.c.display_name,
        )
        .join(ENVIRONMENT, ENVIRONMENT.c.id == RELEASED.c.environment_id)
        .where(RELEASED.c.version_id.in_(version_ids))
        .order_by(RELEASED.c.id)
    ):
        around.released.setdefault(row.version_id, []).append(row)
    return around


def live_deployments(db: Db, participant_id: int) -> list[Row[Any]]:
    """What of a participant is deployed now, by environment. One statement."""
    return list(
        db.execute(
            select(DEPLOYED.c.uuid, DEPLOYED.c.application_instance, ENVIRONMENT.c.name, ENVIRONMENT.c.display_name)
            .join(ENVIRONMENT, ENVIRONMENT.c.id == DEPLOYED.c.environment_id)
            .where(DEPLOYED.c.participant_id == participant_id, DEPLOYED.c.currently_deployed)
            .order_by(ENVIRONMENT.c.name, DEPLOYED.c.id)
        )
    )


# --- branches and tags --------------------------------------------------------------------------------------------

_BRANCH = select(BRANCH).where(
    BRANCH.c.participant_id == bindparam("participant"), BRANCH.c.name == bindparam("branch")
)


def branch(db: Db, participant_id: int, name: str) -> Row[Any] | None:
    """One statement."""
    return db.execute(_BRANCH, {"participant": participant_id, "branch": name}).first()


def branches(db: Db, participant_id: int, page: Page | None, containing: str | None) -> tuple[list[Row[Any]], int]:
    """Most recently changed first. Two statements when paged, else one."""
    found = select(BRANCH).where(BRANCH.c.participant_id == participant_id)
    if containing:
        found = found.where(func.lower(BRANCH.c.name).contains(containing.lower(), autoescape=True))
    return _paged(db, found, [BRANCH.c.updated_at.desc(), BRANCH.c.id.desc()], page)


def branch_membership(db: Db, participant_id: int, branch: str, number: str) -> Row[Any] | None:
    """The membership of a version in a branch. One statement."""
    return db.execute(
        select(BRANCH_VERSION)
        .join(BRANCH, BRANCH.c.id == BRANCH_VERSION.c.branch_id)
        .join(VERSION, VERSION.c.id == BRANCH_VERSION.c.version_id)
        .where(BRANCH.c.participant_id == participant_id, BRANCH.c.name == branch, VERSION.c.number == number)
    ).first()


def tag(db: Db, participant_id: int, number: str, name: str) -> Row[Any] | None:
    """One statement."""
    return db.execute(
        select(TAG)
        .join(VERSION, VERSION.c.id == TAG.c.version_id)
        .where(VERSION.c.participant_id == participant_id, VERSION.c.number == number, TAG.c.name == name)
    ).first()


def has_branch_or_tag(db: Db, version_id: int) -> bool:
    """One statement."""
    return bool(
        db.execute(
            select(
                exists().where(BRANCH_VERSION.c.version_id == version_id)
                | exists().where(TAG.c.version_id == version_id)
            )
        ).scalar()
    )


_TAGS = select(TAG.c.name).where(TAG.c.version_id == bindparam("version")).order_by(TAG.c.name)


def tags_of(db: Db, version_id: int) -> list[str]:
    """The version's tags by name. One statement."""
    return list(db.execute(_TAGS, {"version": version_id}).scalars())


def _paged(db: Db, found: Select[Any], order: Sequence[Any], page: Page | None) -> tuple[list[Row[Any]], int]:
    if page is None:
        rows = list(db.execute(found.order_by(*order)))
        return rows, len(rows)
    total: int = db.execute(select(func.count()).select_from(found.subquery())).scalar_one()
    return list(db.execute(found.order_by(*order).limit(page.size).offset(page.offset))), total
