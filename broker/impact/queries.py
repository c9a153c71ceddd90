"""What is asked about users of a provider. A `standing` is a reason why a version's contract counts today."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import orjson
from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    exists,
    literal,
    null,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import Session

from tallystick.broker.tables import (
    ApiDescription,
    Branch,
    BranchHead,
    BranchVersion,
    Contract,
    ContractInteraction,
    DeployedVersion,
    DeploymentEvent,
    Environment,
    FailureInterval,
    Integration,
    InteractionUsage,
    Operation,
    Participant,
    Plan,
    Publication,
    ReleasedVersion,
    Version,
)

Db: TypeAlias = Connection | Session
T = TypeVar("T")

PARTICIPANT: Any = Participant.__table__  # type: ignore[attr-defined]
VERSION: Any = Version.__table__  # type: ignore[attr-defined]
BRANCH: Any = Branch.__table__  # type: ignore[attr-defined]
ADDED: Any = BranchVersion.__table__  # type: ignore[attr-defined]
HEAD: Any = BranchHead.__table__  # type: ignore[attr-defined]
INTEGRATION: Any = Integration.__table__  # type: ignore[attr-defined]
CONTRACT: Any = Contract.__table__  # type: ignore[attr-defined]
PUBLICATION: Any = Publication.__table__  # type: ignore[attr-defined]
CONTAINED: Any = ContractInteraction.__table__  # type: ignore[attr-defined]
USAGE: Any = InteractionUsage.__table__  # type: ignore[attr-defined]
OPERATION: Any = Operation.__table__  # type: ignore[attr-defined]
ENVIRONMENT: Any = Environment.__table__  # type: ignore[attr-defined]
DEPLOYED: Any = DeployedVersion.__table__  # type: ignore[attr-defined]
RELEASED: Any = ReleasedVersion.__table__  # type: ignore[attr-defined]
HAPPENED: Any = DeploymentEvent.__table__  # type: ignore[attr-defined]
FAILURE: Any = FailureInterval.__table__  # type: ignore[attr-defined]
DESCRIPTION: Any = ApiDescription.__table__  # type: ignore[attr-defined]
PLAN: Any = Plan.__table__  # type: ignore[attr-defined]

CONSUMER = PARTICIPANT.alias("consumer")
_MAX_NAMED = 500  # values of one IN list


# --- who counts today ---------------------------------------------------------------------------------------------

_WHO = (
    INTEGRATION.c.provider_id,
    CONSUMER.c.name.label("consumer"),
    CONSUMER.c.id.label("consumer_id"),
    VERSION.c.number,
    VERSION.c.id.label("version_id"),
    PUBLICATION.c.contract_id,
)
_NOT_LIVE = (
    null().label("environment"),
    null().label("production"),
    null().label("contacts"),
    literal("").label("instance"),
    PUBLICATION.c.created_at.label("since"),
)


def _published(version_id: Any) -> Any:
    return and_(
        PUBLICATION.c.version_id == version_id,
        PUBLICATION.c.provider_id == INTEGRATION.c.provider_id,
        PUBLICATION.c.is_current,
    )


def _live(table: Any, current: Any, kind: str, instance: Any, of: Any) -> Any:
    return (
        select(
            *_WHO,
            literal(kind).label("kind"),
            ENVIRONMENT.c.name.label("environment"),
            ENVIRONMENT.c.production,
            ENVIRONMENT.c.contacts,
            instance.label("instance"),
            table.c.created_at.label("since"),
        )
        .join_from(INTEGRATION, table, and_(table.c.participant_id == INTEGRATION.c.consumer_id, current))
        .join(PUBLICATION, _published(table.c.version_id))
        .join(VERSION, VERSION.c.id == table.c.version_id)
        .join(CONSUMER, CONSUMER.c.id == INTEGRATION.c.consumer_id)
        .join(ENVIRONMENT, ENVIRONMENT.c.id == table.c.environment_id)
        .where(of)
    )


_MAIN = (
    select(*_WHO, literal("main").label("kind"), *_NOT_LIVE)
    .join_from(INTEGRATION, CONSUMER, CONSUMER.c.id == INTEGRATION.c.consumer_id)
    .join(BRANCH, and_(BRANCH.c.participant_id == CONSUMER.c.id, BRANCH.c.name == CONSUMER.c.main_branch))
    .join(HEAD, HEAD.c.branch_id == BRANCH.c.id)
    .join(PUBLICATION, _published(HEAD.c.version_id))
    .join(VERSION, VERSION.c.id == HEAD.c.version_id)
)
_OWN_HEAD = exists().where(
    BRANCH.c.participant_id == CONSUMER.c.id, BRANCH.c.name == CONSUMER.c.main_branch, HEAD.c.branch_id == BRANCH.c.id
)
_OTHER = PUBLICATION.alias("other")
_NEWEST = (
    select(*_WHO, literal("newest").label("kind"), *_NOT_LIVE)
    .join_from(INTEGRATION, CONSUMER, CONSUMER.c.id == INTEGRATION.c.consumer_id)
    .join(
        PUBLICATION,
        _published(
            select(_OTHER.c.version_id)
            .where(
                _OTHER.c.consumer_id == INTEGRATION.c.consumer_id,
                _OTHER.c.provider_id == INTEGRATION.c.provider_id,
                _OTHER.c.is_current,
            )
            .order_by(_OTHER.c.version_id.desc())
            .limit(1)
            .correlate(INTEGRATION)
            .scalar_subquery()
        ),
    )
    .join(VERSION, VERSION.c.id == PUBLICATION.c.version_id)
    .where(~_OWN_HEAD)
)


def _standings(of: Any) -> Any:
    """Every reason why a contract counts, of the integrations that are meant."""
    return union_all(
        _live(DEPLOYED, DEPLOYED.c.currently_deployed, "deployed", DEPLOYED.c.application_instance, of),
        _live(RELEASED, RELEASED.c.currently_supported, "released", literal(""), of),
        _MAIN.where(of),
        _NEWEST.where(of),
    )


_STANDINGS = _standings(INTEGRATION.c.provider_id == bindparam("provider"))
_STANDINGS_BETWEEN = _standings(
    and_(
        INTEGRATION.c.provider_id.in_(bindparam("providers", expanding=True)),
        INTEGRATION.c.consumer_id.in_(bindparam("consumers", expanding=True)),
    )
)


def standings(db: Db, provider_id: int) -> list[Row[Any]]:
    """Every reason why a contract with the provider counts: a row per version and place. One statement.

    Deployed, released and supported, head of the consumer's main branch; for a consumer whose main branch is not known
    or has no versions the newest version with a contract.
    """
    rows = db.execute(_STANDINGS, {"provider": provider_id}).all()
    return sorted(rows, key=_in_order)


def standings_between(db: Db, provider_ids: Collection[int], consumer_ids: Collection[int]) -> list[Row[Any]]:
    """The same of some consumers with some providers. One statement."""
    named = {"providers": sorted(provider_ids), "consumers": sorted(consumer_ids)}
    return sorted(db.execute(_STANDINGS_BETWEEN, named).all(), key=_in_order)


def _in_order(row: Row[Any]) -> tuple[Any, ...]:
    return row.consumer, row.version_id, row.environment or "~", row.kind, row.instance


# --- what they use ------------------------------------------------------------------------------------------------


class Use(NamedTuple):
    """A place that an interaction of a contract relies on."""

    contract_id: int
    description: str
    interaction_sha: str
    method: str
    template: str
    part: str
    path: str
    strictness: str
    detail: str


def operations(db: Db, provider_id: int) -> dict[tuple[str, str], int]:
    """(method, template) of everything that was ever used of the provider, in order, and its id. One statement."""
    rows = db.execute(
        select(OPERATION.c.id, OPERATION.c.method, OPERATION.c.template)
        .where(OPERATION.c.provider_id == provider_id)
        .order_by(OPERATION.c.method, OPERATION.c.template)
    )
    return {(row.method, row.template): row.id for row in rows}


def uses(db: Db, contract_ids: Sequence[int], operations: Mapping[tuple[str, str], int]) -> list[Use]:
    """What those contracts use of those operations (as `operations` has them). One statement per 500 contracts.

    Costs what is found: contracts and operations are sought together in one index.
    """
    meant = {key: operation for operation, key in operations.items()}
    rows: list[Row[Any]] = []
    for some in _some(contract_ids):
        rows += db.execute(
            select(
                CONTAINED.c.contract_id,
                CONTAINED.c.position,
                CONTAINED.c.description,
                CONTAINED.c.operation_id,
                CONTAINED.c.interaction_sha,
                USAGE.c.id,
                USAGE.c.places,
            )
            .join_from(CONTAINED, USAGE, USAGE.c.id == CONTAINED.c.usage_id)
            .where(CONTAINED.c.contract_id.in_(some), CONTAINED.c.operation_id.in_(sorted(meant)))
        )
    rows.sort(key=lambda row: (meant[row.operation_id][::-1], row.id, row.contract_id, row.position))
    places: dict[int, Any] = {}
    found: list[Use] = []
    for row in rows:
        own = places.get(row.id)
        if own is None:
            own = places[row.id] = orjson.loads(row.places)
        whose = row.contract_id, row.description, row.interaction_sha, *meant[row.operation_id]
        found += [Use(*whose, *place) for place in own]
    return found


def places_used(db: Db, provider_id: int, contract_ids: Sequence[int]) -> list[Use]:
    """Every place that some of those contracts use, once; whose it is stays open ("" and 0).

    Two statements, and one per 500 contracts.
    """
    meant = {key: operation for operation, key in operations(db, provider_id).items()}
    ids: set[int] = set()
    for some in _some(contract_ids):
        ids.update(db.execute(select(CONTAINED.c.usage_id).where(CONTAINED.c.contract_id.in_(some))).scalars())
    seen: dict[tuple[int, str], None] = {}
    for some in _some(sorted(ids - {None})):
        for row in db.execute(select(USAGE.c.operation_id, USAGE.c.places).where(USAGE.c.id.in_(some))):
            seen[row.operation_id, row.places] = None
    found = {
        Use(0, "", "", *meant[operation_id], *place) for operation_id, places in seen for place in orjson.loads(places)
    }
    return sorted(found)


class Held(NamedTuple):
    """An interaction of a contract, as the usage map has it."""

    sha: str
    places: str
    """As in `InteractionUsage.places`."""


def held(db: Db, contract_ids: Sequence[int]) -> dict[tuple[int, int], Held]:
    """The interactions that the map has, by contract and position. One statement per 500 contracts."""
    found: dict[tuple[int, int], Held] = {}
    for some in _some(contract_ids):
        rows = db.execute(
            select(CONTAINED.c.contract_id, CONTAINED.c.position, CONTAINED.c.interaction_sha, USAGE.c.places)
            .join_from(CONTAINED, USAGE, USAGE.c.id == CONTAINED.c.usage_id)
            .where(CONTAINED.c.contract_id.in_(some))
        )
        found |= {(row.contract_id, row.position): Held(row.interaction_sha, row.places) for row in rows}
    return found


def users_of_operations(db: Db, provider_id: int, contract_ids: Sequence[int]) -> list[Row[Any]]:
    """(method, template, contract_id), each once. One statement per 500 contracts."""
    found: list[Row[Any]] = []
    for some in _some(contract_ids):
        found += db.execute(
            select(
                OPERATION.c.id.label("operation_id"), OPERATION.c.method, OPERATION.c.template, CONTAINED.c.contract_id
            )
            .join_from(CONTAINED, OPERATION, OPERATION.c.id == CONTAINED.c.operation_id)
            .where(CONTAINED.c.contract_id.in_(some), OPERATION.c.provider_id == provider_id)
            .distinct()
        ).all()
    return found


def _some(ids: Sequence[T]) -> Iterator[Sequence[T]]:
    """The ids in lists that a statement takes."""
    return (ids[start : start + _MAX_NAMED] for start in range(0, len(ids), _MAX_NAMED))


def first_with(db: Db, provider_id: int, shas: Collection[str]) -> list[Row[Any]]:
    """Per consumer and interaction the version that published it first, and when. One statement per 500.

    As it was noted then: the version may be gone.
    """
    # No join: a database may begin one with the provider's integrations, and seek every digest in each of them.
    consumer = (
        select(INTEGRATION.c.consumer_id)
        .where(INTEGRATION.c.id == USAGE.c.integration_id, INTEGRATION.c.provider_id == provider_id)
        .scalar_subquery()
    )
    found: list[Any] = []
    for some in _some(sorted(shas)):
        rows = db.execute(
            select(
                consumer.label("consumer_id"),
                USAGE.c.interaction_sha,
                USAGE.c.first_version_id.label("version_id"),
                USAGE.c.first_version.label("number"),
                USAGE.c.first_at.label("at"),
            ).where(USAGE.c.interaction_sha.in_(some))
        )
        found += [row for row in rows if row.consumer_id is not None]
    return sorted(found, key=lambda row: row.version_id)


def contents(db: Db, contract_ids: Sequence[int]) -> list[Row[Any]]:
    """(id, sha, content) of contracts. One statement per 500."""
    found: list[Row[Any]] = []
    for some in _some(contract_ids):
        named: Any = select(CONTRACT.c.id, CONTRACT.c.sha, CONTRACT.c.content).where(CONTRACT.c.id.in_(some))
        found += db.execute(named).all()
    return found


# --- the past -----------------------------------------------------------------------------------------------------


def deployments(db: Db, consumers: Collection[str]) -> list[Row[Any]]:
    """When which version of which consumer was deployed or released where, oldest first. One statement."""
    if not consumers:
        return []
    return list(
        db.execute(
            select(HAPPENED.c.participant, HAPPENED.c.version, HAPPENED.c.environment, HAPPENED.c.at)
            .where(HAPPENED.c.participant.in_(sorted(consumers)), HAPPENED.c.kind.in_(("deployed", "released")))
            .order_by(HAPPENED.c.participant, HAPPENED.c.environment, HAPPENED.c.at, HAPPENED.c.id)
        )
    )


def failures(db: Db, provider: str, consumer: str | None, *, ended: bool) -> list[Row[Any]]:
    """Since when interactions fail, newest first, those that ended too if asked. One statement."""
    statement = select(FAILURE).where(FAILURE.c.provider == provider)
    if consumer is not None:
        statement = statement.where(FAILURE.c.consumer == consumer)
    if not ended:
        statement = statement.where(FAILURE.c.until_at.is_(None))
    return list(db.execute(statement.order_by(FAILURE.c.since_at.desc(), FAILURE.c.id.desc()).limit(1000)))


# --- descriptions -------------------------------------------------------------------------------------------------

DESCRIBED = (
    select(DESCRIPTION, VERSION.c.number, PARTICIPANT.c.name.label("participant"))
    .join_from(DESCRIPTION, VERSION, VERSION.c.id == DESCRIPTION.c.version_id)
    .join(PARTICIPANT, PARTICIPANT.c.id == DESCRIPTION.c.participant_id)
)


def description(db: Db, participant: str, number: str) -> Row[Any] | None:
    """The description of a version. One statement."""
    return db.execute(DESCRIBED.where(PARTICIPANT.c.name == participant, VERSION.c.number == number)).first()


def newest_description(db: Db, participant_id: int) -> Row[Any] | None:
    """The description of the newest version of the main branch that has one, else of the newest version. One or two."""
    return newest(db, participant_id, DESCRIBED, DESCRIPTION)


def newest_description_sha(db: Db, participant_id: int) -> str | None:
    """Which content that is. One or two statements."""
    of_content = DESCRIBED.with_only_columns(DESCRIPTION.c.sha, maintain_column_froms=True)
    found = newest(db, participant_id, of_content, DESCRIPTION)
    return None if found is None else str(found.sha)


def newest(db: Db, participant_id: int, kept: Any, table: Any) -> Row[Any] | None:
    """Of what a table keeps for versions: that of the newest of the main branch, else of any. One or two statements."""
    of_main = (
        kept.join(ADDED, ADDED.c.version_id == table.c.version_id)
        .join(BRANCH, and_(BRANCH.c.id == ADDED.c.branch_id, BRANCH.c.name == PARTICIPANT.c.main_branch))
        .where(table.c.participant_id == participant_id)
        .order_by(ADDED.c.id.desc())
        .limit(1)
    )
    any_version = kept.where(table.c.participant_id == participant_id).order_by(VERSION.c.id.desc()).limit(1)
    return db.execute(of_main).first() or db.execute(any_version).first()


def of_live(db: Db, participant_id: int, kept: Any, table: Any) -> list[Row[Any]]:
    """The same of each version that is deployed, or released and supported. One statement."""
    running = union(
        *(
            select(rows.c.version_id).where(rows.c.participant_id == participant_id, current)
            for rows, current in ((DEPLOYED, DEPLOYED.c.currently_deployed), (RELEASED, RELEASED.c.currently_supported))
        )
    )
    return list(db.execute(kept.where(table.c.version_id.in_(running)).order_by(table.c.id)))
