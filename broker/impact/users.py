"""Who counts as a user of a provider, and where: rows of `queries.standings` grouped by consumer and version. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tallystick.broker.http.hal import moment, present

COUNTED: Final = (
    "contracts of versions that are deployed, or released and supported, or the head of the consumer's main branch "
    "(the newest version with a contract, where no version of a main branch is known)"
)
LIVE: Final = ("deployed", "released")


@dataclass(frozen=True, slots=True)
class Standing:
    """One reason why a version counts."""

    kind: str
    """deployed, released, main or newest."""
    environment: str | None
    production: bool
    instance: str
    since: datetime
    contacts: tuple[Any, ...]

    @property
    def live(self) -> bool:
        return self.kind in LIVE


@dataclass(frozen=True, slots=True)
class Version:
    """A consumer version that counts, and the contract it has with the provider."""

    number: str
    contract_id: int
    standings: tuple[Standing, ...]

    @property
    def live(self) -> bool:
        return any(one.live for one in self.standings)


@dataclass(frozen=True, slots=True)
class Consumer:
    """A consumer with the versions that count, oldest first."""

    name: str
    id: int
    versions: tuple[Version, ...]

    @property
    def ever_live(self) -> bool:
        """Whether any of its versions is known to run somewhere."""
        return any(version.live for version in self.versions)

    def blocking(self, version: Version) -> bool:
        """Whether a version holds the old shape back: it is live, or nothing of its consumer is known to be."""
        return version.live or not self.ever_live


def consumers(rows: Iterable[Any]) -> tuple[Consumer, ...]:
    """The rows, which are in the order of `queries.standings`, grouped."""
    grouped: dict[tuple[str, int], dict[int, list[Any]]] = {}
    for row in rows:
        grouped.setdefault((row.consumer, row.consumer_id), {}).setdefault(row.version_id, []).append(row)
    return tuple(
        Consumer(
            consumer,
            consumer_id,
            tuple(
                Version(some[0].number, some[0].contract_id, tuple(_standing(row) for row in some))
                for _, some in sorted(versions.items())
            ),
        )
        for (consumer, consumer_id), versions in grouped.items()
    )


def _standing(row: Any) -> Standing:
    contacts = tuple(json.loads(row.contacts)) if row.contacts else ()
    return Standing(row.kind, row.environment, bool(row.production), row.instance or "", row.since, contacts)


def contract_ids(known: Iterable[Consumer]) -> list[int]:
    return sorted({version.contract_id for one in known for version in one.versions})


def shown(standing: Standing) -> dict[str, Any]:
    """A standing as a member of an answer. `since` is the deployment's, or the publication's where nothing is live."""
    return present(
        {
            "kind": standing.kind,
            "environment": standing.environment,
            "production": standing.production if standing.live else None,
            "applicationInstance": standing.instance or None,
            "since": moment(standing.since),
        }
    )


def contacts(versions: Sequence[Version]) -> list[dict[str, Any]]:
    """Whom to ask about what is live: the contacts of the environments, each once."""
    found: list[dict[str, Any]] = []
    for standing in (one for version in versions for one in version.standings):
        for contact in standing.contacts:
            entry = {"environment": standing.environment, **contact}
            if entry not in found:
                found.append(entry)
    return found
