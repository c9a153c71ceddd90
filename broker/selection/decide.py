"""From the rows that selectors led to, the contracts to verify: each once, with all its reasons, in a stable order.

Pure. `selection.queries` finds the rows and the facts about past results.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tallystick.broker.selection.reasons import Reason


@dataclass(frozen=True, slots=True)
class Pick:
    """One selector led to one publication."""

    contract_id: int
    sha: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Selected:
    """A contract to verify."""

    contract_id: int
    sha: str
    consumer: str
    version_id: int
    version_number: str
    """The consumer version that represents the contract: the newest of those selected."""
    reasons: tuple[Reason, ...]
    pending: bool | None = None
    """None when the request did not ask."""
    pending_tags: tuple[str, ...] = ()
    wip: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """What is known about past results of a set of contract contents, as far as pending needs it."""

    verified: frozenset[int] = frozenset()
    """Contents that count as verified for the branch of the build, or, without branch and tags, by anybody."""
    verified_by_tag: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """The same for each tag of the build."""


def merge(picks: Iterable[Pick]) -> list[Selected]:
    """Each content once, represented by the newest consumer version that was picked; reasons in the order of picking.

    Sorted by consumer name, then by that version.
    """
    by_contract: dict[int, list[Pick]] = {}
    for pick in picks:
        by_contract.setdefault(pick.contract_id, []).append(pick)
    selected = []
    for contract_id, group in by_contract.items():
        newest = max(group, key=lambda pick: pick.reason.version_id)
        selected.append(
            Selected(
                contract_id=contract_id,
                sha=newest.sha,
                consumer=newest.reason.consumer,
                version_id=newest.reason.version_id,
                version_number=newest.reason.version_number,
                reasons=tuple(dict.fromkeys(pick.reason for pick in group)),
            )
        )
    return sorted(selected, key=lambda each: (each.consumer, each.version_id))


def with_pending(
    selected: Sequence[Selected], history: History, branch: str | None, tags: Sequence[str]
) -> list[Selected]:
    """Mark what this build may fail without failing: what nobody relevant to it has verified.

    A branch of the build beats its tags; with several tags one unverified tag suffices.
    """
    marked = []
    for each in selected:
        unverified: tuple[str, ...] = ()
        if branch or not tags:
            pending = each.contract_id not in history.verified
        else:
            unverified = tuple(
                tag for tag in tags if each.contract_id not in history.verified_by_tag.get(tag, frozenset())
            )
            pending = bool(unverified)
        marked.append(replace(each, pending=pending, pending_tags=unverified))
    return marked


def work_in_progress(
    candidates: Iterable[Pick],
    explicit: Sequence[Selected],
    settled: frozenset[int],
    settled_by_tag: Mapping[str, frozenset[int]],
    branch: str | None,
    tags: Sequence[str],
) -> list[Selected]:
    """The new contracts that nobody asked for and this branch (or one of these tags) has not yet verified.

    `settled` are contents that the branch, or another one before it existed, verified while they were selected;
    `settled_by_tag` the same for each tag.
    """
    asked = {each.contract_id for each in explicit}
    left = []
    for each in merge(candidates):
        if each.contract_id in asked:
            continue
        if branch:
            if each.contract_id not in settled:
                left.append(replace(each, wip=True, pending=True))
            continue
        open_tags = tuple(tag for tag in tags if each.contract_id not in settled_by_tag.get(tag, frozenset()))
        if open_tags:
            left.append(replace(each, wip=True, pending=True, pending_tags=open_tags))
    return left
