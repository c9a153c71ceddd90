"""What a build did with the contracts that count: evidence A. From a replay that was sent, or from published results.

Pure. Both say the same thing in the shape in which verifiers say it: interactions with their mismatches.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.broker.verifications.outcomes import Known, Outcome, outcomes
from tallystick.contract import identity, json_text
from tallystick.contract.model import Contract

WHOLE: Final = -1
"""The position that stands for a contract as a whole: its report names no interaction."""
_INDEX: Final = re.compile(r"\[[0-9]+\]")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that an interaction expects and the build does not give."""

    part: str
    """body, header, status, …; "" where the exchange itself failed."""
    path: str
    """Into the answer: `$.lines[0].total`; the name of a header."""
    sentence: str
    rule: str = ""

    @property
    def field(self) -> str:
        """The place, indexes generalised, as usage names it."""
        if self.part in ("", "body") and self.path:
            return general(self.path)
        return f"{self.part} {self.path}".strip()


@dataclass(frozen=True, slots=True)
class Reported:
    """What was said about one contract: the entries of failed interactions, and of those that could not be asked."""

    success: bool
    results: Any = ()
    """A list of entries, or what old verifiers send."""
    not_asked: Sequence[Mapping[str, Any]] = ()
    """Each names an interaction as results do, with a `reason`."""

    @property
    def plain(self) -> bool:
        """Every interaction was asked, and holds."""
        return self.success and not self.not_asked


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the build did with one contract, by the positions of its interactions. All others hold."""

    failed: Mapping[int, tuple[Fault, ...]] = field(default_factory=dict)
    not_asked: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Replay:
    """What a build did with the contracts that count."""

    build: str
    """Where it was asked, or which version it is."""
    published: bool
    """Whether results that were published before are told; nothing was run."""
    contracts: Mapping[int, Replayed]
    """By contract id; a contract that counts and is not here was not asked."""
    reasons: Mapping[int, str] = field(default_factory=dict)
    """Why a contract was not asked, where that was said."""

    @property
    def broken(self) -> frozenset[int]:
        return frozenset(key for key, one in self.contracts.items() if one.failed)

    def why_not(self, key: int) -> str:
        """Why the build has no result for a contract."""
        return self.reasons.get(key) or (
            f"no result of {self.build} is published for its contract" if self.published else "it was not replayed"
        )


def general(path: str) -> str:
    """A path with every index as `[*]`: a field of each item is one field."""
    return _INDEX.sub("[*]", path)


def stored(success: bool, report: bytes | None) -> Reported:
    """A result as it is kept: its report compressed."""
    kept: Any = json_text.loads(zlib.decompress(report)) if report and not success else ()
    return Reported(success, kept)


def replayed(reported: Reported, contract: Contract | None) -> Replayed:
    """What was said, by position. Without a readable contract everything that failed is said of the whole."""
    interactions = contract.interactions if contract is not None else ()
    known = [Known(identity.interaction_sha(one), one.id, one.description) for one in interactions]
    positions: dict[str, list[int]] = {}
    for position, one in enumerate(known):
        positions.setdefault(one.sha, []).append(position)
    failed: dict[int, tuple[Fault, ...]] = {}
    for outcome in outcomes(reported.results, False, known):
        if not outcome.success:
            for position in positions.get(outcome.sha or "", [WHOLE]):
                failed[position] = (*failed.get(position, ()), *_faults(outcome))
    if not reported.success and not failed and not reported.not_asked:
        failed[WHOLE] = (Fault("", "", "the result says that it failed, and no more"),)
    left = outcomes([{**one, "success": False} for one in reported.not_asked], False, known)
    reasons = {_key(one): str(one.get("reason") or "no reason given") for one in reported.not_asked}
    not_asked = {
        position: next((reasons[key] for key in (one.interaction_id, one.description) if key in reasons), "")
        for one in left
        for position in positions.get(one.sha or "", [WHOLE])
        if position not in failed
    }
    return Replayed(failed, not_asked)


def _key(entry: Mapping[str, Any]) -> Any:
    return entry.get("interactionId") or entry.get("interactionDescription")


def _faults(outcome: Outcome) -> tuple[Fault, ...]:
    found = [_fault(one) for one in outcome.mismatches]
    return tuple(found) or (Fault("", "", "it failed; the result says no more"),)


def _fault(said: Any) -> Fault:
    if not isinstance(said, Mapping):
        return Fault("", "", str(said))
    if "exception" in said:
        raised = said["exception"]
        text = raised.get("message") or raised.get("exceptionClass") if isinstance(raised, Mapping) else raised
        return Fault("", "", str(text or "an exception, without a message"))
    part, path, sentence, rule = (_text(said, key) for key in ("attribute", "identifier", "description", "rule"))
    return Fault(part, path, sentence or "it differs; the result says no more", rule)


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    return value if isinstance(value, str) else ""


def each_once(faults: Iterable[Fault]) -> list[Fault]:
    """One fault for each field, the first that was found: ten items without a total are one field."""
    found: dict[tuple[str, str], Fault] = {}
    for one in faults:
        found.setdefault((one.part, one.field if one.part else one.sentence), one)
    return list(found.values())
