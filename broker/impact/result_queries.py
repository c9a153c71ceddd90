"""What is asked about contracts that a build is run against, and about the results that are published for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, select

from tallystick.broker.impact.queries import CONTRACT, VERSION, Db
from tallystick.broker.tables import Verification, VerificationHead

VERIFICATION: Any = Verification.__table__  # type: ignore[attr-defined]
NEWEST: Any = VerificationHead.__table__  # type: ignore[attr-defined]
_MAX_NAMED = 500  # values of one IN list


def shas(db: Db, contract_ids: Sequence[int]) -> dict[int, str]:
    """What contracts are known by on the wire. One statement per 500."""
    found: dict[int, str] = {}
    for start in range(0, len(contract_ids), _MAX_NAMED):
        some = contract_ids[start : start + _MAX_NAMED]
        rows = db.execute(select(CONTRACT.c.id, CONTRACT.c.sha).where(CONTRACT.c.id.in_(some)))
        found |= {row.id: row.sha for row in rows}
    return found


def version(db: Db, participant_id: int, number: str) -> Row[Any] | None:
    """(id, number) of a version. One statement."""
    return db.execute(
        select(VERSION.c.id, VERSION.c.number).where(
            VERSION.c.participant_id == participant_id, VERSION.c.number == number
        )
    ).first()


def newest_numbers(db: Db, participant_id: int, count: int) -> list[str]:
    """The newest versions that have a result, newest first. One statement."""
    has_result = select(NEWEST.c.provider_version_id).where(NEWEST.c.provider_version_id == VERSION.c.id).exists()
    statement = select(VERSION.c.number).where(VERSION.c.participant_id == participant_id, has_result)
    return list(db.execute(statement.order_by(VERSION.c.id.desc()).limit(count)).scalars())


def results(db: Db, version_id: int, contract_ids: Sequence[int]) -> list[Row[Any]]:
    """(contract_id, success, report) of the newest result of a provider version for each contract; the report of a
    failure only. One statement per 500 contracts."""
    found: list[Row[Any]] = []
    for start in range(0, len(contract_ids), _MAX_NAMED):
        found += db.execute(
            select(NEWEST.c.contract_id, NEWEST.c.success, VERIFICATION.c.report)
            .join_from(
                NEWEST,
                VERIFICATION,
                and_(VERIFICATION.c.id == NEWEST.c.verification_id, ~VERIFICATION.c.success),
                isouter=True,
            )
            .where(
                NEWEST.c.provider_version_id == version_id,
                NEWEST.c.contract_id.in_(contract_ids[start : start + _MAX_NAMED]),
            )
        ).all()
    return found
