"""How a consumer stands to a planned change, and what a provider's side of it comes to. Pure.

A consumer holds the gate when a version of it that is live relies on the old shape (or any that counts, where nothing
of the consumer is known to be live), or when the contract of such a version cannot be read.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tallystick.broker.impact.users import Consumer, Version
from tallystick.contract.model import Contract
from tallystick.contract.openapi.edits import Edit
from tallystick.contract.openapi.prediction import predict
from tallystick.contract.operation import normal_operation, operation_of
from tallystick.contract.usage import usage

RELIES: Final = "relies"
UNREAD: Final = "unread"
NOWHERE: Final = "(nothing of it is known to be live)"


@dataclass(frozen=True, slots=True)
class Stand:
    """How one consumer stands to a plan."""

    holds: str = ""
    """`RELIES`, `UNREAD`, or "" when it does not hold the gate."""
    holding: tuple[Version, ...] = ()
    """The versions that do."""
    expects: frozenset[int] = frozenset()
    """Places among the edits of those whose new shape its contracts have."""
    used: frozenset[int] = frozenset()
    """Places among the edits of those whose operation its contracts use."""
    contracts: str = ""
    """Which of its contracts were counted, as `counted_contracts` writes them; "" for none."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What the count of a plan's consumers rests on besides their contracts."""

    description: str | None = None
    """Digest of the provider's newest description."""
    state: str | None = None
    """Which descriptions and shapes say what it offers; None where the edits lead to nothing new."""
    templates: tuple[str, ...] = ()
    """Path templates of the description that a path of the plan's operations could also fit."""
    known: frozenset[int] = frozenset()
    """Places among the edits of those whose operation was ever used or described: what never was is a slip."""
    offered: frozenset[int] = frozenset()
    """Places among the edits of those whose new shape the provider has: its newest version, or one that is live."""

    def text(self) -> str:
        return json.dumps(
            {
                "description": self.description,
                "state": self.state,
                "templates": list(self.templates),
                "known": sorted(self.known),
                "offered": sorted(self.offered),
            }
        )


def basis_of(text: str | None) -> Basis | None:
    """As it was kept; None where nothing was counted yet."""
    if text is None:
        return None
    kept = json.loads(text)
    return Basis(
        kept["description"],
        kept["state"],
        tuple(kept["templates"]),
        frozenset(kept["known"]),
        frozenset(kept["offered"]),
    )


def stand(
    consumer: Consumer, contracts: Mapping[int, Contract | None], edits: Sequence[Edit], templates: Sequence[str]
) -> Stand:
    """How the consumer stands; `contracts` has each that counts of it, None for what cannot be read."""
    ids = {version.contract_id for version in consumer.versions}
    known = (*templates, *(edit.target.template for edit in edits if edit.target.method))
    pairs = [
        (key, _about(contract, edits, known)) for key in sorted(ids) if (contract := contracts.get(key)) is not None
    ]
    found = predict(pairs, edits, templates=templates)
    broken = {one.key for one in found.breaks}
    relying = tuple(one for one in consumer.versions if one.contract_id in broken and consumer.blocking(one))
    unread = tuple(
        one for one in consumer.versions if contracts.get(one.contract_id) is None and consumer.blocking(one)
    )
    unused = {id(one.edit) for one in found.unmatched if not one.operation_used}
    return Stand(
        RELIES if relying else UNREAD if unread else "",
        relying or unread,
        _expected([contract for _, contract in pairs], edits, known),
        frozenset(place for place, edit in enumerate(edits) if id(edit) not in unused),
        counted_contracts(consumer),
    )


def counted_contracts(consumer: Consumer) -> str:
    """The ids of the contracts that count of a consumer, those that could hold a gate with a mark."""
    found: dict[int, bool] = {}
    for version in consumer.versions:
        found[version.contract_id] = found.get(version.contract_id, False) or consumer.blocking(version)
    return " ".join(f"{key}{'!' if blocking else ''}" for key, blocking in sorted(found.items()))


def _about(contract: Contract, edits: Sequence[Edit], templates: Sequence[str]) -> Contract:
    """The contract with only the interactions whose operation is edited: the others have no say, and cost time."""
    wanted = {normal_operation(edit.target.operation) for edit in edits}
    return replace(
        contract,
        interactions=tuple(
            one
            for one in contract.interactions
            if normal_operation(" ".join(operation_of(one, templates)).strip()) in wanted
        ),
    )


def _expected(contracts: Iterable[Contract], edits: Sequence[Edit], known: Sequence[str]) -> frozenset[int]:
    """Places among the edits of those whose new shape one of the contracts has."""
    wanted = new_places(edits)
    found: set[int] = set()
    for contract in contracts if wanted else ():
        for interaction in contract.interactions:
            for row in usage(interaction, known):
                found |= wanted.get((normal_operation(row.operation), *side_and_word(row.part), row.path), frozenset())
    return frozenset(found)


def new_places(edits: Sequence[Edit]) -> dict[tuple[str, str, str, str], frozenset[int]]:
    """(operation, side, word, path) of what edits lead to -> places of those edits. Only a rename leads somewhere."""
    found: dict[tuple[str, str, str, str], set[int]] = {}
    for place, edit in enumerate(edits):
        new = edit.new_target
        if new is not None:
            key = (normal_operation(new.operation), *side_and_word(new.part), new.path)
            found.setdefault(key, set()).add(place)
    return {key: frozenset(places) for key, places in found.items()}


def side_and_word(part: str) -> tuple[str, str]:
    """request or response, and body, query, header …; what a message holds is what its provider answers."""
    side, _, word = part.rpartition(" ")
    return ("request" if side.startswith("request") else "response"), word


def known(edits: Sequence[Edit], used: Iterable[tuple[str, str]], templates: Collection[str]) -> frozenset[int]:
    """Places among the edits of those whose operation was ever used, or is described."""
    operations = {normal_operation(f"{method} {template}".strip()) for method, template in used}
    described = {normal_operation(f"GET {one}") for one in templates}
    return frozenset(
        place
        for place, edit in enumerate(edits)
        if normal_operation(edit.target.operation) in operations
        or (edit.target.method and normal_operation(f"GET {edit.target.template}") in described)
    )


def rivals(edits: Sequence[Edit], templates: Iterable[str]) -> tuple[str, ...]:
    """The templates that some path could fit which fits an edit's too: others say nothing about its operation."""
    own = [edit.target.template for edit in edits if edit.target.method]
    return tuple(one for one in templates if any(_alike(one, each) for each in own))


def _alike(one: str, other: str) -> bool:
    ours, theirs = one.strip("/").split("/"), other.strip("/").split("/")
    return len(ours) == len(theirs) and all(a == b or "{" in a or "{" in b for a, b in zip(ours, theirs, strict=True))


def stage(edits: Sequence[Edit], holding: Collection[Any], basis: Basis, expects: Iterable[int]) -> str:
    """expand, migrate, or contract when the gate is open: nobody holds it, and every edit means something."""
    if not holding and len(basis.known) == len(edits):
        return "contract"
    wanted = {place for places in new_places(edits).values() for place in places}
    return "migrate" if wanted <= {*basis.offered, *expects} else "expand"


# --- in words -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Holders:
    """Who holds a gate, as sentences tell it."""

    relying: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.relying or self.unread)

    def add(self, consumer: str, holds: str) -> None:
        if holds:
            (self.relying if holds == RELIES else self.unread).append(consumer)


def reason(provider: str, holders: Holders, slip: bool) -> str:
    """Why the old shape may go or not."""
    if holders.relying:
        return f"{', '.join(holders.relying)} still {'relies' if len(holders.relying) == 1 else 'rely'} on it"
    if slip:
        return f"neither a contract nor a description of {provider} has the operation: check the edits"
    if holders.unread:
        return f"a contract of {', '.join(holders.unread)} cannot be read, so nobody knows what it relies on"
    return "no live consumer relies on it"


def places_of(version: Version) -> Iterator[tuple[str, Any]]:
    """The environments where a version holds the gate, with the standing that says so."""
    for one in version.standings:
        if one.live or not version.live:
            yield one.environment or NOWHERE, one
