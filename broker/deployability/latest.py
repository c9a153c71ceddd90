"""The latest contract of each pair, overall and by tag, and how it stands: for dashboards and badges.

A status compares the latest contract with the newest result of the newest verified contract in the same scope: when
the contents differ the contract has changed since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, Select, and_, bindparam, exists, func, literal, or_, select, true, union_all

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


def _newest(*conditions: Any) -> Any:
    """The newest current publication of an integration, with these conditions: a seek."""
    return (
        select(PUBLICATION.c.id)
        .where(_PAIR, *conditions)
        .order_by(PUBLICATION.c.version_id.desc())
        .limit(1)
        .correlate(INTEGRATION)
        .scalar_subquery()
    )


_TAGGED = exists().where(TAG.c.version_id == PUBLICATION.c.version_id, TAG.c.name == bindparam("tag"))
_ANY_TAG = exists().where(TAG.c.version_id == PUBLICATION.c.version_id)
_HAS_RESULT = exists().where(VERIFICATION.c.contract_id == PUBLICATION.c.contract_id)

_SCOPES: dict[str, tuple[Any, ...]] = {"overall": (), "tag": (_TAGGED,), "untagged": (~_ANY_TAG,)}


def _statement(scope: str, pair: bool) -> Select[Any]:
    chosen, verified_publication = PUBLICATION.alias("chosen"), PUBLICATION.alias("verified_publication")
    conditions = _SCOPES[scope]
    newest_result = (
        select(func.max(VERIFICATION.c.id))
        .where(VERIFICATION.c.contract_id == verified_publication.c.contract_id)
        .correlate(verified_publication)
        .scalar_subquery()
    )
    verification = VERIFICATION.alias("result")
    result_contract = CONTRACT.alias("result_contract")
    statement = (
        select(
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
        )
        .select_from(INTEGRATION)
        .join(_CONSUMER, _CONSUMER.c.id == INTEGRATION.c.consumer_id)
        .join(_PROVIDER, _PROVIDER.c.id == INTEGRATION.c.provider_id)
        .join(chosen, chosen.c.id == _newest(*conditions))
        .join(VERSION, VERSION.c.id == chosen.c.version_id)
        .join(CONTRACT, CONTRACT.c.id == chosen.c.contract_id)
        .outerjoin(verified_publication, verified_publication.c.id == _newest(_HAS_RESULT, *conditions))
        .outerjoin(verification, verification.c.id == newest_result)
        .outerjoin(result_contract, result_contract.c.id == verification.c.contract_id)
        .outerjoin(_PROVIDER_VERSION, _PROVIDER_VERSION.c.id == verification.c.provider_version_id)
    )
    if pair:
        statement = statement.where(
            INTEGRATION.c.consumer_id == bindparam("consumer"), INTEGRATION.c.provider_id == bindparam("provider")
        )
    return statement


_STATEMENTS = {(scope, pair): _statement(scope, pair) for scope in _SCOPES for pair in (True, False)}


def latest(
    connection: Connection, pair: tuple[int, int] | None = None, *, tag: str | None = None, untagged: bool = False
) -> list[Latest]:
    """The latest contract of every integration, or of one (consumer id, provider id); restricted to a tag or to none.

    Cost: a seek per integration, however many versions it has had. One statement.
    """
    scope = "tag" if tag is not None else "untagged" if untagged else "overall"
    values: dict[str, Any] = {"tag": tag}
    if pair is not None:
        values |= {"consumer": pair[0], "provider": pair[1]}
    found = connection.execute(_STATEMENTS[scope, pair is not None], values)
    return [_latest(row, tags=(tag,) if tag else ()) for row in found]


def _latest(row: Any, tags: tuple[str, ...]) -> Latest:
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
        overall=not tags,
        tags=tags,
    )
