"""What pages ask beyond the questions of the features: lists of names, and what is live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, true

from tallystick.broker import tables
from tallystick.broker.deployability.queries import (
    BRANCH,
    BRANCH_HEAD,
    CONTRACT,
    ENVIRONMENT,
    HEAD,
    PARTICIPANT,
    PUBLICATION,
    VERIFICATION,
    VERSION,
)

LABEL: Any = tables.Label.__table__  # type: ignore[attr-defined]
PLAN: Any = tables.Plan.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Environment:
    id: int
    name: str
    title: str
    production: bool


@dataclass(frozen=True, slots=True)
class Participant:
    id: int
    name: str
    display_name: str | None
    main_branch: str | None
    repository_url: str | None
    created_at: datetime
    static_evidence: bool


@dataclass(frozen=True, slots=True)
class Head:
    """A branch and its newest version."""

    branch: str
    version_id: int
    number: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    id: int
    number: str
    build_url: str | None
    created_at: datetime


_ENVIRONMENTS = select(
    ENVIRONMENT.c.id,
    ENVIRONMENT.c.name,
    func.coalesce(ENVIRONMENT.c.display_name, ENVIRONMENT.c.name),
    ENVIRONMENT.c.production,
).order_by(ENVIRONMENT.c.production.desc(), ENVIRONMENT.c.name)
_COUNT = select(func.count()).select_from(PARTICIPANT)
_NAMES = select(PARTICIPANT.c.name).order_by(PARTICIPANT.c.name_lower).limit(bindparam("most"))
_PARTICIPANT = select(
    PARTICIPANT.c.id,
    PARTICIPANT.c.name,
    PARTICIPANT.c.display_name,
    PARTICIPANT.c.main_branch,
    PARTICIPANT.c.repository_url,
    PARTICIPANT.c.created_at,
    PARTICIPANT.c.static_evidence,
).where(PARTICIPANT.c.name == bindparam("name"))
_LABELS = select(LABEL.c.name).where(LABEL.c.participant_id == bindparam("participant")).order_by(LABEL.c.name)
_HEADS = (
    select(BRANCH.c.name, VERSION.c.id, VERSION.c.number, BRANCH.c.updated_at)
    .join(BRANCH_HEAD, BRANCH_HEAD.c.branch_id == BRANCH.c.id)
    .join(VERSION, VERSION.c.id == BRANCH_HEAD.c.version_id)
    .where(BRANCH.c.participant_id == bindparam("participant"))
    .order_by(BRANCH.c.updated_at.desc(), BRANCH.c.id.desc())
    .limit(bindparam("most"))
)
_VERSIONS = (
    select(VERSION.c.id, VERSION.c.number, VERSION.c.build_url, VERSION.c.created_at)
    .where(VERSION.c.participant_id == bindparam("participant"))
    .order_by(VERSION.c.id.desc())
    .limit(bindparam("most"))
)


def environments(connection: Connection) -> list[Environment]:
    """All environments, production first. One statement."""
    return [Environment(*row) for row in connection.execute(_ENVIRONMENTS)]


def count_participants(connection: Connection) -> int:
    """How many applications there are. One statement."""
    return int(connection.execute(_COUNT).scalar_one())


def names(connection: Connection, most: int = 500) -> list[str]:
    """Names of applications, for choosing from. One statement."""
    return list(connection.execute(_NAMES, {"most": most}).scalars())


def participant(connection: Connection, name: str) -> Participant | None:
    """An application by its name. One statement."""
    row = connection.execute(_PARTICIPANT, {"name": name}).first()
    return Participant(*row) if row else None


def labels(connection: Connection, participant_id: int) -> Sequence[str]:
    """An application's labels. One statement."""
    return list(connection.execute(_LABELS, {"participant": participant_id}).scalars())


def heads(connection: Connection, participant_id: int, most: int) -> list[Head]:
    """Branches with their heads, the most recently moved first. One statement."""
    return [Head(*row) for row in connection.execute(_HEADS, {"participant": participant_id, "most": most})]


def newest_versions(connection: Connection, participant_id: int, most: int) -> list[Version]:
    """The newest versions. One statement."""
    return [Version(*row) for row in connection.execute(_VERSIONS, {"participant": participant_id, "most": most})]


@dataclass(frozen=True, slots=True)
class Published:
    """A contract as one version published it."""

    version_id: int
    number: str
    sha: str
    at: datetime


_PUBLICATIONS = (
    select(PUBLICATION.c.version_id, VERSION.c.number, CONTRACT.c.sha, PUBLICATION.c.created_at)
    .join(VERSION, VERSION.c.id == PUBLICATION.c.version_id)
    .join(CONTRACT, CONTRACT.c.id == PUBLICATION.c.contract_id)
    .where(
        PUBLICATION.c.consumer_id == bindparam("consumer"),
        PUBLICATION.c.provider_id == bindparam("provider"),
        PUBLICATION.c.is_current == true(),
    )
    .order_by(PUBLICATION.c.version_id.desc())
    .limit(bindparam("most"))
)


def publications(connection: Connection, consumer_id: int, provider_id: int, most: int) -> list[Published]:
    """The newest contracts of a pair. One statement."""
    values = {"consumer": consumer_id, "provider": provider_id, "most": most}
    return [Published(*row) for row in connection.execute(_PUBLICATIONS, values)]


@dataclass(frozen=True, slots=True)
class Result:
    """The newest result that a provider version gave for a content."""

    id: int
    version_id: int
    number: str
    success: bool
    at: datetime
    build_url: str | None
    result: int  # the number that URLs name


_RESULTS = (
    select(
        HEAD.c.verification_id,
        HEAD.c.provider_version_id,
        VERSION.c.number,
        HEAD.c.success,
        VERIFICATION.c.executed_at,
        VERIFICATION.c.build_url,
        VERIFICATION.c.number.label("result"),
    )
    .join(VERSION, VERSION.c.id == HEAD.c.provider_version_id)
    .join(VERIFICATION, VERIFICATION.c.id == HEAD.c.verification_id)
    .where(HEAD.c.contract_id == bindparam("contract"))
    .order_by(HEAD.c.provider_version_id.desc())
    .limit(bindparam("most"))
)


def results_of(connection: Connection, contract_id: int, most: int) -> list[Result]:
    """What the newest provider versions made of a content. One statement."""
    return [Result(*row) for row in connection.execute(_RESULTS, {"contract": contract_id, "most": most})]


@dataclass(frozen=True, slots=True)
class OpenPlan:
    """A planned change whose gate is open: the old shape may go, and somebody has to take it away."""

    uuid: str
    title: str
    provider: str


_OPEN_PLANS = select(func.count()).select_from(PLAN).where(PLAN.c.closed_at.is_(None))
_OPEN_GATES = (
    select(PLAN.c.uuid, PLAN.c.title, PARTICIPANT.c.name)
    .join(PARTICIPANT, PARTICIPANT.c.id == PLAN.c.provider_id)
    .where(PLAN.c.closed_at.is_(None), PLAN.c.stage == "contract")
    .order_by(PLAN.c.updated_at.desc(), PLAN.c.id.desc())
    .limit(bindparam("most"))
)


def count_open_plans(connection: Connection) -> int:
    """How many changes are planned and not closed. One statement."""
    return int(connection.execute(_OPEN_PLANS).scalar_one())


def open_gates(connection: Connection, most: int) -> list[OpenPlan]:
    """The plans whose old shape may go, the one that was told last first. One statement."""
    return [OpenPlan(*row) for row in connection.execute(_OPEN_GATES, {"most": most})]
