"""What a published report says of each interaction.

Pure. Reports come in two shapes: a list of `{interactionId, success, mismatches…}` from every verifier of today, and
`{"tests": [...]}` from the old Ruby one. Anything else is kept and says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Known:
    """An interaction of the contract that was verified."""

    sha: str
    interaction_id: str | None
    description: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one interaction. `sha` is None when the report names something the contract does not have."""

    sha: str | None
    interaction_id: str | None
    description: str | None
    success: bool
    mismatches: tuple[Any, ...] = ()


def outcomes(report: Any, success: bool, known: Sequence[Known]) -> list[Outcome]:
    """One outcome per interaction that the report speaks of; a success without details means all of them passed.

    Several entries for one interaction are joined: one failure is a failure.
    """
    by_id = {each.interaction_id: each for each in known if each.interaction_id}
    by_description: dict[str, Known] = {}
    for each in known:
        by_description.setdefault(each.description, each)
    joined: dict[Any, Outcome] = {}
    for entry in _entries(report):
        interaction_id, description = _text(entry, "interactionId"), _text(entry, "interactionDescription")
        found = by_id.get(interaction_id) if interaction_id else by_description.get(description or "")
        sha = found.sha if found else None
        passed, mismatches = _verdict(entry)
        key = sha or interaction_id or description
        before = joined.get(key)
        joined[key] = Outcome(
            sha=sha,
            interaction_id=interaction_id or (found.interaction_id if found else None),
            description=description or (found.description if found else None),
            success=passed and (before is None or before.success),
            mismatches=(*(before.mismatches if before else ()), *mismatches),
        )
    if success:
        spoken_of = {each.sha for each in joined.values()}
        rest = (each for each in known if each.sha not in spoken_of)
        return [*joined.values(), *(Outcome(each.sha, each.interaction_id, each.description, True) for each in rest)]
    return list(joined.values())


def _entries(report: Any) -> Iterable[Mapping[str, Any]]:
    listed = report.get("tests") if isinstance(report, Mapping) else report
    return [entry for entry in listed if isinstance(entry, Mapping)] if isinstance(listed, list) else []


def _verdict(entry: Mapping[str, Any]) -> tuple[bool, tuple[Any, ...]]:
    found = [
        *_listed(entry, "mismatches"),
        *({"exception": each} for each in _listed(entry, "exceptions")),
        *([{"exception": entry["exception"]}] if entry.get("exception") else []),
    ]
    if isinstance(entry.get("success"), bool):
        return entry["success"], tuple(found)
    if isinstance(entry.get("status"), str):
        return entry["status"] not in ("failed", "failure", "error"), tuple(found)
    return not found, tuple(found)


def _listed(entry: Mapping[str, Any], key: str) -> list[Any]:
    value = entry.get(key)
    return value if isinstance(value, list) else []


def _text(entry: Mapping[str, Any], key: str) -> str | None:
    value = entry.get(key)
    return value if isinstance(value, str) and value else None
