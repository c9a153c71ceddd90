"""Rows of the matrix from the database.

With `latestby`, a row is a current publication of a version asked about, joined with the newest result per (content,
provider version): seeks, whatever the history. Without, every revision and every result ever published is a row.
Either way no more than `MOST_ROWS` + 1 are fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, or_, select, true

from tallystick.broker.deployability.decision import MOST_ROWS
from tallystick.broker.deployability.queries import (
    CONTRACT,
    HEAD,
    PARTICIPANT,
    PUBLICATION,
    VERIFICATION,
    VERSION,
)
from tallystick.broker.deployability.rows import Result, Row


@dataclass(frozen=True, slots=True)
class Wanted:
    """Versions that take part: some by id, of some participants every one (`whole`)."""

    versions: tuple[int, ...] = ()
    whole: tuple[int, ...] = ()


_CONSUMER_VERSION = VERSION.alias("consumer_version")
_PROVIDER_VERSION = VERSION.alias("provider_version")
_CONSUMER = PARTICIPANT.alias("consumer")
_PROVIDER = PARTICIPANT.alias("provider")


def _among(column: Any, name: str) -> Any:
    return column.in_(bindparam(name, expanding=True))


def _either(wanted: tuple[bool, bool], by_version: Any, by_participant: Any) -> Any:
    """Only the conditions that have values: an empty IN (…) beside OR would cost the index."""
    conditions = [condition for has, condition in zip(wanted, (by_version, by_participant), strict=True) if has]
    return or_(*conditions) if conditions else None


@cache
def _statement(consumers: tuple[bool, bool], results: tuple[bool, bool], everything: bool, mode: str) -> Select[Any]:
    """Modes: `between` known participants; `consumer`, all contracts of the versions; `provider`, all their results."""
    result_table = VERIFICATION if everything else HEAD
    result_id = VERIFICATION.c.id if everything else HEAD.c.verification_id
    joined = result_table.c.contract_id == PUBLICATION.c.contract_id
    mine = _either(
        results,
        _among(result_table.c.provider_version_id, "result_versions"),
        _among(PUBLICATION.c.provider_id, "result_whole"),
    )
    chosen = _either(
        consumers, _among(PUBLICATION.c.version_id, "versions"), _among(PUBLICATION.c.consumer_id, "whole")
    )
    source = PUBLICATION.join(_CONSUMER_VERSION, _CONSUMER_VERSION.c.id == PUBLICATION.c.version_id)
    source = source.join(CONTRACT, CONTRACT.c.id == PUBLICATION.c.contract_id)
    source = source.join(_CONSUMER, _CONSUMER.c.id == PUBLICATION.c.consumer_id)
    source = source.join(_PROVIDER, _PROVIDER.c.id == PUBLICATION.c.provider_id)
    if mode == "provider":
        source = source.join(result_table, and_(joined, mine))
    elif mode == "consumer":
        source = source.outerjoin(result_table, joined)
    else:
        source = source.outerjoin(result_table, and_(joined, mine))
    if not everything:
        source = source.outerjoin(VERIFICATION, VERIFICATION.c.id == result_id)
    source = source.outerjoin(_PROVIDER_VERSION, _PROVIDER_VERSION.c.id == result_table.c.provider_version_id)
    statement = select(
        PUBLICATION.c.consumer_id,
        _CONSUMER.c.name.label("consumer"),
        PUBLICATION.c.version_id,
        _CONSUMER_VERSION.c.number.label("consumer_number"),
        PUBLICATION.c.provider_id,
        _PROVIDER.c.name.label("provider"),
        PUBLICATION.c.id,
        PUBLICATION.c.revision,
        PUBLICATION.c.contract_id,
        CONTRACT.c.sha,
        PUBLICATION.c.created_at,
        _PROVIDER_VERSION.c.id.label("provider_version_id"),
        _PROVIDER_VERSION.c.number.label("provider_number"),
        VERIFICATION.c.id.label("verification_id"),
        VERIFICATION.c.number.label("verification_number"),
        VERIFICATION.c.success,
        VERIFICATION.c.created_at.label("verified_at"),
        VERIFICATION.c.executed_at,
    ).select_from(source)
    if not everything:
        statement = statement.where(PUBLICATION.c.is_current == true())
    if mode != "provider":
        statement = statement.where(chosen)
    if mode == "between":
        statement = statement.where(
            _among(PUBLICATION.c.provider_id, "providers"),
            or_(_among(PUBLICATION.c.consumer_id, "specified"), _among(PUBLICATION.c.provider_id, "specified")),
        )
    return statement.order_by(PUBLICATION.c.id.desc()).limit(MOST_ROWS + 1)


def rows_between(
    connection: Connection, wanted: Wanted, providers: Sequence[int], specified: Sequence[int], *, everything: bool
) -> list[Row]:
    """Contracts of the wanted versions with these providers, left-joined with the results of wanted versions.

    Only pairs of which one side is `specified`. One statement.
    """
    shape = (bool(wanted.versions), bool(wanted.whole))
    if shape == (False, False):
        return []
    values = {
        "versions": list(wanted.versions),
        "whole": list(wanted.whole),
        "result_versions": list(wanted.versions),
        "result_whole": list(wanted.whole),
        "providers": list(providers),
        "specified": list(specified),
    }
    return _fetch(connection, _statement(shape, shape, everything, "between"), values)


def rows_of(connection: Connection, wanted: Wanted, *, everything: bool) -> list[Row]:
    """Everything known of the wanted versions alone: their contracts with all results, and all results they gave.

    A row found both ways (an application that consumes itself) is there once. Two statements.
    """
    shape = (bool(wanted.versions), bool(wanted.whole))
    if shape == (False, False):
        return []
    values = {
        "versions": list(wanted.versions),
        "whole": list(wanted.whole),
        "result_versions": list(wanted.versions),
        "result_whole": list(wanted.whole),
    }
    found = _fetch(connection, _statement(shape, (False, False), everything, "consumer"), values)
    found += _fetch(connection, _statement((False, False), shape, everything, "provider"), values)
    return list({(row.publication_id, row.result.id if row.result else 0): row for row in found}.values())


def _fetch(connection: Connection, statement: Select[Any], values: dict[str, Any]) -> list[Row]:
    return [_row(*found) for found in connection.execute(statement, values)]


_made: Callable[..., Row] = Row


def _row(*found: Any) -> Row:
    """The columns of `_statement`, in its order."""
    verification_id, number, success, at, executed_at = found[13:]
    result = None if verification_id is None else Result(verification_id, number, success, at, executed_at)
    return _made(*found[:13], result)
