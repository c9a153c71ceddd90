"""From selectors to picks, and from picks to what a build must verify: the questions to the database, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from tallystick.broker.selection import past_queries, queries
from tallystick.broker.selection.decide import (
    History,
    Pick,
    Selected,
    merge,
    with_pending,
    work_in_progress,
)
from tallystick.broker.selection.reasons import Kind, Reason
from tallystick.broker.selection.selectors import Selector

SETTLED_FOR: Final = timedelta(days=30)
"""So long a success keeps a content out of the work in progress of a branch."""
END_OF_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)


def select(
    connection: Connection, provider_id: int, selectors: Sequence[Selector], branch: str | None
) -> list[Selected]:
    """What the selectors choose, without pending. At most one statement per kind of selector and tag."""
    return merge(_picks(connection, provider_id, selectors, branch))


def _picks(
    connection: Connection, provider_id: int, selectors: Sequence[Selector], own_branch: str | None
) -> Iterator[Pick]:
    """Picks in the order of the selectors; rows are fetched once per kind, however many selectors share it."""
    fetched: dict[Any, queries.Rows] = {}

    def once(key: Any, fetch: Callable[[], queries.Rows]) -> queries.Rows:
        if key not in fetched:
            fetched[key] = fetch()
        return fetched[key]

    named = {each.branch for each in selectors if each.branch}
    named |= {own_branch for each in selectors if each.matching_branch and own_branch}
    tags = {each.tag for each in selectors if each.tag and not each.latest}

    for selector in selectors:
        if selector.main_branch or selector.default:
            for row in once("main", lambda: queries.main_lines(connection, provider_id)):
                if _concerns(selector, row):
                    yield from _main(selector, row)
        elif selector.every_branch:
            rows = once("heads", lambda: queries.branch_heads(connection, provider_id, None))
            yield from (_pick("branch", selector, row, branch=row.branch) for row in rows if _concerns(selector, row))
        elif selector.branch or selector.matching_branch:
            kind: Kind = "matching_branch" if selector.matching_branch else "branch"
            wanted = own_branch if selector.matching_branch else selector.branch
            rows = once("named", lambda: queries.branch_heads(connection, provider_id, named))
            for row in rows:
                if row.branch == wanted and _concerns(selector, row):
                    yield _pick(kind, selector, row, branch=row.branch)
        elif selector.tag and selector.latest:
            yield from _latest_tagged(connection, provider_id, selector, once)
        elif selector.tag:
            for row in once("tagged", lambda: queries.all_tagged(connection, provider_id, tags)):
                if row.tag == selector.tag and _concerns(selector, row):
                    yield _pick("tagged", selector, row, tag=row.tag)
        elif selector.deployed:
            for row in once("deployed", lambda: queries.deployed(connection, provider_id)):
                if _concerns(selector, row) and selector.environment in (None, row.environment):
                    yield _pick("deployed", selector, row, environment=row.environment, instance=row.instance)
        elif selector.released:
            for row in once("released", lambda: queries.released(connection, provider_id)):
                if _concerns(selector, row) and selector.environment in (None, row.environment):
                    yield _pick("released", selector, row, environment=row.environment)
        else:
            for row in once("newest", lambda: queries.newest(connection, provider_id)):
                if _concerns(selector, row):
                    yield _pick("latest", selector, row)


def _concerns(selector: Selector, row: Any) -> bool:
    return selector.consumer is None or selector.consumer == row.consumer


def _main(selector: Selector, row: Any) -> Iterator[Pick]:
    if row.branch_id is not None:
        yield _pick("main_branch", selector, row, branch=row.main_branch)
    elif selector.default and row.tagged is not None:
        yield _pick("latest_tagged", selector, row, tag=row.main_branch)
    elif selector.default:
        yield _pick("latest", selector, row)


def _latest_tagged(
    connection: Connection,
    provider_id: int,
    selector: Selector,
    once: Callable[[Any, Callable[[], queries.Rows]], queries.Rows],
) -> Iterator[Pick]:
    """The fallback is for a tag that led to nothing at all, not for single consumers without it."""

    def tagged(tag: str) -> list[Any]:
        rows = once(("tag", tag), lambda: queries.newest_tagged(connection, provider_id, tag))
        return [row for row in rows if _concerns(selector, row)]

    assert selector.tag is not None
    rows = tagged(selector.tag)
    if rows or selector.fallback_tag is None:
        yield from (_pick("latest_tagged", selector, row, tag=selector.tag) for row in rows)
        return
    fallback = selector.fallback_tag
    yield from (_pick("latest_tagged", selector, row, tag=fallback, fallback=True) for row in tagged(fallback))


def _pick(kind: Kind, selector: Selector, row: Any, **more: Any) -> Pick:
    reason = Reason(
        kind=kind,
        consumer=row.consumer,
        version_id=row.version_id,
        version_number=row.version_number,
        consumer_asked=selector.consumer is not None,
        **more,
    )
    return Pick(row.contract_id, row.sha, reason)


# --- pending ------------------------------------------------------------------------------------------------------


def pending(
    connection: Connection, provider_id: int, selected: Sequence[Selected], branch: str | None, tags: Sequence[str]
) -> list[Selected]:
    """The selection with its pending marks. Two statements, with tags two for each."""
    ids = [each.contract_id for each in selected]
    if branch:
        own = past_queries.provider_branch(connection, provider_id, branch)
        verified = past_queries.verified_for_branch(
            connection, ids, None if own is None else own.id, None if own is None else own.created_at
        )
        return with_pending(selected, History(verified=verified), branch, tags)
    if not tags:
        return with_pending(selected, History(past_queries.verified_by_anybody(connection, ids)), branch, tags)
    by_tag = {
        tag: past_queries.verified_for_tag(
            connection, ids, tag, past_queries.tag_first_used(connection, provider_id, tag) or END_OF_TIME
        )
        for tag in dict.fromkeys(tags)
    }
    return with_pending(selected, History(verified_by_tag=by_tag), branch, tags)


# --- work in progress ---------------------------------------------------------------------------------------------


def wip(
    connection: Connection,
    provider_id: int,
    explicit: Sequence[Selected],
    since: datetime,
    branch: str | None,
    tags: Sequence[str],
    now: datetime,
) -> list[Selected]:
    """New contracts that nobody asked for and that this branch, or one of these tags, has not met. Nothing without
    either. Four statements, with tags two and two for each."""
    if not branch and not tags:
        return []
    candidates = [
        _pick("branch", _ANYONE, row, branch=row.branch)
        for row in past_queries.recent_heads(connection, provider_id, since)
    ] + [
        _pick("latest_tagged", _ANYONE, row, tag=row.tag)
        for row in past_queries.recent_tagged(connection, provider_id, since)
    ]
    asked = {each.contract_id for each in explicit}
    ids = sorted({pick.contract_id for pick in candidates} - asked)
    settled: frozenset[int] = frozenset()
    by_tag: dict[str, frozenset[int]] = {}
    if branch:
        own = past_queries.provider_branch(connection, provider_id, branch)
        first = own.first_version_at if own is not None else None
        settled = past_queries.settled_for_branch(
            connection, ids, own.id if own is not None else 0, now - SETTLED_FOR, first or END_OF_TIME
        )
    else:
        for tag in dict.fromkeys(tags):
            first_used = past_queries.tag_first_used(connection, provider_id, tag) or END_OF_TIME
            by_tag[tag] = past_queries.settled_for_tag(connection, ids, tag, first_used)
    return work_in_progress(candidates, explicit, settled, by_tag, branch, tags)


_ANYONE: Final = Selector()
