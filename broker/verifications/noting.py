"""Since when interactions fail: what a result does to the recorded intervals, inside the caller's transaction.

Most results cost one statement here: nothing fails, and nothing did that they could change. A failure that goes on
costs a few; one that begins looks for what passed before it, and if nothing did, for what its consumer changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from tallystick.broker import summaries
from tallystick.broker.http.checks import storable
from tallystick.broker.tables import Integration
from tallystick.broker.verifications import past, queries
from tallystick.broker.verifications.changes import forms
from tallystick.broker.verifications.failures import Evidence, Interval, Seen, ends, intervals, told, unsure, whole
from tallystick.broker.verifications.outcomes import Outcome
from tallystick.broker.verifications.past import Background, Passed, Past
from tallystick.broker.verifications.queries import BEYOND, INTERVAL, Line

INTEGRATION: Any = Integration.__table__  # type: ignore[attr-defined]

MOST_COMPARED: Final = 10
"""Older contracts that one contract is compared with. Where its interactions came in more steps, the first ones of
those are not compared: nobody could have verified any of them before."""

Rows: TypeAlias = dict[int | None, Past]
Near: TypeAlias = Mapping[str, tuple[int | None, int | None]]


@dataclass(frozen=True, slots=True)
class Result:
    """What is noted: of which content (a row of `published_content`), with which provider version, on its branches."""

    content: Any
    seen: Seen
    branches: Sequence[str]
    """("",) for a version without."""

    def line(self, branch: str | None) -> Line:
        return Line(self.content.consumer_id, self.content.provider_id, branch)


def untouched(session: Session, content: Any, order: int) -> bool:
    """A success of the version at this place changes no interval: its report need not be read. One statement."""
    return not queries.touched_failures(session, content.provider, content.consumer, order)


def note(session: Session, result: Result, outcomes: Sequence[Outcome], success: bool) -> None:
    """Failures that began, went on or ended with this result, on each branch of the provider version.

    Results of one pair take turns here, or two would open the same interval.
    """
    content = result.content
    if summaries.dialect_of(session) != "sqlite":
        session.execute(
            select(INTEGRATION.c.id)
            .where(INTEGRATION.c.consumer_id == content.consumer_id, INTEGRATION.c.provider_id == content.provider_id)
            .with_for_update(key_share=True)
        )
    said = told(outcomes, success, content.sha)
    failing = [sha for sha, (passed, _) in said.items() if not passed]
    found = queries.touched_failures(session, content.provider, content.consumer, result.seen.order, failing)
    known: dict[int, Past] = {row.id: past.read(row) for row in found}
    gone: set[int] = set()
    new: list[Past] = []
    changed: dict[int, Past] = {}
    for branch in result.branches:
        mine = {id_: each for id_, each in known.items() if each.branch == branch}
        for sha, then in _weighed(session, result, branch, said, list(mine.values())).items():
            before = {id_: each for id_, each in mine.items() if each.sha == sha}
            for interval in then:
                id_ = next((id_ for id_, each in before.items() if _continues(each.interval, interval)), None)
                if id_ is None:
                    words = storable(said[sha][1])
                    new.append(Past(content.provider, branch, content.consumer, sha, words, interval))
                elif before[id_].interval != interval:
                    changed[id_] = _moved(before[id_], interval)
                before.pop(id_ or 0, None)
            gone |= set(before)
    new = _with_beginnings(session, result, new)
    without = {id_: each for id_, each in changed.items() if each.background is None and each.interval.passed is None}
    changed |= dict(zip(without, _with_beginnings(session, result, list(without.values())), strict=True))
    spoken_of = {
        id_: each for id_, each in known.items() if id_ not in gone and id_ not in changed and _about(each, said)
    }
    looked_back = [*new, *changed.values(), *spoken_of.values()]
    looked_back = _with_successes(session, result, looked_back)
    _write(
        session,
        gone,
        dict(zip([*changed, *spoken_of], looked_back[len(new) :], strict=True)),
        looked_back[: len(new)],
    )


def _weighed(
    session: Session, result: Result, branch: str, said: Mapping[str, tuple[bool, str]], known: Sequence[Past]
) -> dict[str, list[Interval]]:
    """The intervals of one branch as they are with the result, of the interactions where it changes them."""
    order = result.seen.order
    before: dict[str, list[Interval]] = {sha: [] for sha in said}
    for each in known:
        if each.sha in before:
            before[each.sha].append(each.interval)
    asked = {sha for sha, (passed, _) in said.items() if unsure(before[sha], order, passed)}
    around: dict[str, Evidence] = {}
    for success in (True, False):  # a failure is weighed against what passed next to it, and the other way round
        around |= _around(session, result, branch, {sha for sha in asked if said[sha][0] is not success}, success)
    changed = {}
    for sha, (passed, _) in said.items():
        if passed and not before[sha]:
            continue
        # Of two results of one version the newer counts, and that is in what is known already.
        near = {
            place: one
            for place, one in around.get(sha, {}).items()
            if one[1] is not any(each.covers(place) for each in before[sha])
        }
        evidence = {**near, **ends(before[sha])}
        if order not in evidence or evidence[order][1] is not passed:
            evidence[order] = (result.seen, passed)
        then = intervals(evidence)
        if then != sorted(before[sha], key=lambda each: each.since.order):
            changed[sha] = then
    return changed


def _around(session: Session, result: Result, branch: str, shas: Collection[str], success: bool) -> dict[str, Evidence]:
    """The nearest versions on a branch with which interactions passed (or failed). None to three statements."""
    near = _near(session, result.line(branch), shas, result.seen.order, success)
    named = {id_ for pair in near.values() for id_ in pair if id_}
    rows = queries.versions_seen(session, result.content.consumer_id, named)
    return {
        sha: {id_: (Seen(id_, rows[id_].number, rows[id_].at, rows[id_].build_url), success) for id_ in pair if id_}
        for sha, pair in near.items()
    }


def _near(session: Session, line: Line, shas: Collection[str], order: int, success: bool) -> Near:
    """`queries.neighbours`, of contracts as a whole too. A statement, and one for each contract as a whole."""
    contracts = {sha for sha in shas if sha.startswith(whole(""))}
    found: dict[str, tuple[int | None, int | None]] = {}
    for sha in sorted(contracts):
        own = sha.removeprefix(whole(""))
        found[sha] = queries.neighbours_as_a_whole(session, line, own, order, success=success)
    if interactions := set(shas) - contracts:
        found |= queries.neighbours(session, line, interactions, order, success=success)
    return found


def _continues(old: Interval, new: Interval) -> bool:
    return old.since.order == new.since.order or old.failed.order == new.failed.order


def _moved(old: Past, interval: Interval) -> Past:
    """What was known of the time before holds as long as the failures begin where they did, and nothing passed."""
    same = old.interval.since.order == interval.since.order and interval.passed is None
    return replace(old, interval=interval, background=old.background if same else None)


def _about(each: Past, said: Mapping[str, tuple[bool, str]]) -> bool:
    """The result says something of an interaction that never passed, or of its older form."""
    return each.background is not None and (each.sha in said or each.background.form in said)


# --- what was before ----------------------------------------------------------------------------------------------


def _with_beginnings(session: Session, result: Result, pasts: Sequence[Past]) -> list[Past]:
    """With the consumer version that brought each interaction and, where none passed, what it changed.

    All of them are in the content of the result. None to two statements.
    """
    if not pasts:
        return []
    content = result.content
    own = whole(content.sha)
    interactions = {each.sha for each in pasts} - {own}
    brought = queries.brought_by(session, content.consumer_id, content.provider_id, content.contract_id, interactions)
    found = {own if sha is None else sha: row for sha, row in brought.items()}
    asked = {found[each.sha].content_before for each in pasts if each.sha in found and each.interval.passed is None}
    compared = sorted(asked - {None}, reverse=True)[:MOST_COMPARED]
    texts = queries.contents(session, [content.contract_id, *compared]) if compared else {}
    changes = {
        id_: forms(texts[id_].content, texts[id_].sha, texts[content.contract_id].content, content.sha)
        for id_ in compared
    }
    return [_with_beginning(each, found.get(each.sha), changes) for each in pasts]


def _with_beginning(each: Past, row: Any, changes: Mapping[int, Any]) -> Past:
    if row is None:
        return each
    background = None
    if each.interval.passed is None:
        if row.before is None:
            background = Background()
        elif (changed := changes.get(row.content_before)) and each.sha in changed:
            background = Background(row.before, *changed[each.sha])
    return replace(each, consumer_version=each.consumer_version or row.number, background=background)


def _with_successes(session: Session, result: Result, pasts: Sequence[Past]) -> list[Past]:
    """With the successes that those which never passed on their branch are compared with, as far as they are stored.

    Four statements for each branch and beginning among them.
    """
    found = list(pasts)
    groups: dict[tuple[str, int], list[int]] = {}
    for at, each in enumerate(pasts):
        if each.background is not None and each.interval.passed is None:
            groups.setdefault((each.branch, each.interval.since.order), []).append(at)
    for (branch, since), places in groups.items():
        group = [found[at] for at in places]
        older = {form for each in group if each.background and (form := each.background.form)}
        elsewhere = _near(session, result.line(None), {each.sha for each in group}, since, True)
        here = _near(session, result.line(branch), older, BEYOND, True)
        before = _near(session, result.line(None), older, since, True)
        seen = queries.versions_seen(
            session,
            result.content.consumer_id,
            {id_ for near in (elsewhere, here, before) for id_, _ in near.values() if id_},
        )
        for at, each in zip(places, group, strict=True):
            assert each.background is not None
            form = each.background.form or ""
            found[at] = replace(
                each,
                background=replace(
                    each.background,
                    elsewhere=_passed(seen, elsewhere, each.sha),
                    form_passed=_passed(seen, here, form, branch) or _passed(seen, before, form),
                ),
            )
    return found


def _passed(seen: Mapping[int, Any], near: Near, sha: str, branch: str | None = None) -> Passed | None:
    row = seen.get(near.get(sha, (None, None))[0] or 0)
    return None if row is None else Passed(row.id, row.number, row.branch if branch is None else branch)


# --- rows ---------------------------------------------------------------------------------------------------------


def _write(session: Session, gone: Iterable[int], changed: Mapping[int, Past], new: Sequence[Past]) -> None:
    """One to three statements, none for nothing."""
    if gone := sorted(gone):
        session.execute(delete(INTERVAL).where(INTERVAL.c.id.in_(gone)))
    if changed:
        session.execute(_CHANGING, [{"row": id_, **_ends(each)} for id_, each in changed.items()])
    if new:
        session.execute(
            insert(INTERVAL),
            [
                {
                    "provider": each.provider,
                    "branch": each.branch,
                    "consumer": each.consumer,
                    "interaction_sha": each.sha,
                    "description": each.description,
                    **_ends(each),
                }
                for each in new
            ],
        )


_CHANGING: Final = update(INTERVAL).where(INTERVAL.c.id == bindparam("row"))


def _ends(each: Past) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "since_build_url": each.interval.since.build_url,
        "consumer_version": each.consumer_version,
        "background": each.background.text() if each.background else None,
    }
    for name in ("since", "failed", "passed", "until"):
        seen: Seen | None = getattr(each.interval, name)
        columns |= {
            f"{name}_version": seen and seen.version,
            f"{name}_at": seen and seen.at,
            f"{name}_order": seen and seen.order,
        }
    return columns
