"""Publishing a contract: one transaction of the caller's, from the version to the rows that everything is asked of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, TypeAlias

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from tallystick.broker.contracts import queries, similar_names, usage_map
from tallystick.broker.contracts.content import Content, Known, content_of, interactions, merged
from tallystick.broker.contracts.queries import CONTRACT, CONTRACT_INTERACTION, INTEGRATION, INTERACTION
from tallystick.broker.http.checks import storable
from tallystick.broker.moves import moved
from tallystick.broker.participants import queries as participant_queries
from tallystick.broker.participants.queries import PUBLICATION
from tallystick.broker.participants.service import Ensured, lock
from tallystick.broker.summaries import dialect_of, upsert
from tallystick.contract import identity

How: TypeAlias = Literal["new", "unchanged", "changed", "merged"]


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a contract: `how`, and the events it raised with their reasons."""

    consumer: str
    provider: str
    number: str
    how: How
    contract_id: int
    publication_id: int
    events: tuple[tuple[str, str], ...] = ()  # (name, reason)


def suspicious_names(session: Session, names: Sequence[str], known: Mapping[str, Any]) -> dict[str, list[str]]:
    """New names (not among the `known`) that resemble existing ones, with those. One statement, when any is new."""
    new = [name for name in dict.fromkeys(names) if name not in known]
    if not new:
        return {}
    existing = participant_queries.all_names(session)
    return {name: others for name in new if (others := similar_names.similar(name, existing))}


def publish(
    session: Session,
    consumer: Any,
    provider: Any,
    version: Ensured,
    content: Content,
    existing: Any,
    now: datetime,
    *,
    merge: bool,
    refuse_differences: bool = False,
) -> Published:
    """The version has this contract with the provider. The consumer is locked; `existing` is what it had before.

    Four to ten statements. Raises `CannotMerge`.
    """
    how: How = "new"
    if existing is not None:
        how = "changed"
        if merge:
            how = "merged"
            stored = queries.content_bytes(session, existing.contract_id)
            content = content_of(merged(stored, content.document, refuse_differences=refuse_differences))
        if existing.sha == content.sha:
            _touch_integration(session, consumer.id, provider.id, now)
            if not merge:
                how = "unchanged"
            return Published(
                consumer.name, provider.name, version.number, how, existing.contract_id, existing.id, _events(False)
            )
    moved(session, [consumer.id])
    integration_id = _touch_integration(session, consumer.id, provider.id, now)
    first = usage_map.First(integration_id, provider.id, version.id, version.number, now)
    contract_id = _store(session, consumer.id, provider.id, content, first)
    if existing is not None:
        session.execute(update(PUBLICATION).where(PUBLICATION.c.id == existing.id).values(is_current=False))
    publication_id: int = session.execute(
        insert(PUBLICATION)
        .values(
            consumer_id=consumer.id,
            provider_id=provider.id,
            version_id=version.id,
            revision=existing.revision + 1 if existing is not None else 1,
            contract_id=contract_id,
            is_current=True,
            created_at=now,
        )
        .returning(PUBLICATION.c.id)
    ).scalar_one()
    if existing is not None:
        reason = f"pact content modified since previous publication for {consumer.name} version {version.number}"
    else:
        reason = _why_changed(session, consumer.id, provider.id, version.id, contract_id)
    events = _events(bool(reason), reason)
    return Published(consumer.name, provider.name, version.number, how, contract_id, publication_id, events)


def _events(changed: bool, reason: str = "") -> tuple[tuple[str, str], ...]:
    events = [("contract_published", "")]
    if changed:
        events.append(("contract_content_changed", reason))
    return tuple(events)


def _why_changed(session: Session, consumer_id: int, provider_id: int, version_id: int, contract_id: int) -> str:
    """The reasons why a first publication counts as changed content; "" when it does not. Two statements or more.

    For each tag it is compared with the contract before under that tag, without tags with the one before without.
    """
    tags = participant_queries.tags_of(session, version_id)
    reasons = []
    under_tags: list[str | None] = [*tags] or [None]
    for tag in under_tags:
        before = queries.contract_before(session, consumer_id, provider_id, version_id, tag)
        under = f"tagged with {tag}" if tag is not None else "untagged"
        if before is None:
            reasons.append(
                f"first time pact published with consumer version {under}"
                if tag
                else "first time untagged pact published"
            )
        elif before != contract_id:
            reasons.append(f"pact content has changed since the last consumer version {under}")
    return ", ".join(reasons)


def _touch_integration(session: Session, consumer_id: int, provider_id: int, now: datetime) -> int:
    """The id of the integration, which has a new contract now. One statement."""
    found: int = session.execute(
        _touching(dialect_of(session)),
        {
            "consumer_id": consumer_id,
            "provider_id": provider_id,
            "created_at": now,
            "contract_data_updated_at": now,
        },
    ).scalar_one()
    return found


@cache
def _touching(dialect: str) -> Any:
    statement = upsert(dialect, INTEGRATION)
    return statement.on_conflict_do_update(
        index_elements=[INTEGRATION.c.consumer_id, INTEGRATION.c.provider_id],
        set_={"contract_data_updated_at": statement.excluded.contract_data_updated_at},
    ).returning(INTEGRATION.c.id)


def _store(session: Session, consumer_id: int, provider_id: int, content: Content, first: usage_map.First) -> int:
    """The id of the content, stored when it was never seen between these two. One statement, or five to nine."""
    known = queries.contract_id(session, consumer_id, provider_id, content.sha)
    if known is not None:
        return known
    contract_id: int = session.execute(
        insert(CONTRACT)
        .values(
            consumer_id=consumer_id,
            provider_id=provider_id,
            sha=content.sha,
            content=content.stored,
            created_at=first.at,
        )
        .returning(CONTRACT.c.id)
    ).scalar_one()
    found = interactions(content.document)
    if found:
        _store_interactions(session, contract_id, content, found, first)
    return contract_id


def _store_interactions(
    session: Session, contract_id: int, content: Content, found: Sequence[Known], first: usage_map.First
) -> None:
    by_sha = {each.sha: each for each in found}
    session.execute(
        upsert(dialect_of(session), INTERACTION).on_conflict_do_nothing(),
        [
            {"sha": sha, "normal_form": identity.NORMAL_FORM, "kind": by_sha[sha].kind, "created_at": first.at}
            for sha in sorted(by_sha)  # in one order, so that two publishers cannot wait for each other
        ],
    )
    places = usage_map.mapped(session, first, by_sha)
    ids = content.ids
    session.execute(
        insert(CONTRACT_INTERACTION),
        [
            {
                "contract_id": contract_id,
                "position": position,
                "interaction_sha": each.sha,
                "interaction_id": storable(each.interaction_id or (ids[position] if position < len(ids) else ""))
                or None,
                "description": storable(each.description),
                "usage_id": places[each.sha].usage_id,
                "operation_id": places[each.sha].operation_id,
            }
            for position, each in enumerate(found)
        ],
    )


# --- deleting -----------------------------------------------------------------------------------------------------


def remove_publications(session: Session, consumer_id: int, version_ids: Sequence[int], provider_id: int) -> None:
    """All revisions that these versions published for the provider; contents, versions and names stay."""
    lock(session, consumer_id)
    moved(session, [consumer_id])
    for start in range(0, len(version_ids), 500):
        some = version_ids[start : start + 500]
        session.execute(
            delete(PUBLICATION).where(PUBLICATION.c.version_id.in_(some), PUBLICATION.c.provider_id == provider_id)
        )
