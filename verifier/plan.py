"""What is replayed, in which order, and what may run at the same time. Pure: from contracts to groups of jobs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, NamedTuple

from tallystick.contract.model import Generators, HttpInteraction, Interaction, ProviderState, SyncMessage
from tallystick.verifier.results import Source

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Job(NamedTuple):
    """One replay, and every (contract, place in it) that is credited with its result."""

    interaction: Interaction
    holders: tuple[tuple[int, int], ...]
    """Indexes: (which source, which of its interactions)."""


class Group(NamedTuple):
    """Jobs that run together.

    `states` "each": every job sets up its own; "once": set up before the first and torn down after the last, for all
    have the same. `at_once`: the jobs may overlap.
    """

    jobs: tuple[Job, ...]
    states: Literal["each", "once"] = "each"
    at_once: bool = False


class Rules(NamedTuple):
    """What the caller declares about provider states and merging."""

    dedupe: bool = True
    as_the_reference: bool = False
    """File order, one after the other, nothing merged, states set up for each."""
    reentrant: tuple[re.Pattern[str], ...] = ()
    """States whose set-ups may overlap with those of others: their interactions run concurrently."""
    shared: tuple[re.Pattern[str], ...] = ()
    """States that may be set up once for several interactions in a row."""
    messages_at_once: bool = False


def patterns(texts: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """State names as they are, with `*` for anything; compared whole."""
    return tuple(re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL) for text in texts)


def plan(sources: Sequence[Source], keep: Callable[[Source, Interaction], bool], rules: Rules) -> tuple[Group, ...]:
    """Groups in the order in which they run.

    First what neither needs a state nor changes anything, all together: these cannot disturb each other. Then what
    is declared re-entrant, then the rest in file order, one by one, except that neighbours with the same shared
    states form one group.
    """
    if rules.as_the_reference:
        return tuple(
            Group((Job(interaction, ((s, i),)),))
            for s, source in enumerate(sources)
            for i, interaction in enumerate(source.contract.interactions)
            if keep(source, interaction)
        )
    jobs = _merged(sources, keep) if rules.dedupe else _single(sources, keep)
    free: list[Job] = []
    overlapping: list[Job] = []
    serial: list[Job] = []
    for job in jobs:
        states = job.interaction.states
        if not states and _is_safe(job.interaction, rules):
            free.append(job)
        elif states and all(_matches(rules.reentrant, s.name) for s in states):
            overlapping.append(job)
        else:
            serial.append(job)
    groups: list[Group] = []
    if free:
        groups.append(Group(tuple(free), "once", at_once=True))
    if overlapping:
        groups.append(Group(tuple(overlapping), "each", at_once=True))
    groups.extend(_in_order(serial, rules))
    return tuple(groups)


def _single(sources: Sequence[Source], keep: Callable[[Source, Interaction], bool]) -> list[Job]:
    return [
        Job(interaction, ((s, i),))
        for s, source in enumerate(sources)
        for i, interaction in enumerate(source.contract.interactions)
        if keep(source, interaction)
    ]


def _merged(sources: Sequence[Source], keep: Callable[[Source, Interaction], bool]) -> list[Job]:
    """Equal interactions become one job. Hashing is the dear part: only what looks alike at a glance is hashed."""
    jobs = _single(sources, keep)
    alike: dict[object, list[int]] = {}
    for place, job in enumerate(jobs):
        alike.setdefault(_glance(job.interaction), []).append(place)
    if len(alike) == len(jobs):
        return jobs
    from tallystick.contract.identity import interaction_sha

    gone: set[int] = set()
    for places in alike.values():
        if len(places) < 2:
            continue
        first_with: dict[str, int] = {}
        for place in places:
            if is_random(jobs[place].interaction):
                continue
            first = first_with.setdefault(interaction_sha(jobs[place].interaction), place)
            if first != place:
                jobs[first] = Job(jobs[first].interaction, jobs[first].holders + jobs[place].holders)
                gone.add(place)
    return [job for place, job in enumerate(jobs) if place not in gone]


def _glance(interaction: Interaction) -> object:
    states = tuple(s.name for s in interaction.states)
    if isinstance(interaction, HttpInteraction):
        return interaction.request.method.upper(), interaction.request.path, interaction.response.status, states
    # A message is asked for by its description, so that two descriptions are two replays whatever they share.
    return type(interaction).__name__, interaction.description, states


def is_random(interaction: Interaction) -> bool:
    """Does the request differ each time it is made? Then equal interactions are not equal replays."""
    sent: Generators
    if isinstance(interaction, HttpInteraction | SyncMessage):
        sent = interaction.request.generators
    else:
        return False
    if not sent:
        return False
    from tallystick.contract.generators import is_random as random_generator

    return any(random_generator(g) for category in sent.values() for g in category.values())


def _is_safe(interaction: Interaction, rules: Rules) -> bool:
    if isinstance(interaction, HttpInteraction):
        return interaction.request.method.upper() in SAFE_METHODS
    return rules.messages_at_once


def _matches(allowed: Sequence[re.Pattern[str]], name: str) -> bool:
    return any(pattern.fullmatch(name) for pattern in allowed)


def _in_order(jobs: Sequence[Job], rules: Rules) -> list[Group]:
    groups: list[Group] = []
    shared: dict[tuple[ProviderState, ...] | str, list[Job]] = {}
    order: list[str | Job] = []
    for job in jobs:
        states = job.interaction.states
        if states and all(_matches(rules.shared, s.name) for s in states):
            key = repr(states)
            if key not in shared:
                order.append(key)
            shared.setdefault(key, []).append(job)
        else:
            order.append(job)
    for entry in order:
        if isinstance(entry, Job):
            groups.append(Group((entry,)))
            continue
        members = shared[entry]
        safe = [j for j in members if _is_safe(j.interaction, rules)]
        rest = [j for j in members if not _is_safe(j.interaction, rules)]
        if safe:
            groups.append(Group(tuple(safe), "once", at_once=True))
        groups.extend(Group((j,)) for j in rest)
    return groups
