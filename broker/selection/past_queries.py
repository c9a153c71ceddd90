"""What the past says of contents: which count as verified for a branch or a tag, and which are new to it.

Answered from the summaries and from one range of results by index. Docstrings count statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, exists, func, or_, select

from tallystick.broker.selection.queries import (
    BRANCH,
    CONSUMER,
    CONTRACT,
    INTEGRATION,
    PROVIDER,
    PUBLICATION,
    TAG,
    VERSION,
    Rows,
    heads,
    picked,
    published_by,
    with_content,
)
from tallystick.broker.tables import BranchSuccess, BranchVersion, TagSuccess, Verification, VerificationTag

BRANCH_SUCCESS: Any = BranchSuccess.__table__  # type: ignore[attr-defined]
BRANCH_VERSION: Any = BranchVersion.__table__  # type: ignore[attr-defined]
TAG_SUCCESS: Any = TagSuccess.__table__  # type: ignore[attr-defined]
VERIFICATION: Any = Verification.__table__  # type: ignore[attr-defined]
VERIFICATION_TAG: Any = VerificationTag.__table__  # type: ignore[attr-defined]

AT_ONCE: Final = 5_000  # contents per statement: databases limit how many values one may have

# --- the provider's branches and tags -----------------------------------------------------------------------------

_first_on_branch = (
    select(func.min(BRANCH_VERSION.c.version_id))
    .where(BRANCH_VERSION.c.branch_id == BRANCH.c.id)
    .correlate(BRANCH)
    .scalar_subquery()
)
_PROVIDER_BRANCH = (
    select(BRANCH.c.id, BRANCH.c.created_at, VERSION.c.created_at.label("first_version_at"))
    .select_from(BRANCH)
    .outerjoin(VERSION, VERSION.c.id == _first_on_branch)
    .where(BRANCH.c.participant_id == PROVIDER, BRANCH.c.name == bindparam("branch"))
)
_FIRST_USED = (
    select(TAG.c.created_at)
    .where(TAG.c.participant_id == PROVIDER, TAG.c.name == bindparam("tag"))
    .order_by(TAG.c.created_at)
    .limit(1)
)


def provider_branch(connection: Connection, provider_id: int, branch: str) -> Row[Any] | None:
    """A branch of the provider: when it was made, and when the first version on it was. One statement."""
    return connection.execute(_PROVIDER_BRANCH, {"provider": provider_id, "branch": branch}).first()


def tag_first_used(connection: Connection, provider_id: int, tag: str) -> datetime | None:
    """When a tag of the provider was first used. One statement."""
    first: datetime | None = connection.execute(_FIRST_USED, {"provider": provider_id, "tag": tag}).scalar()
    return first


# --- pending ------------------------------------------------------------------------------------------------------

_AMONG = CONTRACT.c.id.in_(bindparam("contracts", expanding=True))
_OF_CONTRACT = BRANCH_SUCCESS.c.contract_id == CONTRACT.c.id
_VERIFIED_BY_BRANCH = select(CONTRACT.c.id).where(
    _AMONG,
    or_(
        exists().where(_OF_CONTRACT, BRANCH_SUCCESS.c.branch_id == bindparam("branch")).correlate(CONTRACT),
        exists().where(_OF_CONTRACT, BRANCH_SUCCESS.c.first_at < bindparam("before")).correlate(CONTRACT),
    ),
)
_VERIFIED_BY_ANY_BRANCH = select(CONTRACT.c.id).where(_AMONG, exists().where(_OF_CONTRACT).correlate(CONTRACT))
_VERIFIED_BY_TAG = select(CONTRACT.c.id).where(
    _AMONG,
    or_(
        exists()
        .where(TAG_SUCCESS.c.contract_id == CONTRACT.c.id, TAG_SUCCESS.c.name == bindparam("tag"))
        .correlate(CONTRACT),
        exists()
        .where(
            TAG_SUCCESS.c.contract_id == CONTRACT.c.id,
            TAG_SUCCESS.c.first_at < bindparam("before"),
            TAG_SUCCESS.c.name != bindparam("tag"),
        )
        .correlate(CONTRACT),
    ),
)
_VERIFIED_BY_ANYBODY = select(CONTRACT.c.id).where(
    _AMONG,
    or_(
        exists()
        .where(VERIFICATION.c.contract_id == CONTRACT.c.id, VERIFICATION.c.success, ~VERIFICATION.c.wip)
        .correlate(CONTRACT),
        exists()
        .where(VERIFICATION.c.contract_id == CONTRACT.c.id, VERIFICATION.c.success, VERIFICATION.c.wip)
        .correlate(CONTRACT),
    ),
)


def verified_for_branch(
    connection: Connection, contract_ids: Sequence[int], branch_id: int | None, made_at: datetime | None
) -> frozenset[int]:
    """Contents that a branch verified, or another branch before that one was made. One statement.

    For a branch that does not exist yet (None): contents that any branch verified.
    """
    if branch_id is None:
        return _ids(connection, _VERIFIED_BY_ANY_BRANCH, contract_ids)
    return _ids(connection, _VERIFIED_BY_BRANCH, contract_ids, branch=branch_id, before=made_at)


def verified_for_tag(connection: Connection, contract_ids: Sequence[int], tag: str, before: datetime) -> frozenset[int]:
    """Contents verified with a tag, or with another one before the moment. One statement."""
    return _ids(connection, _VERIFIED_BY_TAG, contract_ids, tag=tag, before=before)


def verified_by_anybody(connection: Connection, contract_ids: Sequence[int]) -> frozenset[int]:
    """Contents that were ever verified successfully. One statement."""
    return _ids(connection, _VERIFIED_BY_ANYBODY, contract_ids)


def _ids(connection: Connection, statement: Any, contract_ids: Sequence[int], **values: Any) -> frozenset[int]:
    found: set[int] = set()
    for start in range(0, len(contract_ids), AT_ONCE):
        some = list(contract_ids[start : start + AT_ONCE])
        found.update(connection.execute(statement, {"contracts": some, **values}).scalars())
    return frozenset(found)


# --- work in progress ---------------------------------------------------------------------------------------------


_SINCE = PUBLICATION.c.created_at > bindparam("since")
_RECENT_HEADS = heads().where(_SINCE).order_by(BRANCH.c.name)


def _newest_of_every_tag() -> Any:
    """(participant, tag, its newest version) for the consumers of the provider.

    A recursion steps from one tag name to the next by index: its cost is the number of names, not of tagged versions.
    """
    own, following = TAG.alias("own"), TAG.alias("following")
    first = select(func.min(own.c.name)).where(own.c.participant_id == INTEGRATION.c.consumer_id)
    names = (
        select(INTEGRATION.c.consumer_id, first.correlate(INTEGRATION).scalar_subquery().label("name"))
        .where(INTEGRATION.c.provider_id == PROVIDER)
        .cte("tag_name", recursive=True)
    )
    after = select(func.min(following.c.name)).where(
        following.c.participant_id == names.c.consumer_id, following.c.name > names.c.name
    )
    names = names.union_all(
        select(names.c.consumer_id, after.correlate(names).scalar_subquery()).where(names.c.name.is_not(None))
    )
    newest = select(func.max(TAG.c.version_id)).where(
        TAG.c.participant_id == names.c.consumer_id, TAG.c.name == names.c.name
    )
    return select(
        names.c.consumer_id, names.c.name, newest.correlate(names).scalar_subquery().label("version_id")
    ).subquery("tagged")


_tagged = _newest_of_every_tag()
_RECENT_TAGGED = with_content(
    picked(_tagged.c.name.label("tag"))
    .select_from(_tagged)
    .join(CONSUMER, CONSUMER.c.id == _tagged.c.consumer_id)
    .join(PUBLICATION, published_by(_tagged.c.version_id))
    .where(_SINCE)
).order_by(_tagged.c.name)


def recent_heads(connection: Connection, provider_id: int, since: datetime) -> Rows:
    """Contracts published since, of versions that are a branch's head. One statement."""
    return list(connection.execute(_RECENT_HEADS, {"provider": provider_id, "since": since}))


def recent_tagged(connection: Connection, provider_id: int, since: datetime) -> Rows:
    """Contracts published since, of versions that are the newest with some tag. One statement."""
    return list(connection.execute(_RECENT_TAGGED, {"provider": provider_id, "since": since}))


_NONWIP_SUCCESS = (
    VERIFICATION.c.contract_id == CONTRACT.c.id,
    VERIFICATION.c.success,
    ~VERIFICATION.c.wip,
)
_SETTLED_FOR_BRANCH = select(CONTRACT.c.id).where(
    _AMONG,
    or_(
        exists()
        .where(
            _OF_CONTRACT,
            BRANCH_SUCCESS.c.branch_id == bindparam("branch"),
            BRANCH_SUCCESS.c.last_nonwip_at >= bindparam("after"),
        )
        .correlate(CONTRACT),
        exists()
        .where(
            *_NONWIP_SUCCESS,
            VERIFICATION.c.executed_at >= bindparam("after"),
            VERIFICATION.c.executed_at < bindparam("before"),
            BRANCH_VERSION.c.version_id == VERIFICATION.c.provider_version_id,
            BRANCH_VERSION.c.branch_id != bindparam("branch"),
        )
        .correlate(CONTRACT),
    ),
)
_SETTLED_FOR_TAG = select(CONTRACT.c.id).where(
    _AMONG,
    or_(
        exists()
        .where(
            TAG_SUCCESS.c.contract_id == CONTRACT.c.id,
            TAG_SUCCESS.c.name == bindparam("tag"),
            TAG_SUCCESS.c.last_nonwip_at.is_not(None),
        )
        .correlate(CONTRACT),
        exists()
        .where(
            *_NONWIP_SUCCESS,
            VERIFICATION.c.executed_at < bindparam("before"),
            VERIFICATION_TAG.c.verification_id == VERIFICATION.c.id,
            VERIFICATION_TAG.c.name != bindparam("tag"),
        )
        .correlate(CONTRACT),
    ),
)


def settled_for_branch(
    connection: Connection, contract_ids: Sequence[int], branch_id: int, after: datetime, before: datetime
) -> frozenset[int]:
    """Contents that the branch verified after a moment, or another branch between the two. WIP results don't count.

    Pass a `branch_id` of 0 for a branch that does not exist yet. One statement.
    """
    return _ids(connection, _SETTLED_FOR_BRANCH, contract_ids, branch=branch_id, after=after, before=before)


def settled_for_tag(connection: Connection, contract_ids: Sequence[int], tag: str, before: datetime) -> frozenset[int]:
    """Contents verified with the tag, or with another one before the moment. WIP results don't count. One statement."""
    return _ids(connection, _SETTLED_FOR_TAG, contract_ids, tag=tag, before=before)
