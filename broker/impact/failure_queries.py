"""What is asked about failures of a provider."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, exists, func, literal, or_, select

from tallystick.broker import tables
from tallystick.broker.verifications.failures import whole
from tallystick.broker.verifications.queries import (
    CONTRACT,
    CONTRACT_INTERACTION,
    INTERVAL,
    PUBLICATION,
    VERIFICATION,
    VERSION,
)

BRANCH_HEAD: Any = tables.BranchHead.__table__  # type: ignore[attr-defined]
CONSUMER: Any = tables.Participant.__table__  # type: ignore[attr-defined]
DEPLOYED: Any = tables.DeployedVersion.__table__  # type: ignore[attr-defined]
RELEASED: Any = tables.ReleasedVersion.__table__  # type: ignore[attr-defined]

MOST: Final = 1000


def failures(db: Connection, provider_id: int, provider: str, consumer: str | None, *, ended: bool) -> list[Row[Any]]:
    """Rows of intervals and whether the interaction is `asked` for today, newest first, at most 1000. One statement.

    Without `ended` only what fails now and is asked for: a failure that the consumer ended by asking for something
    else is never verified again.
    """
    asked = _asked(provider_id)
    statement: Select[Any] = select(INTERVAL, asked.label("asked")).where(INTERVAL.c.provider == provider)
    if consumer is not None:
        statement = statement.where(INTERVAL.c.consumer == consumer)
    if not ended:
        statement = statement.where(INTERVAL.c.until_at.is_(None), asked)
    return list(db.execute(statement.order_by(INTERVAL.c.since_at.desc(), INTERVAL.c.id.desc()).limit(MOST)))


def was_verified(db: Connection, provider_id: int) -> bool:
    """Whether the provider ever published a result that is still there. One statement."""
    of_version = and_(VERIFICATION.c.provider_version_id == VERSION.c.id, VERSION.c.participant_id == provider_id)
    return bool(db.execute(select(exists().where(of_version))).scalar())


def _asked(provider_id: int) -> Any:
    """Head of a branch, live, or the newest of its consumer: a version that asks for the interaction of a row."""
    version, newer = PUBLICATION.c.version_id, PUBLICATION.alias("newer")
    newest = (
        select(func.max(newer.c.version_id))
        .where(newer.c.consumer_id == CONSUMER.c.id, newer.c.provider_id == provider_id, newer.c.is_current)
        .correlate(CONSUMER)
        .scalar_subquery()
    )
    counts = or_(
        version == newest,
        *(
            exists().where(rows.c.version_id == version, condition).correlate(PUBLICATION)
            for rows, condition in (
                (BRANCH_HEAD, literal(True)),
                (DEPLOYED, DEPLOYED.c.currently_deployed),
                (RELEASED, RELEASED.c.currently_supported),
            )
        ),
    )
    published = and_(PUBLICATION.c.provider_id == provider_id, PUBLICATION.c.is_current, counts)
    own = and_(CONSUMER.c.id == PUBLICATION.c.consumer_id, CONSUMER.c.name == INTERVAL.c.consumer)
    interaction = (
        exists()
        .select_from(CONTRACT_INTERACTION)
        .where(
            CONTRACT_INTERACTION.c.interaction_sha == INTERVAL.c.interaction_sha,
            PUBLICATION.c.contract_id == CONTRACT_INTERACTION.c.contract_id,
            own,
            published,
        )
    )
    contract = exists().where(
        CONTRACT.c.provider_id == provider_id,
        INTERVAL.c.interaction_sha.startswith(whole("")),
        CONTRACT.c.sha == func.substr(INTERVAL.c.interaction_sha, len(whole("")) + 1),
        CONTRACT.c.consumer_id == PUBLICATION.c.consumer_id,
        PUBLICATION.c.contract_id == CONTRACT.c.id,
        own,
        published,
    )
    return or_(interaction.correlate(INTERVAL), contract.correlate(INTERVAL))
