"""Integrations: the pairs that have, or had, a contract; and deleting all there is of a pair, or of everyone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, delete, exists, func, or_, select
from sqlalchemy.orm import Session
from starlette.responses import Response

from tallystick.broker import db, summaries
from tallystick.broker.contracts.queries import (
    CONSUMER,
    CONTRACT,
    INTEGRATION,
    PROVIDER,
    VERIFICATION,
    WEBHOOK,
)
from tallystick.broker.errors import UnknownParticipant
from tallystick.broker.http import hal, pages
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.links import Links, link, segment
from tallystick.broker.http.media import GRAPHVIZ, HAL
from tallystick.broker.http.pages import Page
from tallystick.broker.http.routing import Routes
from tallystick.broker.moves import moved
from tallystick.broker.participants import service as participants
from tallystick.broker.participants.queries import PARTICIPANT, PUBLICATION, VERSION, Db, participants_named
from tallystick.broker.tables import Label

routes = Routes("integrations")

LABEL: Any = Label.__table__  # type: ignore[attr-defined]


@routes.get(
    "/integrations",
    produces=(GRAPHVIZ, HAL),
    query={"page": "the page, from 1", "size": "entries on a page", "q": "only pairs with this in a name"},
    summary="All pairs, those with the newest contract first",
)
def list_integrations(call: CallDep) -> Response:
    page = call.page()
    with db.read(call.engine) as connection:
        rows, total = integrations(connection, page, call.query.get("q"))
    if call.media_type == GRAPHVIZ:
        return hal.raw(graph(rows), media_type=GRAPHVIZ)
    return hal.answer(document(rows, call.links, call.url, page, total))


@routes.delete("/integrations", answers={204: None}, summary="Delete everything but environments")
def delete_all(call: CallDep) -> Response:
    with db.write(call.engine) as session:
        remove_everything(session, db.now(session))
    return hal.nothing()


@routes.delete(
    "/integrations/provider/{provider}/consumer/{consumer}",
    answers={204: None},
    summary="Delete all there is of a pair",
)
def delete_integration(call: CallDep, provider: str, consumer: str) -> Response:
    with db.write(call.engine) as session:
        found = participants_named(session, [consumer, provider])
        for name, role in ((consumer, "consumer"), (provider, "provider")):
            if name not in found:
                raise UnknownParticipant(name, role)
        remove_pair(session, found[consumer].id, found[provider].id, db.now(session))
    return hal.nothing()


# --- documents ----------------------------------------------------------------------------------------------------


def document(rows: Sequence[Any], links: Links, url: str, page: Page | None, total: int) -> dict[str, Any]:
    members = []
    for row in rows:
        consumer, provider = segment(row.consumer), segment(row.provider)
        pair = f"provider/{provider}/consumer/{consumer}"
        members.append(
            {
                "consumer": {"name": row.consumer},
                "provider": {"name": row.provider},
                "_links": {
                    "pb:dashboard": link(f"{links.base}/dashboard/{pair}", "BETA: Pacts to show on the dashboard"),
                    "pb:matrix": link(
                        f"/matrix/{pair}", f"Matrix of pact/verification results for {row.consumer} and {row.provider}"
                    ),
                    "pb:group": link(f"{links.base}/groups/{consumer}"),
                    "pb:delete_integration": link(f"{links.base}/integrations/{pair}", "Delete integration"),
                },
            }
        )
    return {
        "_embedded": {"integrations": members},
        "_links": {"self": link(url, "All integrations"), **pages.links(page, total, url)},
        **pages.members(page, total),
    }


def graph(rows: Sequence[Any]) -> str:
    """The pairs as a directed graph in the DOT language."""

    def node(name: str) -> str:
        plain = name.replace(" ", "_")
        bare = plain.replace("_", "a").isalnum() and plain.isascii() and not plain[0].isdigit()
        escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
        return plain if bare else f'"{escaped}"'

    edges = "".join(f"  {node(row.consumer)} -> {node(row.provider)}\n" for row in rows)
    style = '  ranksep="3"; ratio=auto; overlap=false; node [ shape="plaintext", fontname="Helvetica" ];\n\n'
    return f"digraph {{\n{style}{edges}}}\n"


# --- statements ---------------------------------------------------------------------------------------------------


def integrations(database: Db, page: Page | None, containing: str | None) -> tuple[list[Row[Any]], int]:
    """Pairs by last contract activity, newest first, those without last. Two statements when paged, else one."""
    found = (
        select(INTEGRATION.c.id, CONSUMER.c.name.label("consumer"), PROVIDER.c.name.label("provider"))
        .join(CONSUMER, CONSUMER.c.id == INTEGRATION.c.consumer_id)
        .join(PROVIDER, PROVIDER.c.id == INTEGRATION.c.provider_id)
    )
    if containing:
        wanted = containing.lower()
        found = found.where(
            or_(
                CONSUMER.c.name_lower.contains(wanted, autoescape=True),
                PROVIDER.c.name_lower.contains(wanted, autoescape=True),
            )
        )
    at = INTEGRATION.c.contract_data_updated_at
    ordered = found.order_by(case((at.is_(None), 1), else_=0), at.desc(), INTEGRATION.c.id.desc())
    if page is None:
        rows = list(database.execute(ordered))
        return rows, len(rows)
    total: int = database.execute(select(func.count()).select_from(found.subquery())).scalar_one()
    return list(database.execute(ordered.limit(page.size).offset(page.offset))), total


def remove_pair(session: Session, consumer_id: int, provider_id: int, now: datetime) -> None:
    """Contracts, results and webhooks of the pair; versions of both left with neither contracts nor results; and the
    two applications when nothing refers to them. About fifteen statements."""
    participants.delete_alone(session)
    for participant_id in sorted({consumer_id, provider_id}):
        participants.lock(session, participant_id)
    moved(session, [consumer_id])
    pair = (CONTRACT.c.consumer_id == consumer_id) & (CONTRACT.c.provider_id == provider_id)
    session.execute(delete(CONTRACT).where(pair))  # publications, results and summaries cascade
    session.execute(
        delete(INTEGRATION).where(INTEGRATION.c.consumer_id == consumer_id, INTEGRATION.c.provider_id == provider_id)
    )
    session.execute(delete(WEBHOOK).where(WEBHOOK.c.consumer_id == consumer_id, WEBHOOK.c.provider_id == provider_id))
    for participant_id in sorted({consumer_id, provider_id}):
        bare = list(
            session.execute(
                select(VERSION.c.id).where(
                    VERSION.c.participant_id == participant_id,
                    ~exists().where(PUBLICATION.c.version_id == VERSION.c.id),
                    ~exists().where(VERIFICATION.c.provider_version_id == VERSION.c.id),
                )
            ).scalars()
        )
        participants.remove_versions(session, participant_id, bare, now)
        if not _referred_to(session, participant_id):
            participants.remove_participant(session, participant_id, now)


def _referred_to(session: Session, participant_id: int) -> bool:
    """Whether versions, integrations, webhooks or labels hold on to the application. One statement."""
    return bool(
        session.execute(
            select(
                or_(
                    exists().where(VERSION.c.participant_id == participant_id),
                    exists().where(
                        or_(INTEGRATION.c.consumer_id == participant_id, INTEGRATION.c.provider_id == participant_id)
                    ),
                    exists().where(
                        or_(WEBHOOK.c.consumer_id == participant_id, WEBHOOK.c.provider_id == participant_id)
                    ),
                    exists().where(LABEL.c.participant_id == participant_id),
                )
            )
        ).scalar()
    )


def remove_everything(session: Session, now: datetime) -> None:
    """All but environments, accounts and the record of deployments. Four statements, the rest cascades."""
    participants.delete_alone(session)
    summaries.live_ended(session, now)
    session.execute(delete(WEBHOOK))
    session.execute(delete(PARTICIPANT))
