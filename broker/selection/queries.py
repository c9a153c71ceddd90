"""From selectors to publications: from a provider's integrations, along indexes, to what is current.

Statements are built once. Each returns rows with consumer, version_id, version_number, contract_id and sha; docstrings
count statements. None of them reads history, except where a selector asks for it (`tag` without `latest`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, Select, and_, bindparam, case, func, select

from tallystick.broker.tables import (
    Branch,
    BranchHead,
    Contract,
    DeployedVersion,
    Environment,
    Integration,
    Participant,
    Publication,
    ReleasedVersion,
    Tag,
    Version,
)

BRANCH: Any = Branch.__table__  # type: ignore[attr-defined]
BRANCH_HEAD: Any = BranchHead.__table__  # type: ignore[attr-defined]
CONTRACT: Any = Contract.__table__  # type: ignore[attr-defined]
DEPLOYED: Any = DeployedVersion.__table__  # type: ignore[attr-defined]
ENVIRONMENT: Any = Environment.__table__  # type: ignore[attr-defined]
INTEGRATION: Any = Integration.__table__  # type: ignore[attr-defined]
PARTICIPANT: Any = Participant.__table__  # type: ignore[attr-defined]
PUBLICATION: Any = Publication.__table__  # type: ignore[attr-defined]
RELEASED: Any = ReleasedVersion.__table__  # type: ignore[attr-defined]
TAG: Any = Tag.__table__  # type: ignore[attr-defined]
VERSION: Any = Version.__table__  # type: ignore[attr-defined]

Rows: TypeAlias = list[Row[Any]]

PROVIDER: Any = bindparam("provider")
CONSUMER = PARTICIPANT.alias("consumer")


def picked(*more: Any) -> Select[Any]:
    """The columns of a pick; the caller joins its way from `INTEGRATION` to `PUBLICATION`."""
    return select(
        CONSUMER.c.name.label("consumer"),
        PUBLICATION.c.version_id,
        VERSION.c.number.label("version_number"),
        PUBLICATION.c.contract_id,
        CONTRACT.c.sha,
        *more,
    )


def published_by(version_id: Any) -> Any:
    """The current publication of this version with the provider.

    "+ 0" keeps planners from entering by the provider, whose publications are all of history; a version has few.
    """
    return and_(
        PUBLICATION.c.version_id == version_id, PUBLICATION.c.provider_id + 0 == PROVIDER, PUBLICATION.c.is_current
    )


def with_content(statement: Select[Any]) -> Select[Any]:
    return statement.join(CONTRACT, CONTRACT.c.id == PUBLICATION.c.contract_id).join(
        VERSION, VERSION.c.id == PUBLICATION.c.version_id
    )


def _from_consumers(*more: Any) -> Select[Any]:
    return (
        picked(*more)
        .select_from(INTEGRATION)
        .join(CONSUMER, CONSUMER.c.id == INTEGRATION.c.consumer_id)
        .where(INTEGRATION.c.provider_id == PROVIDER)
    )


# --- branches -----------------------------------------------------------------------------------------------------

_newest_main_tagged = (
    select(func.max(TAG.c.version_id))
    .where(TAG.c.participant_id == CONSUMER.c.id, TAG.c.name == CONSUMER.c.main_branch)
    .correlate(CONSUMER)
    .scalar_subquery()
)
_newest_published = (
    select(func.max(PUBLICATION.c.version_id))
    .where(PUBLICATION.c.consumer_id == CONSUMER.c.id, PUBLICATION.c.provider_id == PROVIDER, PUBLICATION.c.is_current)
    .correlate(CONSUMER)
    .scalar_subquery()
)
_lines = (
    select(
        CONSUMER.c.name.label("consumer"),
        CONSUMER.c.main_branch,
        BRANCH.c.id.label("branch_id"),
        BRANCH_HEAD.c.version_id.label("head"),
        case((BRANCH.c.id.is_(None), _newest_main_tagged)).label("tagged"),
        case((BRANCH.c.id.is_(None), _newest_published)).label("newest"),
    )
    .select_from(INTEGRATION)
    .join(CONSUMER, CONSUMER.c.id == INTEGRATION.c.consumer_id)
    .outerjoin(BRANCH, and_(BRANCH.c.participant_id == CONSUMER.c.id, BRANCH.c.name == CONSUMER.c.main_branch))
    .outerjoin(BRANCH_HEAD, BRANCH_HEAD.c.branch_id == BRANCH.c.id)
    .where(INTEGRATION.c.provider_id == PROVIDER)
    .subquery("line")
)
_MAIN = (
    select(
        _lines.c.consumer,
        _lines.c.main_branch,
        _lines.c.branch_id,
        _lines.c.tagged,
        PUBLICATION.c.version_id,
        VERSION.c.number.label("version_number"),
        PUBLICATION.c.contract_id,
        CONTRACT.c.sha,
    )
    .select_from(_lines)
    .join(
        PUBLICATION,
        published_by(
            case(
                (_lines.c.branch_id.is_not(None), _lines.c.head), else_=func.coalesce(_lines.c.tagged, _lines.c.newest)
            )
        ),
    )
    .join(CONTRACT, CONTRACT.c.id == PUBLICATION.c.contract_id)
    .join(VERSION, VERSION.c.id == PUBLICATION.c.version_id)
)


def main_lines(connection: Connection, provider_id: int) -> Rows:
    """Each consumer's main branch, or what comes nearest to one.

    `branch_id` is set when the row is the branch's head; else `tagged` when it is the newest version tagged with the
    main branch's name; else it is the newest version with a contract. One statement.
    """
    return list(connection.execute(_MAIN, {"provider": provider_id}))


def heads() -> Select[Any]:
    """Branch heads that have a contract with the provider."""
    return with_content(
        _from_consumers(BRANCH.c.name.label("branch"))
        .join(BRANCH, BRANCH.c.participant_id == CONSUMER.c.id)
        .join(BRANCH_HEAD, BRANCH_HEAD.c.branch_id == BRANCH.c.id)
        .join(PUBLICATION, published_by(BRANCH_HEAD.c.version_id))
    )


_EVERY_HEAD = heads().order_by(BRANCH.c.name)
_NAMED_HEADS = heads().where(BRANCH.c.name.in_(bindparam("branches", expanding=True))).order_by(BRANCH.c.name)


def branch_heads(connection: Connection, provider_id: int, branches: Iterable[str] | None) -> Rows:
    """The heads of these branches (None: of every branch) that have a contract themselves. One statement."""
    if branches is None:
        return list(connection.execute(_EVERY_HEAD, {"provider": provider_id}))
    names = sorted(set(branches))
    return list(connection.execute(_NAMED_HEADS, {"provider": provider_id, "branches": names})) if names else []


# --- tags, newest -------------------------------------------------------------------------------------------------

_newest_tagged = (
    select(func.max(TAG.c.version_id))
    .where(TAG.c.participant_id == CONSUMER.c.id, TAG.c.name == bindparam("tag"))
    .correlate(CONSUMER)
    .scalar_subquery()
)
_NEWEST_TAGGED = with_content(_from_consumers().join(PUBLICATION, published_by(_newest_tagged)))
_ALL_TAGGED = with_content(
    _from_consumers(TAG.c.name.label("tag"))
    .join(
        TAG,
        and_(TAG.c.participant_id == CONSUMER.c.id, TAG.c.name.in_(bindparam("tags", expanding=True))),
    )
    .join(PUBLICATION, published_by(TAG.c.version_id))
).order_by(TAG.c.name)
_NEWEST = with_content(_from_consumers().join(PUBLICATION, published_by(_newest_published)))


def newest_tagged(connection: Connection, provider_id: int, tag: str) -> Rows:
    """The newest version of each consumer with the tag, where that version has a contract. One statement."""
    return list(connection.execute(_NEWEST_TAGGED, {"provider": provider_id, "tag": tag}))


def all_tagged(connection: Connection, provider_id: int, tags: Iterable[str]) -> Rows:
    """Every version that carries one of the tags and has a contract: as many as there are. One statement."""
    names = sorted(set(tags))
    return list(connection.execute(_ALL_TAGGED, {"provider": provider_id, "tags": names})) if names else []


def newest(connection: Connection, provider_id: int) -> Rows:
    """The newest contract of each consumer. One statement."""
    return list(connection.execute(_NEWEST, {"provider": provider_id}))


# --- environments -------------------------------------------------------------------------------------------------

ENVIRONMENT_NAME = ENVIRONMENT.c.name.label("environment")
_DEPLOYED = with_content(
    _from_consumers(ENVIRONMENT_NAME, DEPLOYED.c.application_instance.label("instance"))
    .join(DEPLOYED, and_(DEPLOYED.c.participant_id == CONSUMER.c.id, DEPLOYED.c.currently_deployed))
    .join(ENVIRONMENT, ENVIRONMENT.c.id == DEPLOYED.c.environment_id)
    .join(PUBLICATION, published_by(DEPLOYED.c.version_id))
).order_by(ENVIRONMENT.c.name, DEPLOYED.c.id)
_RELEASED = with_content(
    _from_consumers(ENVIRONMENT_NAME)
    .join(RELEASED, and_(RELEASED.c.participant_id == CONSUMER.c.id, RELEASED.c.currently_supported))
    .join(ENVIRONMENT, ENVIRONMENT.c.id == RELEASED.c.environment_id)
    .join(PUBLICATION, published_by(RELEASED.c.version_id))
).order_by(ENVIRONMENT.c.name, RELEASED.c.id)
_NAMED = select(ENVIRONMENT.c.name).where(ENVIRONMENT.c.name.in_(bindparam("names", expanding=True)))


def deployed(connection: Connection, provider_id: int) -> Rows:
    """Contracts of what is deployed anywhere. One statement."""
    return list(connection.execute(_DEPLOYED, {"provider": provider_id}))


def released(connection: Connection, provider_id: int) -> Rows:
    """Contracts of what is released and supported anywhere. One statement."""
    return list(connection.execute(_RELEASED, {"provider": provider_id}))


def environments_that_exist(connection: Connection, names: Iterable[str]) -> frozenset[str]:
    """Those of the names that exist. One statement, none for no names."""
    wanted = sorted(set(names))
    return frozenset(connection.execute(_NAMED, {"names": wanted}).scalars()) if wanted else frozenset()


# --- the provider -------------------------------------------------------------------------------------------------

_PROVIDER = select(PARTICIPANT.c.id, PARTICIPANT.c.name, PARTICIPANT.c.main_branch).where(
    PARTICIPANT.c.name == bindparam("name")
)


def provider_named(connection: Connection, name: str) -> Row[Any] | None:
    """One statement."""
    return connection.execute(_PROVIDER, {"name": name}).first()
