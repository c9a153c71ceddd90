"""The latest contract of each pair, overall and by tag, and how it stands: for dashboards and badges.

A status compares the latest contract with the newest result of the newest verified contract in the same scope: when
the contents differ the contract has changed since.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import Connection, Select, String, and_, bindparam, cast, exists, func, null, or_, select, true

from tallystick.broker.deployability.queries import (
    CONTRACT,
    INTEGRATION,
    PARTICIPANT,
    PUBLICATION,
    TAG,
    VERIFICATION,
    VERSION,
)

Status: TypeAlias = Literal["never", "success", "failed", "failed_pending", "stale"]


@dataclass(frozen=True, slots=True)
class Verified:
    """The newest result of a content, and by which provider version."""

    number: int
    success: bool
    pending: bool
    at: datetime
    provider_version_id: int
    provider_number: str
    sha: str
    contract_id: int


@dataclass(frozen=True, slots=True)
class Latest:
    """A latest contract: of the pair, and of the tags in `tags`."""

    consumer_id: int
    consumer: str
    provider_id: int
    provider: str
    version_id: int
    number: str
    contract_id: int
    sha: str
    published_at: datetime
    verified: Verified | None = None
    overall: bool = True
    tags: tuple[str, ...] = field(default=())

    @property
    def status(self) -> Status:
        if self.verified is None:
            return "never"
        if self.verified.contract_id != self.contract_id:
            return "stale"
        if self.verified.success:
            return "success"
        return "failed_pending" if self.verified.pending else "failed"

    @property
    def activity(self) -> datetime:
        return self.published_at if self.verified is None else max(self.published_at, self.verified.at)


_CONSUMER = PARTICIPANT.alias("consumer")
_PROVIDER = PARTICIPANT.alias("provider")
_PROVIDER_VERSION = VERSION.alias("provider_version")
_PAIR = and_(
    PUBLICATION.c.consumer_id == INTEGRATION.c.consumer_id,
    PUBLICATION.c.provider_id == INTEGRATION.c.provider_id,
    PUBLICATION.c.is_current == true(),
)


_HAS_RESULT = exists().where(VERIFICATION.c.contract_id == PUBLICATION.c.contract_id)
_ANY_TAG = exists().where(TAG.c.version_id == PUBLICATION.c.version_id)


def _tag_names() -> Any:
    """(consumer, tag) for every tag that a consumer uses: one seek per name, however often it was used."""
    first, following = TAG.alias("first"), TAG.alias("following")
    names = (
        select(
            INTEGRATION.c.consumer_id.label("participant_id"),
            select(func.min(first.c.name))
            .where(first.c.participant_id == INTEGRATION.c.consumer_id)
            .correlate(INTEGRATION)
            .scalar_subquery()
            .label("name"),
        )
        .distinct()
        .cte("tag_names", recursive=True)
    )
    return names.union_all(
        select(
            names.c.participant_id,
            select(func.min(following.c.name))
            .where(following.c.participant_id == names.c.participant_id, following.c.name > names.c.name)
            .correlate(names)
            .scalar_subquery(),
        ).where(names.c.name.is_not(None))
    )


_NAMES = _tag_names()


def _newest(tag: Any, *conditions: Any) -> Any:
    """The newest current publication of an integration, of a tag if one is given: a seek."""
    statement = select(PUBLICATION.c.id).select_from(PUBLICATION).where(_PAIR, *conditions)
    order = PUBLICATION.c.version_id
    if tag is not None:
        statement = statement.join(
            TAG,
            and_(
                TAG.c.participant_id == INTEGRATION.c.consumer_id,
                TAG.c.name == tag,
                TAG.c.version_id == PUBLICATION.c.version_id,
            ),
        )
        order = TAG.c.version_id
    return statement.order_by(order.desc()).limit(1).correlate(INTEGRATION, _NAMES).scalar_subquery()


_SCOPES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "overall": (None, ()),
    "untagged": (None, (~_ANY_TAG,)),
    "tag": (bindparam("tag"), ()),
    "every tag": (_NAMES.c.name, ()),
}


def _statement(scope: str, about: str) -> Select[Any]:
    tag, conditions = _SCOPES[scope]
    chosen, verified_publication = PUBLICATION.alias("chosen"), PUBLICATION.alias("verified_publication")
    verification, result_contract = VERIFICATION.alias("result"), CONTRACT.alias("result_contract")
    newest_result = (
        select(func.max(VERIFICATION.c.id))
        .where(VERIFICATION.c.contract_id == verified_publication.c.contract_id)
        .correlate(verified_publication)
        .scalar_subquery()
    )
    source: Any = INTEGRATION.join(_CONSUMER, _CONSUMER.c.id == INTEGRATION.c.consumer_id)
    source = source.join(_PROVIDER, _PROVIDER.c.id == INTEGRATION.c.provider_id)
    if scope == "every tag":
        source = source.join(_NAMES, _NAMES.c.participant_id == INTEGRATION.c.consumer_id)
    source = (
        source.join(chosen, chosen.c.id == _newest(tag, *conditions))
        .join(VERSION, VERSION.c.id == chosen.c.version_id)
        .join(CONTRACT, CONTRACT.c.id == chosen.c.contract_id)
        .outerjoin(verified_publication, verified_publication.c.id == _newest(tag, _HAS_RESULT, *conditions))
        .outerjoin(verification, verification.c.id == newest_result)
        .outerjoin(result_contract, result_contract.c.id == verification.c.contract_id)
        .outerjoin(_PROVIDER_VERSION, _PROVIDER_VERSION.c.id == verification.c.provider_version_id)
    )
    statement = select(
        INTEGRATION.c.consumer_id,
        _CONSUMER.c.name.label("consumer"),
        INTEGRATION.c.provider_id,
        _PROVIDER.c.name.label("provider"),
        chosen.c.version_id,
        VERSION.c.number,
        chosen.c.contract_id,
        CONTRACT.c.sha,
        chosen.c.created_at,
        verification.c.number.label("result"),
        verification.c.success,
        verification.c.pending,
        verification.c.executed_at,
        verification.c.provider_version_id,
        _PROVIDER_VERSION.c.number.label("provider_number"),
        result_contract.c.sha.label("result_sha"),
        result_contract.c.id.label("result_contract"),
        cast(null() if tag is None else tag, String).label("tag"),
    ).select_from(source)
    if about == "pair":
        statement = statement.where(
            INTEGRATION.c.consumer_id == bindparam("consumer"), INTEGRATION.c.provider_id == bindparam("provider")
        )
    elif about == "participant":
        statement = statement.where(
            or_(
                INTEGRATION.c.consumer_id == bindparam("participant"),
                INTEGRATION.c.provider_id == bindparam("participant"),
            )
        )
    return statement


_STATEMENTS: Final = {
    (scope, about): _statement(scope, about) for scope in _SCOPES for about in ("all", "pair", "participant")
}


def latest(
    connection: Connection,
    pair: tuple[int, int] | None = None,
    *,
    scope: Literal["overall", "untagged", "tag", "every tag"] = "overall",
    tag: str | None = None,
    participant: int | None = None,
) -> list[Latest]:
    """The latest contract of every integration, of one (consumer id, provider id) or of one participant, in a scope.

    Cost: a few seeks per integration (and tag), however many versions it has had. One statement.
    """
    values: dict[str, Any] = {"tag": tag}
    if pair is not None:
        values |= {"consumer": pair[0], "provider": pair[1]}
    about = "pair" if pair is not None else "all" if participant is None else "participant"
    values["participant"] = participant
    return [_latest(row) for row in connection.execute(_STATEMENTS[scope, about], values)]


def heads(connection: Connection, pair: tuple[int, int] | None = None) -> list[Latest]:
    """One entry per overall latest contract and per latest contract of a tag, newest activity first. Two statements."""
    found = {(each.consumer_id, each.provider_id, each.version_id): each for each in latest(connection, pair)}
    for each in latest(connection, pair, scope="every tag"):
        key = (each.consumer_id, each.provider_id, each.version_id)
        known = found.get(key)
        found[key] = each if known is None else replace(known, tags=(*known.tags, *each.tags))
    return sorted(found.values(), key=lambda each: (each.activity, each.version_id), reverse=True)


def _latest(row: Any) -> Latest:
    verified = None
    if row.result is not None:
        verified = Verified(
            row.result,
            row.success,
            bool(row.pending),
            row.executed_at,
            row.provider_version_id,
            row.provider_number,
            row.result_sha,
            row.result_contract,
        )
    return Latest(
        row.consumer_id,
        row.consumer,
        row.provider_id,
        row.provider,
        row.version_id,
        row.number,
        row.contract_id,
        row.sha,
        row.created_at,
        verified,
        overall=row.tag is None,
        tags=() if row.tag is None else (row.tag,),
    )
