"""The gates of plans: who holds them is counted when what counts of a participant changes, in that transaction.

`settle` runs once before a transaction commits that noted somebody in `broker.moves`. It counts the part of those
participants alone; a whole provider only when its description or its seen shape is another. An opening or a closing is
kept and told. Nobody waits for a plan's row unless how some consumer stands to it changes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from tallystick.broker import moves
from tallystick.broker.contracts import api_descriptions
from tallystick.broker.db import now
from tallystick.broker.http.calls import BASE, links_for
from tallystick.broker.impact import fields, plan_counting, plan_queries, queries, shape_queries, users, what_if
from tallystick.broker.impact.plan_counting import Basis, Holders, Stand, basis_of
from tallystick.broker.settings import Settings
from tallystick.broker.webhooks import service as webhooks
from tallystick.contract.openapi.edits import Edit, parse_edit
from tallystick.contract.openapi.operations import operations
from tallystick.contract.operation import normal_operation

OPENED: Final = "plan_gate_opened"
CLOSED: Final = "plan_gate_closed"


@dataclass(slots=True)
class _Count:
    """A plan while it is counted."""

    row: Any
    edits: list[Edit]
    basis: Basis
    stale: bool
    """The provider's side of it is another: what it describes, or how its answers were seen to look."""
    whole: bool
    """So much so that a contract may mean something else: all consumers are counted."""
    found: dict[int, tuple[str, Stand]] = field(default_factory=dict)
    """consumer id -> name, and how it stands now."""
    same: set[int] = field(default_factory=set)
    """Consumers that stand as they did: the same of their contracts count."""


def settle(session: Session, settings: Settings) -> None:
    """Bring the gates up to date with what was noted. One statement where nothing is planned.

    Otherwise a number of statements that depends neither on plans nor on consumers, and four more where gates change.
    """
    moved = moves.taken(session)
    rows = plan_queries.concerned(session, moved) if moved else []
    if rows:
        count(session, rows, moved, settings)


def count(session: Session, rows: Sequence[Any], moved: Collection[int], settings: Settings) -> None:
    """Count what the moved hold of these plans, and all of a plan whose provider describes itself otherwise now."""
    newest = {
        one: (queries.newest_description_sha(session, one), plan_queries.offered_state(session, one))
        for one in sorted({row.provider_id for row in rows if row.provider_id in moved or row.counted is None})
    }
    plans = [_begun(row, newest.get(row.provider_id)) for row in rows]
    whole = {one.row.provider_id for one in plans if one.whole}
    if whole:
        plan_queries.lock_users(session, whole)
    for provider_id in sorted({one.row.provider_id for one in plans if one.stale}):
        descriptions, shapes = plan_queries.offered(session, provider_id)
        for one in plans:
            if one.stale and one.row.provider_id == provider_id:
                one.basis = _basis(newest[provider_id], descriptions, shapes, one.edits, one.basis.known)
    before = {
        (row.plan_id, row.consumer_id): row
        for row in plan_queries.stands(session, {one.row.id for one in plans}, None if whole else moved)
    }
    _count(session, plans, moved, whole, before)
    _keep(session, plans, moved, before, settings)


def _begun(row: Any, newest: tuple[str | None, str] | None) -> _Count:
    basis = basis_of(row.counted)
    edits = [parse_edit(text) for text in json.loads(row.edits)]
    if basis is None:
        return _Count(row, edits, Basis(), stale=True, whole=True)
    description, state = newest or (basis.description, basis.state)
    whole = description != basis.description
    stale = whole or (state != basis.state and bool(plan_counting.new_places(edits)))
    return _Count(row, edits, basis, stale, whole)


# --- counting -----------------------------------------------------------------------------------------------------


def _basis(
    newest: tuple[str | None, str],
    descriptions: Sequence[Any],
    shapes: Sequence[Any],
    edits: Sequence[Edit],
    known: frozenset[int],
) -> Basis:
    """The basis anew. What paths mean the newest description says alone; what is offered, what is live says too."""
    documents = [api_descriptions.parsed(row) for row in descriptions]
    described = operations(documents[0]) if documents else ()
    templates = tuple(dict.fromkeys(one.template for one in described))
    wanted = plan_counting.new_places(edits)
    offered: set[int] = set()
    for one in _places(documents, shapes, templates) if wanted else ():
        side, word = plan_counting.side_and_word(f"{one.side} {one.word}")
        offered |= wanted.get((normal_operation(one.operation), side, word, one.path), frozenset())
    return Basis(
        newest[0],
        newest[1] if wanted else None,
        plan_counting.rivals(edits, templates),
        known | plan_counting.known(edits, (), templates),
        frozenset(offered),
    )


def _places(documents: Sequence[Any], shapes: Sequence[Any], templates: tuple[str, ...]) -> Iterator[fields.Offered]:
    for document in documents:
        yield from fields.offered(document)
    for row in shapes:
        yield from fields.seen(shape_queries.stored(row), templates).places


def _count(
    session: Session,
    plans: Sequence[_Count],
    moved: Collection[int],
    whole: Collection[int],
    before: Mapping[tuple[int, int], Any],
) -> None:
    """How everyone concerned stands now, where other contracts count than before. Five statements, and one per 500."""
    rows = list(queries.standings_between(session, {one.row.provider_id for one in plans}, moved))
    if whole:
        of_whole = queries.standings_between(session, whole, plan_queries.users_of(session, whole))
        rows = [*(row for row in rows if row.provider_id not in whole), *of_whole]
    by_provider: dict[int, list[Any]] = {}
    for row in rows:
        by_provider.setdefault(row.provider_id, []).append(row)
    known = {provider: users.consumers(some) for provider, some in by_provider.items()}
    asked: list[tuple[_Count, users.Consumer]] = []
    for one in plans:
        for consumer in known.get(one.row.provider_id, ()):
            kept = before.get((one.row.id, consumer.id))
            if one.whole or kept is None or kept.contracts != plan_counting.counted_contracts(consumer):
                asked.append((one, consumer))
            else:
                one.same.add(consumer.id)
    contracts = {
        row.id: what_if.contract_of(bytes(row.content))
        for row in queries.contents(session, users.contract_ids(consumer for _, consumer in asked))
    }
    for one, consumer in asked:
        stand = plan_counting.stand(consumer, contracts, one.edits, one.basis.templates)
        one.found[consumer.id] = (consumer.name, stand)
        one.basis = replace(one.basis, known=one.basis.known | stand.used)
    unsure = [one for one in plans if len(one.basis.known) < len(one.edits)]
    if unsure:  # an edit that most likely is a slip
        ever = plan_queries.operations(session, {one.row.provider_id for one in unsure})
        for one in unsure:
            more = plan_counting.known(one.edits, ever.get(one.row.provider_id, ()), ())
            one.basis = replace(one.basis, known=one.basis.known | more)


# --- keeping ------------------------------------------------------------------------------------------------------


def _keep(
    session: Session,
    plans: Sequence[_Count],
    moved: Collection[int],
    before: Mapping[tuple[int, int], Any],
    settings: Settings,
) -> None:
    """Write what is another than before. Plans are locked only where somebody stands otherwise to them than before.

    One statement when nothing is another, two where only other contracts count, else seven; four more at a gate.
    """
    at = now(session)
    written, gone, movers = _stands(plans, moved, before, at)
    weighty = {row["plan_id"] for row in written if _weighs(row, before.get((row["plan_id"], row["consumer_id"])))}
    weighty |= {key[0] for key in gone if before[key].holds or before[key].expects != "[]"}
    weighty |= {one.row.id for one in plans if one.stale or one.basis.text() != one.row.counted}
    locked = plan_queries.lock(session, weighty) if weighty else {}
    changed = [one for one in plans if one.row.id in locked]
    plan_queries.keep_stands(session, written)
    plan_queries.forget_stands(session, gone)
    if not changed:
        return
    everyone: dict[int, list[Any]] = {}
    for row in plan_queries.stands(session, locked):
        everyone.setdefault(row.plan_id, []).append(row)
    counts, turned = [], []
    for one in changed:
        stands = everyone.get(one.row.id, [])
        holding = [row for row in stands if row.holds]
        expects = {place for row in stands for place in json.loads(row.expects)}
        basis = _merged(one, locked[one.row.id])
        stage = plan_counting.stage(one.edits, holding, basis, expects)
        counts.append({"plan": one.row.id, "new_stage": stage, "new_counted": basis.text(), "now": at})
        if (stage == "contract") != (locked[one.row.id].stage == "contract"):
            turned.append(_turned(one, stage, holding, movers.get(one.row.id, []), at))
    plan_queries.keep_counts(session, counts)
    plan_queries.add_gates(session, [gate for _, gate, _ in turned])
    _tell(session, turned, settings, at)


def _weighs(row: Mapping[str, Any], kept: Any) -> bool:
    """Whether a consumer stands otherwise to a plan, and not only by other contracts."""
    old = (kept.holds, kept.expects) if kept is not None else ("", "[]")
    return (row["holds"], row["expects"]) != old


def _expects(stand: Stand) -> str:
    return json.dumps(sorted(stand.expects))


def _merged(one: _Count, kept: Any) -> Basis:
    """The basis as it is kept now, with what this count added; anew where all was counted."""
    other = basis_of(kept.counted)
    if other is None:
        return one.basis
    return replace(one.basis if one.stale else other, known=one.basis.known | other.known)


def _stands(
    plans: Sequence[_Count], moved: Collection[int], before: Mapping[tuple[int, int], Any], at: datetime
) -> tuple[list[dict[str, Any]], list[tuple[int, int]], dict[int, list[tuple[int, str]]]]:
    """Rows to write, keys of those to forget, and per plan who moved or came back."""
    written: list[dict[str, Any]] = []
    gone: list[tuple[int, int]] = []
    movers: dict[int, list[tuple[int, str]]] = {}
    for one in plans:
        own = {consumer for plan, consumer in before if plan == one.row.id} - one.same
        for consumer_id in sorted({*one.found, *(own if one.whole else own & set(moved))}):
            row = before.get((one.row.id, consumer_id))
            name, stand = one.found.get(consumer_id, (row.consumer if row else "", Stand()))
            held = row.holds if row else ""
            if bool(held) != bool(stand.holds):
                movers.setdefault(one.row.id, []).append((consumer_id, name))
            moved_at = None if stand.holds else at if held else row.moved_at if row else None
            if not stand.contracts and moved_at is None:
                if row is not None:
                    gone.append((one.row.id, consumer_id))
                continue
            new = {
                "plan_id": one.row.id,
                "consumer_id": consumer_id,
                "consumer": name,
                "contracts": stand.contracts,
                "holds": stand.holds,
                "expects": _expects(stand),
                "moved_at": moved_at,
            }
            if row is None or any(getattr(row, key) != value for key, value in new.items()):
                written.append(new)
    return written, gone, movers


def _turned(
    one: _Count, stage: str, holding: Sequence[Any], movers: Sequence[tuple[int, str]], at: datetime
) -> tuple[_Count, dict[str, Any], list[int]]:
    names = [name for _, name in movers]
    if stage == "contract":
        moved_last = f"{', '.join(names)} moved last" if names else ""
        reason = moved_last or "no live consumer relies on it"
    else:
        reason = _why_closed(one, holding)
    gate = {
        "plan_id": one.row.id,
        "event": "opened" if stage == "contract" else "closed",
        "at": at,
        "consumers": json.dumps(names),
        "reason": reason,
    }
    return one, gate, [consumer_id for consumer_id, _ in movers]


def _why_closed(one: _Count, holding: Sequence[Any]) -> str:
    """`web 1 is live in production, and relies on it`, of those who came back."""
    told = []
    for row in holding:
        name, stand = one.found.get(row.consumer_id, (row.consumer, Stand()))
        for version in stand.holding:
            where = sorted({place for place, _ in plan_counting.places_of(version)})
            does = "relies on it" if row.holds == plan_counting.RELIES else "has a contract that cannot be read"
            told.append(f"{name} {version.number} is live in {', '.join(where)}, and {does}" if version.live
                        else f"{name} {version.number} {does}, and nothing of {name} is known to be live")  # fmt: skip
    holders = Holders()
    for row in holding:
        holders.add(row.consumer, row.holds)
    return "; ".join(told) or plan_counting.reason(one.row.provider, holders, not holding)


# --- telling ------------------------------------------------------------------------------------------------------


def _tell(
    session: Session, turned: Sequence[tuple[_Count, dict[str, Any], list[int]]], settings: Settings, at: datetime
) -> None:
    if not turned:
        return
    base = BASE.get() or next(iter(settings.base_url), "")
    there = plan_queries.existing(session, {consumer for _, _, causes in turned for consumer in causes})
    news = [
        webhooks.News(
            event=OPENED if gate["event"] == "opened" else CLOSED,
            provider_id=one.row.provider_id,
            consumer_ids=tuple(consumer for consumer in causes if consumer in there),
            values={
                "providerName": one.row.provider,
                "consumerName": ", ".join(json.loads(gate["consumers"])),
                "planTitle": one.row.title,
                "planUrl": f"{base}/plans/{one.row.uuid}",
                "planUuid": one.row.uuid,
                "planReason": gate["reason"],
                "dashboardUrl": links_for(base).base + "/",
            },
        )
        for one, gate, causes in turned
    ]
    webhooks.announce(session, news, settings, at)
