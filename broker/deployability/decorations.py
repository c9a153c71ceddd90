"""What is told of versions beside their numbers: branches, tags, environments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, true, union_all

from tallystick.broker.deployability.queries import (
    BRANCH,
    BRANCH_HEAD,
    BRANCH_VERSION,
    DEPLOYED,
    ENVIRONMENT,
    RELEASED,
    TAG,
)


@dataclass(frozen=True, slots=True)
class Named:
    """A branch or tag of a version; `latest` when no newer version has it."""

    name: str
    latest: bool


@dataclass(frozen=True, slots=True)
class Place:
    """An environment that a version is in."""

    uuid: str
    name: str
    display_name: str | None
    production: bool
    created_at: datetime


@dataclass(slots=True)
class Decoration:
    """Branches and tags in the order they were given, environments in the order they were recorded."""

    branches: list[Named] = field(default_factory=list)
    tags: list[Named] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    @property
    def branch(self) -> str | None:
        """The branch that the version was added to last."""
        return self.branches[-1].name if self.branches else None


def _among(column: Any) -> Any:
    return column.in_(bindparam("versions", expanding=True))


_BRANCHES = (
    select(BRANCH_VERSION.c.version_id, BRANCH.c.name, BRANCH_HEAD.c.version_id.label("head"))
    .join(BRANCH, BRANCH.c.id == BRANCH_VERSION.c.branch_id)
    .outerjoin(BRANCH_HEAD, BRANCH_HEAD.c.branch_id == BRANCH_VERSION.c.branch_id)
    .where(_among(BRANCH_VERSION.c.version_id))
    .order_by(BRANCH_VERSION.c.id)
)
_NEWER = TAG.alias("newer")
_TAGS = (
    select(
        TAG.c.version_id,
        TAG.c.name,
        select(_NEWER.c.version_id)
        .where(_NEWER.c.participant_id == TAG.c.participant_id, _NEWER.c.name == TAG.c.name)
        .order_by(_NEWER.c.version_id.desc())
        .limit(1)
        .scalar_subquery()
        .label("newest"),
    )
    .where(_among(TAG.c.version_id))
    .order_by(TAG.c.created_at, TAG.c.name)
)
_LIVE = union_all(
    select(DEPLOYED.c.version_id, DEPLOYED.c.environment_id, DEPLOYED.c.created_at).where(
        _among(DEPLOYED.c.version_id), DEPLOYED.c.currently_deployed == true()
    ),
    select(RELEASED.c.version_id, RELEASED.c.environment_id, RELEASED.c.created_at).where(
        _among(RELEASED.c.version_id), RELEASED.c.currently_supported == true()
    ),
).subquery("live")
_PLACES = (
    select(
        _LIVE.c.version_id,
        ENVIRONMENT.c.uuid,
        ENVIRONMENT.c.name,
        ENVIRONMENT.c.display_name,
        ENVIRONMENT.c.production,
        ENVIRONMENT.c.created_at,
    )
    .join(ENVIRONMENT, ENVIRONMENT.c.id == _LIVE.c.environment_id)
    .group_by(
        _LIVE.c.version_id,
        ENVIRONMENT.c.uuid,
        ENVIRONMENT.c.name,
        ENVIRONMENT.c.display_name,
        ENVIRONMENT.c.production,
        ENVIRONMENT.c.created_at,
    )
    .order_by(func.min(_LIVE.c.created_at), ENVIRONMENT.c.name)
)


AT_ONCE: Final = 8_000
"""Versions asked about in one statement: a database takes only so many parameters."""


def decorations(connection: Connection, versions: Iterable[int | None]) -> dict[int, Decoration]:
    """For each version (None is passed over) what it is called and where it is.

    Three statements for any number of versions up to `AT_ONCE`, three more for every further so many, none for none.
    """
    ids = sorted({version for version in versions if version is not None})
    found = {id_: Decoration() for id_ in ids}
    for start in range(0, len(ids), AT_ONCE):
        values = {"versions": ids[start : start + AT_ONCE]}
        for row in connection.execute(_BRANCHES, values):
            found[row.version_id].branches.append(Named(row.name, row.head == row.version_id))
        for row in connection.execute(_TAGS, values):
            found[row.version_id].tags.append(Named(row.name, row.newest == row.version_id))
        for row in connection.execute(_PLACES, values):
            place = Place(row.uuid, row.name, row.display_name, row.production, row.created_at)
            found[row.version_id].places.append(place)
    return found
