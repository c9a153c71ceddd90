"""Contracts compared with the description of a provider version: asked for, made where they are not yet, and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from tallystick.broker.contracts import comparisons
from tallystick.broker.contracts import queries as contracts
from tallystick.broker.contracts.comparisons import Compared, Pair
from tallystick.broker.db import read
from tallystick.broker.errors import NotFound, UnknownParticipant
from tallystick.broker.http.links import Links, link
from tallystick.broker.impact import queries, users
from tallystick.broker.participants.queries import participant_named


@dataclass(frozen=True, slots=True)
class Contract:
    """What is compared, and whose it is."""

    id: int
    sha: str
    consumer: str
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A contract, the row of a description, and what comparing them found."""

    contract: Contract
    description: Any
    compared: Compared
    findings: Sequence[dict[str, str]]

    def document(self, links: Links) -> dict[str, Any]:
        """As it is shown."""
        found, consumer = self.compared, self.contract.consumer
        provider, number = self.description.participant, self.description.number
        return {
            "outcome": found.outcome,
            "evidence": "static",
            "errors": found.errors,
            "warnings": found.warnings,
            "interactions": found.interactions,
            "notCompared": found.not_compared,
            "selfVerified": self.description.self_verified,
            "consumer": {"name": consumer, "versions": list(self.contract.versions)},
            "provider": {"name": provider, "version": number},
            "findings": self.findings,
            "_links": {
                "self": link(links.comparison(consumer, provider, self.contract.sha, number), "Comparison"),
                "pb:pact-version": link(links.pact_content(consumer, provider, self.contract.sha), "Contract"),
                "ts:description": link(links.description(provider, number), "API description"),
            },
        }


def of_content(engine: Engine, provider: str, number: str, consumer: str, sha: str) -> Comparison:
    """Of a contract by its digest with the description of a version. Raises `NotFound` for what is not there."""
    with read(engine) as connection:
        row = described(connection, provider, number)
        pact = contracts.pact_with_sha(connection, consumer, provider, sha)
    if pact is not None:
        for one in _compared(engine, row, [Contract(pact.contract_id, sha, consumer, (pact.number,))]):
            return one
    raise NotFound(f"{consumer} has no contract {sha} with {provider}")


def of_version(
    engine: Engine, provider: str, number: str, consumer: str | None = None, consumer_version: str | None = None
) -> list[Comparison]:
    """Of the contracts that count with the description of a version: all, one consumer's, or one consumer version's.

    Raises `NotFound` or `UnknownParticipant` for what is not there.
    """
    with read(engine) as connection:
        row = described(connection, provider, number)
        if consumer is not None and participant_named(connection, consumer) is None:
            raise UnknownParticipant(consumer, "consumer")
        if consumer is None or consumer_version is None:
            chosen = _counted(connection, row.participant_id, consumer)
        else:
            pact = contracts.pact_of_version(connection, consumer, provider, consumer_version)
            if pact is None:
                raise NotFound(f"Version {consumer_version} of {consumer} has no contract with {provider}")
            chosen = [Contract(pact.contract_id, pact.sha, consumer, (consumer_version,))]
    return _compared(engine, row, chosen)


def described(db: queries.Db, provider: str, number: str) -> Any:
    """The row of a description, or `NotFound`."""
    row = queries.description(db, provider, number)
    if row is None:
        raise NotFound(
            f"No API description of version {number} of {provider}: publish one with `tallystick publish-description`"
        )
    return row


def _counted(db: queries.Db, provider_id: int, consumer: str | None) -> list[Contract]:
    """The contracts that count, of one consumer or of all; one that several versions share stands once."""
    versions: dict[tuple[str, int], list[str]] = {}
    for known in users.consumers(queries.standings(db, provider_id)):
        for one in known.versions:
            if consumer in (None, known.name):
                versions.setdefault((known.name, one.contract_id), []).append(one.number)
    shas = contracts.shas_of(db, [id_ for _, id_ in versions])
    return [Contract(id_, shas[id_], name, tuple(numbers)) for (name, id_), numbers in versions.items()]


def _compared(engine: Engine, description: Any, chosen: Sequence[Contract]) -> list[Comparison]:
    """Each with its comparison, made first where that was not done yet; without what was deleted meanwhile."""
    pairs: list[Pair] = [(one.id, description.sha) for one in chosen]
    with read(engine) as connection:
        kept = comparisons.known(connection, (id_ for id_, _ in pairs), [description.sha])
    if missing := [pair for pair in pairs if pair not in kept]:
        comparisons.make(engine, missing)
    with read(engine) as connection:
        kept = comparisons.known(connection, (id_ for id_, _ in pairs), [description.sha])
        found = comparisons.findings(connection, pairs)
    return [
        Comparison(one, description, kept[pair], found[pair])
        for one, pair in zip(chosen, pairs, strict=True)
        if pair in kept
    ]
