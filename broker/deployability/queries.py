"""What the matrix asks of the database. Every statement is built once; its cost does not grow with history.

The rows themselves are fetched by `row_queries`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, exists, func, literal, or_, select, true, union_all

from tallystick.broker import tables
from tallystick.broker.deployability.decision import MOST_ROWS, Integration, Live
from tallystick.broker.deployability.selectors import Destination, Selector

PARTICIPANT: Any = tables.Participant.__table__  # type: ignore[attr-defined]
VERSION: Any = tables.Version.__table__  # type: ignore[attr-defined]
BRANCH: Any = tables.Branch.__table__  # type: ignore[attr-defined]
BRANCH_VERSION: Any = tables.BranchVersion.__table__  # type: ignore[attr-defined]
BRANCH_HEAD: Any = tables.BranchHead.__table__  # type: ignore[attr-defined]
TAG: Any = tables.Tag.__table__  # type: ignore[attr-defined]
INTEGRATION: Any = tables.Integration.__table__  # type: ignore[attr-defined]
CONTRACT: Any = tables.Contract.__table__  # type: ignore[attr-defined]
PUBLICATION: Any = tables.Publication.__table__  # type: ignore[attr-defined]
VERIFICATION: Any = tables.Verification.__table__  # type: ignore[attr-defined]
HEAD: Any = tables.VerificationHead.__table__  # type: ignore[attr-defined]
ENVIRONMENT: Any = tables.Environment.__table__  # type: ignore[attr-defined]
DEPLOYED: Any = tables.DeployedVersion.__table__  # type: ignore[attr-defined]
RELEASED: Any = tables.ReleasedVersion.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Known:
    """A participant that exists."""

    id: int
    name: str
    main_branch: str | None


def _among(column: Any, name: str) -> Any:
    """`column IN (…)`, the values given at execution; the statement is compiled once."""
    return column.in_(bindparam(name, expanding=True))


_BY_NAME = select(PARTICIPANT.c.id, PARTICIPANT.c.name, PARTICIPANT.c.main_branch).where(
    _among(PARTICIPANT.c.name, "names")
)
_ENVIRONMENTS = select(ENVIRONMENT.c.id, ENVIRONMENT.c.name).where(_among(ENVIRONMENT.c.name, "names"))


def participants_named(connection: Connection, names: Iterable[str]) -> dict[str, Known]:
    """Those of these participants that exist, by name. One statement."""
    found = connection.execute(_BY_NAME, {"names": sorted(set(names))})
    return {row.name: Known(row.id, row.name, row.main_branch) for row in found}


def environments_named(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """Ids of those environments that exist, by name. One statement, none for no names."""
    wanted = sorted(set(names))
    return {row.name: row.id for row in connection.execute(_ENVIRONMENTS, {"names": wanted})} if wanted else {}


# --- selectors to versions ----------------------------------------------------------------------------------------


@cache
def _versions_statement(
    version: bool, tag: bool, branch: bool, head: bool, environment: bool, newest: bool
) -> Select[Any]:
    statement = select(VERSION.c.id, VERSION.c.number).where(VERSION.c.participant_id == bindparam("participant"))
    if version:
        statement = statement.where(VERSION.c.number == bindparam("version"))
    if tag:
        statement = statement.join(
            TAG,
            and_(
                TAG.c.participant_id == bindparam("participant"),
                TAG.c.name == bindparam("tag"),
                TAG.c.version_id == VERSION.c.id,
            ),
        )
    if branch:
        member = BRANCH_HEAD if head else BRANCH_VERSION
        statement = statement.join(member, member.c.version_id == VERSION.c.id).join(
            BRANCH,
            and_(
                BRANCH.c.id == member.c.branch_id,
                BRANCH.c.participant_id == bindparam("participant"),
                BRANCH.c.name == bindparam("branch"),
            ),
        )
    if environment:
        statement = statement.where(
            or_(
                exists().where(
                    DEPLOYED.c.version_id == VERSION.c.id,
                    DEPLOYED.c.environment_id == bindparam("environment"),
                    DEPLOYED.c.currently_deployed == true(),
                ),
                exists().where(
                    RELEASED.c.version_id == VERSION.c.id,
                    RELEASED.c.environment_id == bindparam("environment"),
                    RELEASED.c.currently_supported == true(),
                ),
            )
        )
    order = (TAG.c.version_id if tag else VERSION.c.id).desc()
    return statement.order_by(order).limit(1 if newest else MOST_ROWS + 1)


def versions_of(
    connection: Connection, participant: Known, selector: Selector, environments: dict[str, int]
) -> list[tuple[int, str]]:
    """(id, number) of the versions that a selector stands for, newest first; at most `MOST_ROWS` + 1.

    Not for a bare name. The latest version of a branch is its head. A main branch that has no branch of that name is
    looked for among the tags. One statement, or two in that last case.
    """
    line = participant.main_branch if selector.main_branch else selector.branch
    if selector.main_branch and line is None:
        return []
    flags = (
        selector.version is not None,
        selector.tag is not None,
        line is not None,
        selector.latest,
        selector.environment is not None,
        selector.latest,
    )
    values = {
        "participant": participant.id,
        "version": selector.version,
        "tag": selector.tag,
        "branch": line,
        "environment": environments.get(selector.environment or ""),
    }
    found = _pairs(connection, _versions_statement(*flags), values)
    if found or not (selector.main_branch and selector.latest) or selector.tag is not None:
        return found
    if connection.execute(_BRANCH_EXISTS, values).first():
        return []
    # The main branch may be known by its tag alone, as before there were branches.
    flags = (flags[0], True, False, False, flags[4], True)
    return _pairs(connection, _versions_statement(*flags), {**values, "tag": line})


_BRANCH_EXISTS = select(BRANCH.c.id).where(
    BRANCH.c.participant_id == bindparam("participant"), BRANCH.c.name == bindparam("branch")
)


def _pairs(connection: Connection, statement: Select[Any], values: dict[str, Any]) -> list[tuple[int, str]]:
    return [(row.id, row.number) for row in connection.execute(statement, values)]


# --- partners -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """A version that a destination selects for a participant."""

    participant_id: int
    version_id: int
    number: str


_CONSUMER = PARTICIPANT.alias("consumer")
_PROVIDER = PARTICIPANT.alias("provider")


def _named_pairs(pairs: Any) -> Select[Any]:
    return (
        select(
            pairs.c.consumer_id,
            _CONSUMER.c.name.label("consumer"),
            pairs.c.provider_id,
            _PROVIDER.c.name.label("provider"),
            func.max(pairs.c.required).label("required"),
        )
        .join(_CONSUMER, _CONSUMER.c.id == pairs.c.consumer_id)
        .join(_PROVIDER, _PROVIDER.c.id == pairs.c.provider_id)
        .group_by(pairs.c.consumer_id, _CONSUMER.c.name, pairs.c.provider_id, _PROVIDER.c.name)
        .order_by(_CONSUMER.c.name, _PROVIDER.c.name)
    )


_INVOLVING = _named_pairs(
    union_all(
        select(PUBLICATION.c.consumer_id, PUBLICATION.c.provider_id, literal(1).label("required")).where(
            _among(PUBLICATION.c.version_id, "versions"), PUBLICATION.c.is_current == true()
        ),
        select(INTEGRATION.c.consumer_id, INTEGRATION.c.provider_id, literal(1)).where(
            _among(INTEGRATION.c.consumer_id, "whole")
        ),
        select(INTEGRATION.c.consumer_id, INTEGRATION.c.provider_id, literal(0)).where(
            _among(INTEGRATION.c.provider_id, "participants")
        ),
    ).subquery("pairs")
)
_BETWEEN = _named_pairs(
    select(INTEGRATION.c.consumer_id, INTEGRATION.c.provider_id, literal(1).label("required"))
    .where(_among(INTEGRATION.c.consumer_id, "participants"), _among(INTEGRATION.c.provider_id, "participants"))
    .subquery("pairs")
)


def integrations_involving(
    connection: Connection, versions: Sequence[int], whole: Sequence[int], participants: Sequence[int]
) -> tuple[Integration, ...]:
    """The providers that these very versions have contracts with (`whole`: any version of those participants),
    required; and every consumer that was ever integrated with one of the participants, optional. One statement.
    """
    values = {"versions": list(versions), "whole": list(whole), "participants": list(participants)}
    return _integrations(connection, _INVOLVING, values)


def integrations_between(connection: Connection, participants: Sequence[int]) -> tuple[Integration, ...]:
    """The integrations whose two sides are both among the participants; each is required. One statement."""
    return _integrations(connection, _BETWEEN, {"participants": list(participants)})


def _integrations(connection: Connection, statement: Select[Any], values: dict[str, Any]) -> tuple[Integration, ...]:
    return tuple(
        Integration(row.consumer_id, row.consumer, row.provider_id, row.provider, bool(row.required))
        for row in connection.execute(statement, values)
    )


def _live(condition: Any) -> Any:
    return union_all(
        select(
            DEPLOYED.c.participant_id, DEPLOYED.c.version_id, DEPLOYED.c.environment_id, DEPLOYED.c.created_at
        ).where(DEPLOYED.c.currently_deployed == true(), condition(DEPLOYED)),
        select(
            RELEASED.c.participant_id, RELEASED.c.version_id, RELEASED.c.environment_id, RELEASED.c.created_at
        ).where(RELEASED.c.currently_supported == true(), condition(RELEASED)),
    ).subquery("live")


def _told(live: Any) -> Select[Any]:
    return (
        select(
            live.c.participant_id,
            PARTICIPANT.c.name.label("participant"),
            live.c.version_id,
            VERSION.c.number,
            ENVIRONMENT.c.name.label("environment"),
            func.min(live.c.created_at).label("since"),
        )
        .join(VERSION, VERSION.c.id == live.c.version_id)
        .join(PARTICIPANT, PARTICIPANT.c.id == live.c.participant_id)
        .join(ENVIRONMENT, ENVIRONMENT.c.id == live.c.environment_id)
        .group_by(live.c.participant_id, PARTICIPANT.c.name, live.c.version_id, VERSION.c.number, ENVIRONMENT.c.name)
        .order_by(live.c.version_id.desc(), ENVIRONMENT.c.name)
    )


_LIVE_AMONG = _told(
    _live(
        lambda table: and_(
            table.c.environment_id == bindparam("environment"), _among(table.c.participant_id, "participants")
        )
    )
)
_LIVE_IN = _told(_live(lambda table: table.c.environment_id == bindparam("environment")))
_LIVE_WHERE = _told(_live(lambda table: _among(table.c.version_id, "versions")))


def live_in(connection: Connection, environment: int, participants: Sequence[int] | None = None) -> tuple[Live, ...]:
    """What is deployed, or released and supported, in an environment; of all participants when none are named.

    A version once, however many instances of it run. One statement.
    """
    if participants is None:
        return _lives(connection, _LIVE_IN, {"environment": environment})
    return _lives(connection, _LIVE_AMONG, {"environment": environment, "participants": list(participants)})


def environments_of(connection: Connection, versions: Sequence[int]) -> tuple[Live, ...]:
    """Where each of these versions is live, and since when. One statement, none for no versions."""
    return _lives(connection, _LIVE_WHERE, {"versions": list(versions)}) if versions else ()


_LIVE_OF = _told(_live(lambda table: table.c.participant_id == bindparam("participant")))


def live_of(connection: Connection, participant: int) -> tuple[Live, ...]:
    """Where an application is live, with which versions. One statement."""
    return _lives(connection, _LIVE_OF, {"participant": participant})


def _lives(connection: Connection, statement: Select[Any], values: dict[str, Any]) -> tuple[Live, ...]:
    return tuple(
        Live(row.participant_id, row.participant, row.version_id, row.number, row.environment, row.since)
        for row in connection.execute(statement, values)
    )


_NEWEST_VERSION = (
    select(VERSION.c.id).where(VERSION.c.participant_id == PARTICIPANT.c.id).order_by(VERSION.c.id.desc()).limit(1)
)
_NEWEST_TAGGED = (
    select(TAG.c.version_id)
    .where(TAG.c.participant_id == PARTICIPANT.c.id, TAG.c.name == bindparam("tag"))
    .order_by(TAG.c.version_id.desc())
    .limit(1)
)
_NEWEST_TAGGED_AS_MAIN = (
    select(TAG.c.version_id)
    .where(TAG.c.participant_id == PARTICIPANT.c.id, TAG.c.name == PARTICIPANT.c.main_branch)
    .order_by(TAG.c.version_id.desc())
    .limit(1)
)


def _newest(subquery: Any) -> Select[Any]:
    """A seek per participant, not a scan of its versions."""
    return (
        select(VERSION.c.participant_id, VERSION.c.id, VERSION.c.number)
        .select_from(PARTICIPANT)
        .join(VERSION, VERSION.c.id == subquery.correlate(PARTICIPANT).scalar_subquery())
        .where(_among(PARTICIPANT.c.id, "participants"))
    )


_LATEST = _newest(_NEWEST_VERSION)
_LATEST_TAGGED = _newest(_NEWEST_TAGGED)
_TAGGED = (
    select(TAG.c.participant_id, VERSION.c.id, VERSION.c.number)
    .join(VERSION, VERSION.c.id == TAG.c.version_id)
    .where(_among(TAG.c.participant_id, "participants"), TAG.c.name == bindparam("tag"))
    .order_by(VERSION.c.id.desc())
    .limit(MOST_ROWS + 1)
)


def _on_main(member: Any) -> Select[Any]:
    return (
        select(VERSION.c.participant_id, VERSION.c.id, VERSION.c.number)
        .select_from(PARTICIPANT)
        .join(BRANCH, and_(BRANCH.c.participant_id == PARTICIPANT.c.id, BRANCH.c.name == PARTICIPANT.c.main_branch))
        .join(member, member.c.branch_id == BRANCH.c.id)
        .join(VERSION, VERSION.c.id == member.c.version_id)
        .where(_among(PARTICIPANT.c.id, "participants"))
        .order_by(VERSION.c.id.desc())
        .limit(MOST_ROWS + 1)
    )


_MAIN_HEADS = union_all(
    _on_main(BRANCH_HEAD).order_by(None).limit(None),
    _newest(_NEWEST_TAGGED_AS_MAIN).where(
        ~exists()
        .where(BRANCH.c.participant_id == PARTICIPANT.c.id, BRANCH.c.name == PARTICIPANT.c.main_branch)
        .correlate(PARTICIPANT)
    ),
)
_MAIN_ALL = _on_main(BRANCH_VERSION)


def selected_by(
    connection: Connection, destination: Destination, participants: Sequence[int], environments: dict[str, int]
) -> tuple[Found, ...]:
    """The versions of each participant that the destination means, newest first. One statement."""
    values: dict[str, Any] = {"participants": list(participants), "tag": destination.tag}
    if not participants:
        return ()
    if destination.environment is not None:
        found = live_in(connection, environments[destination.environment], participants)
        return tuple(Found(live.participant_id, live.version_id, live.number) for live in found)
    statement: Any
    if destination.tag is not None:
        statement = _LATEST_TAGGED if destination.latest else _TAGGED
    elif destination.main_branch:
        statement = _MAIN_HEADS if destination.latest else _MAIN_ALL
    else:
        statement = _LATEST
    return tuple(Found(*row) for row in connection.execute(statement, values))


_PUBLISHING = (
    select(PUBLICATION.c.version_id)
    .where(_among(PUBLICATION.c.version_id, "versions"), PUBLICATION.c.is_current == true())
    .distinct()
)


def publishing(connection: Connection, versions: Sequence[int]) -> set[int]:
    """Those of the versions that published a contract with anybody. One statement."""
    return set(connection.execute(_PUBLISHING, {"versions": list(versions)}).scalars())


_STRANGERS = _told(
    _live(
        lambda table: and_(
            table.c.environment_id.in_(select(ENVIRONMENT.c.id).where(ENVIRONMENT.c.name == bindparam("environment"))),
            ~exists().where(INTEGRATION.c.consumer_id == table.c.participant_id),
            ~exists().where(INTEGRATION.c.provider_id == table.c.participant_id),
        )
    )
)


def strangers(connection: Connection, environment: str) -> tuple[Live, ...]:
    """What is live in an environment although no contract names it, in either role. One statement."""
    return _lives(connection, _STRANGERS, {"environment": environment})


_NEEDS = select(PUBLICATION.c.version_id, PUBLICATION.c.provider_id, PUBLICATION.c.contract_id).where(
    _among(PUBLICATION.c.version_id, "versions"), PUBLICATION.c.is_current == true()
)
_FITS = (
    select(PUBLICATION.c.version_id, HEAD.c.provider_version_id, HEAD.c.success)
    .join(HEAD, HEAD.c.contract_id == PUBLICATION.c.contract_id)
    .where(
        _among(PUBLICATION.c.version_id, "versions"),
        PUBLICATION.c.is_current == true(),
        _among(HEAD.c.provider_version_id, "versions"),
    )
)


def contracts_among(
    connection: Connection, versions: Sequence[int]
) -> tuple[dict[int, frozenset[int]], dict[tuple[int, int], bool]]:
    """(the participants that each version has a contract with, the newest result for each pair). Two statements."""
    values = {"versions": list(versions)}
    needs: dict[int, frozenset[int]] = {}
    for row in connection.execute(_NEEDS, values):
        needs[row.version_id] = needs.get(row.version_id, frozenset()) | {row.provider_id}
    fits = {(row.version_id, row.provider_version_id): row.success for row in connection.execute(_FITS, values)}
    return needs, fits


_NUMBERED = (
    select(PARTICIPANT.c.name, VERSION.c.id, VERSION.c.number)
    .join(VERSION, VERSION.c.participant_id == PARTICIPANT.c.id)
    .where(_among(PARTICIPANT.c.name, "names"), _among(VERSION.c.number, "numbers"))
)


def versions_named(connection: Connection, wanted: Mapping[str, str]) -> dict[str, int]:
    """Version ids by application, for one number of each. One statement."""
    values = {"names": sorted(wanted), "numbers": sorted(set(wanted.values()))}
    return {row.name: row.id for row in connection.execute(_NUMBERED, values) if wanted.get(row.name) == row.number}
