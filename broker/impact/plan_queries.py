"""What is asked about plans: which are concerned, who stands how to them, when their gates opened and closed.

Order of locks on PostgreSQL: consumers by id, the provider, plans by id.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.orm import Session

from tallystick.broker.http.pages import Page
from tallystick.broker.impact import queries, shape_queries
from tallystick.broker.impact.queries import DESCRIBED, DESCRIPTION, INTEGRATION, OPERATION, PARTICIPANT, PLAN, Db
from tallystick.broker.summaries import dialect_of, upsert
from tallystick.broker.tables import PlanConsumer, PlanGate

STANDS: Any = PlanConsumer.__table__  # type: ignore[attr-defined]
GATE: Any = PlanGate.__table__  # type: ignore[attr-defined]

_PLANS = select(PLAN, PARTICIPANT.c.name.label("provider")).join_from(
    PLAN, PARTICIPANT, PARTICIPANT.c.id == PLAN.c.provider_id
)


def plans(
    db: Db, page: Page, *, provider: str | None = None, title: str | None = None, is_open: bool | None = None
) -> tuple[list[Row[Any]], int]:
    """A page of plans, open ones first, newest first, and how many there are. Two statements."""
    found = _PLANS
    if provider is not None:
        found = found.where(PARTICIPANT.c.name == provider)
    if title is not None:
        found = found.where(PLAN.c.title == title)
    if is_open is not None:
        found = found.where(PLAN.c.closed_at.is_(None) if is_open else PLAN.c.closed_at.is_not(None))
    total: int = db.execute(select(func.count()).select_from(found.subquery())).scalar_one()
    ordered = found.order_by(PLAN.c.closed_at.is_not(None), PLAN.c.id.desc())
    return list(db.execute(ordered.limit(page.size).offset(page.offset))), total


def plan(db: Db, uuid: str) -> Row[Any] | None:
    """One statement."""
    return db.execute(_PLANS.where(PLAN.c.uuid == uuid)).first()


def uuids(db: Db) -> list[str]:
    """Those of the newest thousand plans. One statement."""
    return list(db.execute(select(PLAN.c.uuid).order_by(PLAN.c.id.desc()).limit(1000)).scalars())


def add(session: Session, **values: Any) -> Row[Any]:
    """One statement, and one to read it."""
    made: int = session.execute(insert(PLAN).values(**values).returning(PLAN.c.id)).scalar_one()
    return session.execute(_PLANS.where(PLAN.c.id == made)).one()


def change(session: Session, plan_id: int, **values: Any) -> None:
    """One statement."""
    session.execute(update(PLAN).where(PLAN.c.id == plan_id).values(**values))


_CONCERNED = (
    _PLANS.where(
        PLAN.c.closed_at.is_(None),
        or_(
            PLAN.c.provider_id.in_(bindparam("moved", expanding=True)),
            PLAN.c.provider_id.in_(
                select(INTEGRATION.c.provider_id).where(
                    INTEGRATION.c.consumer_id.in_(bindparam("moved", expanding=True))
                )
            ),
            PLAN.c.id.in_(select(STANDS.c.plan_id).where(STANDS.c.consumer_id.in_(bindparam("moved", expanding=True)))),
        ),
    )
).order_by(PLAN.c.id)


def concerned(session: Session, participant_ids: Collection[int]) -> list[Row[Any]]:
    """Open plans of these participants and of the providers that they use, or used. One statement."""
    return list(session.execute(_CONCERNED, {"moved": sorted(participant_ids)}))


def lock_users(session: Session, provider_ids: Collection[int]) -> None:
    """What counts of the consumers of these changes in no other request, and they get no new one. Two on PostgreSQL."""
    if dialect_of(session) == "sqlite":
        return
    users = select(INTEGRATION.c.consumer_id).where(INTEGRATION.c.provider_id.in_(sorted(provider_ids)))
    for ids, shared in ((users, True), (sorted(provider_ids), False)):
        found = select(PARTICIPANT.c.id).where(PARTICIPANT.c.id.in_(ids)).order_by(PARTICIPANT.c.id)
        # A publication refers to its provider, and so waits for who has the row to itself.
        session.execute(found.with_for_update(key_share=shared))


def lock(session: Session, plan_ids: Collection[int]) -> dict[int, Row[Any]]:
    """The plans as they are, still open; they change in no other request. One statement."""
    found = select(PLAN).where(PLAN.c.id.in_(sorted(plan_ids)), PLAN.c.closed_at.is_(None)).order_by(PLAN.c.id)
    return {row.id: row for row in session.execute(found.with_for_update(key_share=True))}


def users_of(session: Session, provider_ids: Collection[int]) -> set[int]:
    """The consumers of these providers. One statement."""
    found = select(INTEGRATION.c.consumer_id).where(INTEGRATION.c.provider_id.in_(sorted(provider_ids)))
    return set(session.execute(found).scalars())


def operations(db: Db, provider_ids: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """provider id -> (method, template) of everything that was ever used of it. One statement."""
    found: dict[int, list[tuple[str, str]]] = {}
    question = select(OPERATION.c.provider_id, OPERATION.c.method, OPERATION.c.template)
    for row in db.execute(question.where(OPERATION.c.provider_id.in_(sorted(provider_ids)))):
        found.setdefault(row.provider_id, []).append((row.method, row.template))
    return found


# --- what their providers offer -----------------------------------------------------------------------------------

_KINDS: Any = ((DESCRIBED, DESCRIPTION), (shape_queries.KEPT, shape_queries.SHAPE))


def offered_state(db: Db, provider_id: int) -> str:
    """A text that is another whenever `offered` may be. Six statements at most."""
    found: list[str] = []
    for kept, table in _KINDS:
        changed = table.c.updated_at if "updated_at" in table.c else table.c.sha
        state = kept.with_only_columns(table.c.id, changed.label("state"), maintain_column_froms=True)
        newest = queries.newest(db, provider_id, state, table)
        rows = [*([newest] if newest is not None else []), *queries.of_live(db, provider_id, state, table)]
        found += sorted({f"{table.name} {row.id} {row.state}" for row in rows})
    return "; ".join(found)


def offered(db: Db, provider_id: int) -> tuple[list[Row[Any]], list[Row[Any]]]:
    """Descriptions and shapes of what the provider has: of the newest of its main branch, first, and of what is live.

    Six statements at most.
    """
    found = []
    for kept, table in _KINDS:
        newest = queries.newest(db, provider_id, kept, table)
        rows = [*([newest] if newest is not None else []), *queries.of_live(db, provider_id, kept, table)]
        found.append(list({row.id: row for row in rows}.values()))
    return found[0], found[1]


# --- who stands how to them ---------------------------------------------------------------------------------------


def stands(db: Db, plan_ids: Collection[int], consumer_ids: Collection[int] | None = None) -> list[Row[Any]]:
    """How consumers (None: all) stand to these plans, by name. One statement."""
    found = select(STANDS).where(STANDS.c.plan_id.in_(sorted(plan_ids)))
    if consumer_ids is not None:
        found = found.where(STANDS.c.consumer_id.in_(sorted(consumer_ids)))
    return sorted(db.execute(found), key=lambda row: (row.plan_id, row.consumer))  # databases sort names otherwise


def keep_stands(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """These anew. One statement, none for none."""
    if rows:
        statement = upsert(dialect_of(session), STANDS)
        anew = {name: statement.excluded[name] for name in ("consumer", "contracts", "holds", "expects", "moved_at")}
        key = [STANDS.c.plan_id, STANDS.c.consumer_id]
        session.execute(statement.on_conflict_do_update(index_elements=key, set_=anew), rows)


def forget_stands(session: Session, keys: Collection[tuple[int, int]]) -> None:
    """By plan and consumer. One statement, none for none."""
    if keys:
        own = tuple_(STANDS.c.plan_id, STANDS.c.consumer_id)
        session.execute(delete(STANDS).where(own.in_(sorted(keys))))


# --- gates --------------------------------------------------------------------------------------------------------


def keep_counts(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Rows with plan, new_stage, new_counted and now. One statement, none for none."""
    if rows:
        session.execute(
            update(PLAN)
            .where(PLAN.c.id == bindparam("plan"))
            .values(stage=bindparam("new_stage"), counted=bindparam("new_counted"), updated_at=bindparam("now")),
            rows,
            execution_options={"synchronize_session": False},
        )


def add_gates(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """One statement, none for none."""
    if rows:
        session.execute(insert(GATE), rows)


def gates(db: Db, plan_ids: Collection[int]) -> list[Row[Any]]:
    """When the gates of these plans opened and closed, oldest first. One statement."""
    return list(db.execute(select(GATE).where(GATE.c.plan_id.in_(sorted(plan_ids))).order_by(GATE.c.id)))


def existing(db: Db, participant_ids: Collection[int]) -> set[int]:
    """Those that there are. One statement."""
    found = select(PARTICIPANT.c.id).where(PARTICIPANT.c.id.in_(sorted(participant_ids)))
    return set(db.execute(found).scalars())
