"""The usage map as HAL and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tallystick.broker.http.hal import moment, present
from tallystick.broker.http.links import Links, link
from tallystick.broker.impact import places
from tallystick.broker.impact.queries import Use
from tallystick.broker.impact.users import COUNTED, Consumer, shown
from tallystick.contract.usage import STRICTNESS


def needs(consumers: Sequence[Consumer], rows: Iterable[Use], first: Iterable[Any]) -> list[dict[str, Any]]:
    """The consumers that use something of the rows: how strictly, in which versions, where these are live."""
    by_contract: dict[int, list[Use]] = {}
    for row in rows:
        by_contract.setdefault(row.contract_id, []).append(row)
    earliest: dict[tuple[int, str], Any] = {(row.consumer_id, row.interaction_sha): row for row in first}
    found, words = [], dict[tuple[str, ...], tuple[str, ...]]()
    for consumer in consumers:
        versions = [version for version in consumer.versions if version.contract_id in by_contract]
        if not versions:
            continue
        used = [row for version in versions for row in by_contract[version.contract_id]]
        since = [one for row in used if (one := earliest.get((consumer.id, row.interaction_sha))) is not None]
        oldest = min(since, key=lambda row: row.version_id) if since else None
        found.append(
            present(
                {
                    "name": consumer.name,
                    "strictness": strictest(row.strictness for row in used),
                    "live": any(version.live for version in versions),
                    "usedSince": oldest and {"version": oldest.number, "at": moment(oldest.at)},
                    "versions": [
                        {
                            "number": version.number,
                            "standings": [shown(one) for one in version.standings],
                            "uses": _uses(by_contract[version.contract_id], words),
                        }
                        for version in versions
                    ],
                }
            )
        )
    return found


def strictest(levels: Iterable[str]) -> str:
    return max(levels, key=lambda level: STRICTNESS.index(level) if level in STRICTNESS else 0)


def _uses(rows: Sequence[Use], words: dict[tuple[str, ...], tuple[str, ...]]) -> list[dict[str, Any]]:
    """The places of one contract. `words`: how places are shown, shared since consumers use the same ones."""
    grouped: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        place = row[3:]
        key = words.get(place)
        if key is None:
            key = words[place] = (
                places.shown((row.method, row.template)),
                places.side(row),
                places.name(row),
                row.strictness,
                places.value_type(row),
            )
        descriptions = grouped.setdefault(key, [])
        if row.description not in descriptions:
            descriptions.append(row.description)
    names = ("operation", "side", "place", "strictness", "type")
    return [{**dict(zip(names, key, strict=True)), "interactions": some} for key, some in grouped.items()]


def usage(
    provider: str,
    links: Links,
    url: str,
    *,
    asked: Mapping[str, str | None],
    operations: Sequence[str],
    consumers: Sequence[Mapping[str, Any]],
    nearest: Sequence[str] = (),
    ambiguous: Sequence[str] = (),
) -> dict[str, Any]:
    """The answer to "who needs this"."""
    return {
        "provider": {"name": provider},
        "asked": present(asked),
        "operations": list(operations),
        "counted": COUNTED,
        "consumers": list(consumers),
        "nearest": list(nearest),
        "ambiguous": list(ambiguous),
        "_links": {
            "self": link(url, f"Who uses what of {provider}"),
            "pb:provider": link(links.participant(provider), "Provider", provider),
        },
    }


HEADS = (
    "consumer", "version", "kind", "environment", "production", "since", "used since version", "used since",
    "operation", "side", "place", "strictness", "type",
)  # fmt: skip


def as_csv(document: Mapping[str, Any]) -> str:
    """A line per consumer, version, standing and use. Cells that a spreadsheet would run are made text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADS)
    for consumer in document["consumers"]:
        since = consumer.get("usedSince") or {}
        for version in consumer["versions"]:
            for standing in version["standings"]:
                for use in version["uses"]:
                    line = (
                        consumer["name"], version["number"], standing["kind"], standing.get("environment", ""),
                        {True: "yes", False: "no"}.get(standing.get("production"), ""), standing["since"],
                        since.get("version", ""), since.get("at", ""), use["operation"], use["side"], use["place"],
                        use["strictness"], use["type"],
                    )  # fmt: skip
                    writer.writerow([_harmless(cell) for cell in line])
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
