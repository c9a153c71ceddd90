"""A question to the matrix, from names to a verdict: resolve, infer the partners, fetch the rows, decide.

`asked` is used by every resource that asks: the matrix, can-i-deploy, badges, pages. `answer` reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice

from sqlalchemy import Connection, Engine

from tallystick.broker.contracts import comparisons
from tallystick.broker.db import read
from tallystick.broker.deployability import queries, row_queries, static, static_queries
from tallystick.broker.deployability.decision import (
    MOST_ROWS,
    Case,
    Integration,
    Live,
    Resolved,
    Verdict,
    decide,
)
from tallystick.broker.deployability.queries import Known
from tallystick.broker.deployability.row_queries import Wanted
from tallystick.broker.deployability.rows import Row, Static, is_ignored, newest_per_group, printed, with_results
from tallystick.broker.deployability.selectors import Destination, Ignored, Question, Selector, complaints
from tallystick.broker.deployability.wording import Notice, notices
from tallystick.broker.errors import InvalidQuery


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided, from what, and what of it is printed: (row, is it ignored).

    `to_compare`: comparisons that would have to be made for a full answer.
    """

    question: Question
    case: Case
    verdict: Verdict
    notices: tuple[Notice, ...]
    rows: tuple[tuple[Row, bool], ...]
    to_compare: tuple[comparisons.Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class _Names:
    participants: dict[str, Known]
    environments: dict[str, int]


@contextmanager
def asked(engine: Engine, question: Question) -> Iterator[tuple[Connection, Answer]]:
    """The answer, and the snapshot it was read from. Comparisons that it needs and nobody made yet are made first."""
    with read(engine) as connection:
        found = answer(connection, question)
        if not found.to_compare:
            yield connection, found
            return
    comparisons.make(engine, found.to_compare)
    with read(engine) as connection:
        yield connection, answer(connection, question)


def ask(engine: Engine, question: Question) -> Answer:
    """The answer alone, for those who read nothing beside it."""
    with asked(engine, question) as (_, found):
        return found


def answer(connection: Connection, question: Question) -> Answer:
    """Weigh the question. Raises `InvalidQuery` with everything that is wrong with it.

    The number of statements depends on the question's selectors, not on how much the broker holds.
    """
    names = _look_up(connection, question)
    specified = [r for selector in question.selectors for r in _resolve(connection, selector, names)]
    if len(specified) > MOST_ROWS:
        return _told(question, Case(tuple(specified[:1]), too_many=True), ())
    integrations = _integrations(connection, question, specified)
    inferred = _infer(connection, question.destination, specified, integrations, names)
    selectors = [*specified, *inferred]
    if len(selectors) > MOST_ROWS:
        return _told(question, Case(tuple(specified[:1]), too_many=True), ())
    fetched = _rows(connection, question, specified, selectors)
    owed = _owed(connection, question, selectors, inferred, fetched)
    known, to_compare = static_queries.static_evidence(connection, owed[:MOST_ROWS])
    fetched = static.answered(fetched, owed, known)

    grouped = with_results(newest_per_group(fetched, question.latest_by), question.success)
    considered = [row for row in grouped if not is_ignored(row, question.ignored)]
    ignored = [row for row in grouped if is_ignored(row, question.ignored)]
    case = Case(
        tuple(specified),
        tuple(inferred),
        integrations,
        tuple(considered),
        tuple(ignored),
        question.ignored,
        silent=_silent(connection, question, specified, inferred, integrations, fetched),
        unasked=tuple(_unasked(question, inferred, considered, fetched, known)),
        too_many=len(fetched) > MOST_ROWS or len(owed) > MOST_ROWS,
    )
    return _told(question, case, _unknown_ignored(connection, question, names), to_compare)


def _told(
    question: Question,
    case: Case,
    unknown_ignored: Iterable[Ignored],
    to_compare: tuple[comparisons.Pair, ...] = (),
) -> Answer:
    verdict = decide(case)
    return Answer(
        question,
        case,
        verdict,
        notices(case, verdict, question.destination, unknown_ignored),
        tuple(printed(case.considered, case.ignored_rows, question.limit)),
        to_compare,
    )


def _look_up(connection: Connection, question: Question) -> _Names:
    names = [s.participant for s in question.selectors] + [i.participant for i in question.ignored]
    environments = [s.environment for s in question.selectors if s.environment]
    if question.destination is not None and question.destination.environment:
        environments.append(question.destination.environment)
    known = _Names(
        queries.participants_named(connection, names) if names else {},
        queries.environments_named(connection, environments),
    )
    if wrong := complaints(question, known.participants, known.environments):
        raise InvalidQuery(wrong)
    return known


def _resolve(connection: Connection, selector: Selector, names: _Names) -> list[Resolved]:
    participant = names.participants[selector.participant]
    if selector.only_name:
        return [Resolved(selector, participant.id)]
    found = queries.versions_of(connection, participant, selector, names.environments)
    if not found:
        return [Resolved(selector, participant.id, exists=False)]
    many = len(found) > 1
    return [Resolved(selector, participant.id, id_, number, one_of_many=many) for id_, number in found]


def _integrations(connection: Connection, question: Question, specified: Sequence[Resolved]) -> tuple[Integration, ...]:
    participants = sorted({s.participant_id for s in specified})
    if len(question.selectors) > 1 and question.destination is None:
        return queries.integrations_between(connection, participants)
    versions = [s.version_id for s in specified if s.version_id is not None]
    whole = [s.participant_id for s in specified if s.exists and s.version_id is None]
    return queries.integrations_involving(connection, versions, whole, participants)


def _infer(
    connection: Connection,
    destination: Destination | None,
    specified: Sequence[Resolved],
    integrations: Sequence[Integration],
    names: _Names,
) -> list[Resolved]:
    """A selector for every partner that the question does not name, by its destination."""
    if destination is None:
        return []
    named = {s.participant_id for s in specified}
    partners = {i.consumer_id: i.consumer for i in integrations} | {i.provider_id: i.provider for i in integrations}
    partners = {id_: name for id_, name in sorted(partners.items(), key=lambda item: item[1]) if id_ not in named}
    found: dict[int, list[queries.Found]] = {id_: [] for id_ in partners}
    for version in queries.selected_by(connection, destination, list(partners), names.environments):
        found[version.participant_id].append(version)
    inferred: list[Resolved] = []
    for id_, name in partners.items():
        asked = destination.selector_for(name)
        many = len(found[id_]) > 1
        inferred += [
            Resolved(asked, id_, v.version_id, v.number, one_of_many=many, inferred=True) for v in found[id_]
        ] or [Resolved(asked, id_, exists=False, inferred=True)]
    return inferred


def _rows(
    connection: Connection, question: Question, specified: Sequence[Resolved], selectors: Sequence[Resolved]
) -> list[Row]:
    everything = question.latest_by is None
    wanted = Wanted(
        tuple(sorted({s.version_id for s in selectors if s.version_id is not None})),
        tuple(sorted({s.participant_id for s in selectors if s.exists and s.version_id is None})),
    )
    if len(question.selectors) == 1 and len({s.participant_id for s in selectors}) == 1:
        return row_queries.rows_of(connection, wanted, everything=everything)
    providers = sorted({s.participant_id for s in selectors})
    named = sorted({s.participant_id for s in specified})
    return row_queries.rows_between(connection, wanted, providers, named, everything=everything)


def _live(question: Question, selector: Resolved) -> Live | None:
    """The live version that an inferred selector stands for, when the destination is an environment."""
    environment = question.destination.environment if question.destination else None
    if environment is None or not selector.exists or selector.version_id is None:
        return None
    return Live(
        selector.participant_id, selector.asked.participant, selector.version_id, selector.number or "", environment
    )


def _owed(
    connection: Connection,
    question: Question,
    selectors: Sequence[Resolved],
    inferred: Sequence[Resolved],
    fetched: Sequence[Row],
) -> list[static.Owed]:
    """What provider versions owe results for, where their descriptions may stand in; at most `MOST_ROWS` + 1."""
    if question.static is False:
        return []
    meant = cache(partial(_versions, selectors))
    live = cache(partial(_versions, [s for s in inferred if _live(question, s) is not None]))
    lacking = {row.provider_id for row in fetched if row.result is None or len(live(row.provider_id)) > 1}
    providers = {id_ for id_ in lacking if meant(id_)}
    willing = providers if question.static else static_queries.willing(connection, providers)
    found = static.owed([row for row in fetched if row.provider_id in willing], meant, live)
    return list(islice(found, MOST_ROWS + 1))


def _versions(selectors: Sequence[Resolved], participant_id: int) -> list[static.ProviderVersion]:
    """The versions of an application that selectors stand for."""
    return [
        (s.version_id, s.number or "")
        for s in selectors
        if s.participant_id == participant_id and s.exists and s.version_id is not None
    ]


def _silent(
    connection: Connection,
    question: Question,
    specified: Sequence[Resolved],
    inferred: Sequence[Resolved],
    integrations: Sequence[Integration],
    fetched: Sequence[Row],
) -> tuple[Live, ...]:
    """Live versions of consumers of a specified provider that published nothing: nobody can say what they need.

    A version that published contracts, only none with this provider, needs nothing of it.
    """
    named = {s.participant_id for s in specified}
    consumers = {i.consumer_id for i in integrations if i.provider_id in named}
    seen = {row.consumer_version_id for row in fetched}
    candidates = {
        live.version_id: live
        for live in (_live(question, s) for s in inferred if s.participant_id in consumers)
        if live is not None and live.version_id not in seen and not _ignores(question.ignored, live)
    }
    if not candidates:
        return ()
    publishing = queries.publishing(connection, list(candidates))
    return tuple(live for id_, live in sorted(candidates.items()) if id_ not in publishing)


def _ignores(ignored: Iterable[Ignored], live: Live) -> bool:
    return any(i.participant == live.participant and i.version in (None, live.number) for i in ignored)


def _unasked(
    question: Question,
    inferred: Sequence[Resolved],
    considered: Sequence[Row],
    fetched: Sequence[Row],
    known: Mapping[tuple[int, int], Static],
) -> Iterable[tuple[Row, Live]]:
    """Providers of which several versions are live, some of which verified a contract and some never did.

    Pact counts a contract as verified when one of them did; the others run all the same.
    """
    verified: dict[int, set[int | None]] = {}
    for row in fetched:
        verified.setdefault(row.publication_id, set()).add(row.provider_version_id)
    by_provider: dict[int, list[Live]] = {}
    for live in filter(None, (_live(question, selector) for selector in inferred)):
        by_provider.setdefault(live.participant_id, []).append(live)
    for row in {row.publication_id: row for row in considered if row.success is not None}.values():
        for live in by_provider.get(row.provider_id, ()):
            if live.version_id not in verified[row.publication_id] and not _ignores(question.ignored, live):
                yield replace(row, static=known.get((row.contract_id, live.version_id))), live


def _unknown_ignored(connection: Connection, question: Question, names: _Names) -> list[Ignored]:
    """Ignore selectors that name nothing: a statement for each that gives a version."""
    unknown: list[Ignored] = []
    for entry in question.ignored:
        participant = names.participants.get(entry.participant)
        if participant is None:
            unknown.append(entry)
        elif entry.version is not None:
            selector = Selector(entry.participant, entry.version)
            if not queries.versions_of(connection, participant, selector, {}):
                unknown.append(entry)
    return unknown
