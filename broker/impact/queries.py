"""What is asked about users of a provider. A `standing` is a reason why a version's contract counts today."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
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
    Participant,
    Plan,
    Publication,
    ReleasedVersion,
    Usage,
    Version,
)

Db: TypeAlias = Connection | Session

PARTICIPANT: Any = Participant.__table__  # type: ignore[attr-defined]
VERSION: Any = Version.__table__  # type: ignore[attr-defined]
BRANCH: Any = Branch.__table__  # type: ignore[attr-defined]
ADDED: Any = BranchVersion.__table__  # type: ignore[attr-defined]
HEAD: Any = BranchHead.__table__  # type: ignore[attr-defined]
INTEGRATION: Any = Integration.__table__  # type: ignore[attr-defined]
CONTRACT: Any = Contract.__table__  # type: ignore[attr-defined]
PUBLICATION: Any = Publication.__table__  # type: ignore[attr-defined]
CONTAINED: Any = ContractInteraction.__table__  # type: ignore[attr-defined]
USAGE: Any = Usage.__table__  # type: ignore[attr-defined]
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


def operations(db: Db, provider_id: int) -> list[tuple[str, str]]:
    """(method, template) of everything that was ever used of the provider. One statement."""
    rows = db.execute(select(USAGE.c.method, USAGE.c.template).where(USAGE.c.provider_id == provider_id).distinct())
    return sorted((row.method, row.template) for row in rows)


def uses(
    db: Db,
    provider_id: int,
    contract_ids: Sequence[int],
    operations: Collection[tuple[str, str]] | None,
    path: str | None = None,
) -> list[Row[Any]]:
    """What those contracts use of those operations (None: of all); with a path only that, and what has free names.

    One statement per 500 contracts.
    """
    found: list[Any] = []
    wanted: Any = true()
    if operations is not None:
        if not operations:
            return found
        # Which index is meant is plain to both databases from ORs; a long list of them no database takes.
        each = (and_(USAGE.c.method == method, USAGE.c.template == template) for method, template in operations)
        wanted = or_(*each) if len(operations) <= 50 else tuple_(USAGE.c.method, USAGE.c.template).in_(operations)
    if path is not None:
        wanted = and_(wanted, or_(USAGE.c.path == path, USAGE.c.path.like("%.*%")))
    for start in range(0, len(contract_ids), _MAX_NAMED):
        some = contract_ids[start : start + _MAX_NAMED]
        found += db.execute(
            select(
                CONTAINED.c.contract_id,
                CONTAINED.c.description,
                USAGE.c.interaction_sha,
                USAGE.c.method,
                USAGE.c.template,
                USAGE.c.part,
                USAGE.c.path,
                USAGE.c.strictness,
                USAGE.c.detail,
            )
            .join_from(USAGE, CONTAINED, CONTAINED.c.interaction_sha == USAGE.c.interaction_sha)
            .where(USAGE.c.provider_id == provider_id, wanted, CONTAINED.c.contract_id.in_(some))
            .order_by(USAGE.c.template, USAGE.c.method, USAGE.c.id, CONTAINED.c.contract_id, CONTAINED.c.position)
        ).all()
    return found


def users_of_operations(db: Db, provider_id: int, contract_ids: Sequence[int]) -> list[Row[Any]]:
    """(method, template, contract_id), each once. One statement per 500 contracts."""
    found: list[Row[Any]] = []
    for start in range(0, len(contract_ids), _MAX_NAMED):
        found += db.execute(
            select(USAGE.c.method, USAGE.c.template, CONTAINED.c.contract_id)
            .join_from(CONTAINED, USAGE, USAGE.c.interaction_sha == CONTAINED.c.interaction_sha)
            .where(
                CONTAINED.c.contract_id.in_(contract_ids[start : start + _MAX_NAMED]),
                USAGE.c.provider_id == provider_id,
                USAGE.c.part.in_(("request path", "message", "request message")),  # one row per interaction
            )
            .distinct()
        ).all()
    return found


def first_with(db: Db, provider_id: int, shas: Collection[str]) -> list[Row[Any]]:
    """Per consumer and interaction the first version of it that published the interaction, and when. One statement."""
    if not shas:
        return []
    first = (
        select(
            PUBLICATION.c.consumer_id,
            CONTAINED.c.interaction_sha,
            func.min(PUBLICATION.c.version_id).label("version_id"),
            func.min(PUBLICATION.c.created_at).label("at"),
        )
        .join_from(CONTAINED, CONTRACT, CONTRACT.c.id == CONTAINED.c.contract_id)
        .join(PUBLICATION, PUBLICATION.c.contract_id == CONTRACT.c.id)
        .where(CONTAINED.c.interaction_sha.in_(sorted(shas)), CONTRACT.c.provider_id == provider_id)
        .group_by(PUBLICATION.c.consumer_id, CONTAINED.c.interaction_sha)
        .subquery()
    )
    return list(
        db.execute(
            select(first.c.consumer_id, first.c.interaction_sha, first.c.version_id, first.c.at, VERSION.c.number)
            .join(VERSION, VERSION.c.id == first.c.version_id)
            .order_by(first.c.version_id)
        )
    )


def names_of(db: Db, participant_ids: Collection[int]) -> dict[int, str]:
    """One statement."""
    if not participant_ids:
        return {}
    rows = db.execute(select(PARTICIPANT.c.id, PARTICIPANT.c.name).where(PARTICIPANT.c.id.in_(sorted(participant_ids))))
    return {row.id: row.name for row in rows}


def contents(db: Db, contract_ids: Sequence[int]) -> list[Row[Any]]:
    """(id, sha, content) of contracts. One statement per 500."""
    found: list[Row[Any]] = []
    for start in range(0, len(contract_ids), _MAX_NAMED):
        some = contract_ids[start : start + _MAX_NAMED]
        found += db.execute(select(CONTRACT.c.id, CONTRACT.c.sha, CONTRACT.c.content).where(CONTRACT.c.id.in_(some)))
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

_DESCRIBED = (
    select(DESCRIPTION, VERSION.c.number, PARTICIPANT.c.name.label("participant"))
    .join_from(DESCRIPTION, VERSION, VERSION.c.id == DESCRIPTION.c.version_id)
    .join(PARTICIPANT, PARTICIPANT.c.id == DESCRIPTION.c.participant_id)
)


def description(db: Db, participant: str, number: str) -> Row[Any] | None:
    """The description of a version. One statement."""
    return db.execute(_DESCRIBED.where(PARTICIPANT.c.name == participant, VERSION.c.number == number)).first()


def newest_description(db: Db, participant_id: int) -> Row[Any] | None:
    """The description of the newest version of the main branch that has one, else of the newest version. One or two."""
    return newest(db, participant_id, _DESCRIBED, DESCRIPTION)


def newest_description_sha(db: Db, participant_id: int) -> str | None:
    """Which content that is. One or two statements."""
    of_content = _DESCRIBED.with_only_columns(DESCRIPTION.c.sha, maintain_column_froms=True)
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
