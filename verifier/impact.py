"""Who would break: consumers, exact fields, and where those versions are live since when. Evidence A: replay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.contract.mismatch import Mismatch
from tallystick.contract.model import Json
from tallystick.verifier.results import ContractResult, Result

_INDEX: Final = re.compile(r"\[[0-9]+\]")


@dataclass(frozen=True, slots=True)
class Live:
    """A version of a consumer in an environment."""

    consumer: str
    version: str
    environment: str
    production: bool
    since: str | None
    """An ISO 8601 time of the broker's."""
    how: str = "deployed"
    instance: str = ""


@dataclass(frozen=True, slots=True)
class BrokenField:
    """One thing that a consumer relies on and would not get any more."""

    interaction: str
    place: str
    """`status`, `header Content-Type`, `body $.lines[0].total`."""
    sentence: str
    expected: Json | bytes = None
    actual: Json | bytes = None
    rule: str = ""
    pending: bool = False


@dataclass(frozen=True, slots=True)
class ConsumerImpact:
    """One consumer: what breaks for it, and where it is live. Nothing broken means untouched."""

    consumer: str
    versions: tuple[str, ...]
    """The versions whose contracts break; for an untouched consumer those that were verified."""
    fields: tuple[BrokenField, ...]
    live: tuple[Live, ...]
    live_elsewhere: tuple[Live, ...] = ()
    """Live versions whose own contract was not the one that broke."""
    interactions: int = 0

    @property
    def pending_only(self) -> bool:
        return bool(self.fields) and all(f.pending for f in self.fields)


@dataclass(frozen=True, slots=True)
class Impact:
    """The consequences of a build."""

    broken: tuple[ConsumerImpact, ...]
    untouched: tuple[ConsumerImpact, ...]
    live_known: bool
    """Was a broker asked where the consumers are live?"""
    why_unknown: str = ""


def assess(contracts: Sequence[ContractResult], live: Sequence[Live] | None, why_unknown: str = "") -> Impact:
    """Who breaks on what, from the results; where, from what is live. `live` None: nobody could be asked."""
    names = sorted({c.source.contract.consumer for c in contracts})
    broken: list[ConsumerImpact] = []
    untouched: list[ConsumerImpact] = []
    for name in names:
        of_it = [c for c in contracts if c.source.contract.consumer == name]
        failing = [c for c in of_it if any(not r.ok and r.status != "not-run" for r in c.results)]
        here = [entry for entry in live or () if entry.consumer == name]
        concerned = failing or of_it
        versions = tuple(dict.fromkeys(v for c in concerned for v in c.source.consumer_versions))
        holds = [e for e in here if not versions or e.version in versions]
        one = ConsumerImpact(
            name,
            versions,
            _once(f for c in failing for r in c.results for f in fields_of(r)),
            tuple(holds),
            tuple(e for e in here if e not in holds) if failing else (),
            sum(len(c.results) for c in concerned),
        )
        (broken if failing else untouched).append(one)
    return Impact(tuple(broken), tuple(untouched), live is not None, why_unknown)


def _once(fields: Iterable[BrokenField]) -> tuple[BrokenField, ...]:
    """One entry for each field of an interaction, the first that was found."""
    seen: dict[tuple[str, str], BrokenField] = {}
    for field in fields:
        seen.setdefault((field.interaction, field.place), field)
    return tuple(seen.values())


def fields_of(result: Result) -> tuple[BrokenField, ...]:
    """What one result breaks; a problem on the way counts as one field without a place."""
    if result.ok or result.status == "not-run":
        return ()
    replayed, title = result.replayed, result.title
    places = _generalised([m.path for m in replayed.mismatches if m.part == "body"])
    found = [
        BrokenField(
            title,
            place(m.part, places.get(path, path)),
            m.sentence,
            _hashable(expected),
            _hashable(actual),
            m.rule.name if m.rule else "",
            result.pending,
        )
        for m in replayed.mismatches
        for path, expected, actual in exact(m)
    ]
    found += [
        BrokenField(title, f"body {u.path}" if u.path else "not checked", u.sentence, pending=result.pending)
        for u in replayed.undecided
    ]
    if replayed.problem is not None:
        found.append(BrokenField(title, replayed.problem.kind, replayed.problem.sentence, pending=result.pending))
    return tuple(found)


def _generalised(paths: Sequence[str]) -> dict[str, str]:
    """Paths that differ only in their indexes, as one with `[*]`: a field of every item is one field."""
    same: dict[str, list[str]] = {}
    for path in dict.fromkeys(paths):
        same.setdefault(_INDEX.sub("[*]", path), []).append(path)
    return {path: general for general, found in same.items() if len(found) > 1 for path in found}


def exact(mismatch: Mismatch) -> list[tuple[str, Json | bytes, Json | bytes]]:
    """(path, expected, actual) of what a mismatch is about: keys that are missing from a map each on their own."""
    expected, actual = mismatch.expected, mismatch.actual
    if mismatch.kind in ("missing-key", "missing-keys") and isinstance(expected, dict) and isinstance(actual, dict):
        gone = [key for key in expected if key not in actual]
        if gone:
            return [(_below(mismatch.path, key), expected[key], None) for key in gone]
    return [(mismatch.path, expected, actual)]


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if key.isidentifier() else f"{path}['{key}']"


def place(part: str, path: str) -> str:
    """`body $.total`, `header ETag`, `status`: where a mismatch is, in words."""
    name = "content type" if part == "body-type" else part
    return f"{name} {path}" if path and part not in ("status", "path", "method", "body-type") else name


def _hashable(value: Json | bytes) -> Json | bytes:
    """Values that cannot be hashed are shown as JSON text."""
    if isinstance(value, dict | list):
        from tallystick.contract import json_text

        return json_text.dumps(value).decode()
    return value


def live_from(document: Mapping[str, Any], environment: Mapping[str, Any]) -> Live | None:
    """A row from the broker's document of a deployed or released version; None when it names nothing."""
    embedded = document.get("_embedded", {})
    name = embedded.get("pacticipant", {}).get("name")
    number = embedded.get("version", {}).get("number")
    if not isinstance(name, str) or not isinstance(number, str):
        return None
    since = document.get("createdAt")
    return Live(
        name,
        number,
        str(environment.get("name", "?")),
        environment.get("production") is True,
        since if isinstance(since, str) else None,
        "released" if "currentlySupported" in document else "deployed",
        str(document.get("applicationInstance") or ""),
    )
