"""In which order several applications may be deployed so that what is live fits together after every step.

Pure. Each application moves once, from what is live now to the version asked about, so a pair of applications passes
through one state in between: the one moved, the other not. Which of the two states fits decides who goes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

VersionId: TypeAlias = int


@dataclass(frozen=True, slots=True)
class Move:
    """An application going from the versions live now (several when it has instances) to the one asked about."""

    participant_id: int
    participant: str
    version_id: VersionId
    number: str
    live: tuple[VersionId, ...] = ()


@dataclass(frozen=True, slots=True)
class Contracts:
    """What the moving versions ask of each other, old and new.

    `needs[version]` are the participants with which that version has a contract; `fits[consumer version, provider
    version]` is true where the newest result is a success, and a pair without result is absent.
    """

    needs: Mapping[VersionId, frozenset[int]]
    fits: Mapping[tuple[VersionId, VersionId], bool]

    def hold(self, consumers: Sequence[VersionId], provider: int, providers: Sequence[VersionId]) -> bool:
        """Every one of these consumer versions gets what it needs from every one of these provider versions."""
        bound = [version for version in consumers if provider in self.needs.get(version, frozenset())]
        return not bound or (bool(providers) and all(self.fits.get((c, p), False) for c in bound for p in providers))


@dataclass(frozen=True, slots=True)
class Constraint:
    """`first` must go before `then`, because the other order leaves a consumer without what it needs.

    `why` names the state that does not hold: the consumer's new version against the provider that is live now, or
    the consumer that is live now against the provider's new version.
    """

    first: Move
    then: Move
    why: Literal["new consumer needs new provider", "live consumer needs live provider"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps from first to last. A step of more than one application has no safe order within: all at once, or not."""

    steps: tuple[tuple[Move, ...], ...]
    constraints: tuple[Constraint, ...]

    @property
    def one_by_one(self) -> bool:
        return all(len(step) == 1 for step in self.steps)


def plan(moves: Sequence[Move], contracts: Contracts) -> Plan:
    """The order, alphabetical where nothing forces one; the order of `moves` does not matter.

    An application already at its version has nothing to do and is in no step.
    """
    going = sorted((m for m in moves if m.live != (m.version_id,)), key=lambda m: (m.participant, m.version_id))
    constraints = tuple(
        constraint
        for consumer in going
        for provider in going
        if consumer.participant_id != provider.participant_id
        for constraint in _constraints(consumer, provider, contracts)
    )
    after: dict[Move, set[Move]] = {move: set() for move in going}
    for constraint in constraints:
        after[constraint.first].add(constraint.then)
    return Plan(tuple(_steps(going, after)), constraints)


def _constraints(consumer: Move, provider: Move, contracts: Contracts) -> list[Constraint]:
    found: list[Constraint] = []
    if not contracts.hold([consumer.version_id], provider.participant_id, provider.live):
        found.append(Constraint(provider, consumer, "new consumer needs new provider"))
    if not contracts.hold(consumer.live, provider.participant_id, [provider.version_id]):
        found.append(Constraint(consumer, provider, "live consumer needs live provider"))
    return found


def _steps(moves: Sequence[Move], after: Mapping[Move, set[Move]]) -> list[tuple[Move, ...]]:
    """Rings of the graph become one step; steps are taken as soon as everything before them is done."""
    reach = {move: _reachable(move, lambda m: after[m]) for move in moves}
    rings: list[tuple[Move, ...]] = []
    for move in moves:
        ring = tuple(m for m in moves if m == move or (m in reach[move] and move in reach[m]))
        if ring not in rings:
            rings.append(ring)
    steps: list[tuple[Move, ...]] = []
    while rings:
        free = next(
            ring
            for ring in rings
            if not any(member in reach[other] for rest in rings if rest != ring for other in rest for member in ring)
        )
        rings.remove(free)
        steps.append(free)
    return steps


def _reachable(start: Move, following: Callable[[Move], set[Move]]) -> set[Move]:
    found: set[Move] = set()
    open_ends = [start]
    while open_ends:
        for move in following(open_ends.pop()) - found:
            found.add(move)
            open_ends.append(move)
    return found
