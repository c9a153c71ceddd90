"""What a comparison with a description is worth as evidence: for, against, or not enough of it.

Static evidence, always to be labelled so: nothing was run. Silence is not consent: an interaction that could not be
compared at all (a message, where HTTP is described) makes evidence for the contract incomplete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from tallystick.contract.openapi import Comparison
from tallystick.contract.openapi.exchanges import exchanges_of
from tallystick.contract.openapi.findings import Finding, Findings

Outcome: TypeAlias = Literal["compatible", "incompatible", "incomplete"]

EDITION: Final = 1
"""Of the rules. Raise it when the same contract and description may compare otherwise: stored answers are made anew."""

NOTHING_TO_COMPARE_WITH: Final = frozenset({"message.spec.missing", "message.references.missing"})
"""Errors by which an interaction is not compared, and not found wanting."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found, and how much of the contract it covers."""

    findings: Findings
    interactions: int
    not_compared: int
    """Interactions that the description has no say in."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What the description does not allow. That it says nothing is no error of the contract."""
        return tuple(one for one in self.findings.errors if one.code not in NOTHING_TO_COMPARE_WITH)

    @property
    def outcome(self) -> Outcome:
        if self.errors:
            return "incompatible"
        return "incomplete" if self.not_compared or not self.interactions else "compatible"


class Described:
    """A description, OpenAPI or AsyncAPI, made ready for contracts."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self._of_messages = "asyncapi" in description
        self._comparison = Comparison(asyncapi=description) if self._of_messages else Comparison(description)

    def evidence(self, contract: Mapping[str, Any]) -> Evidence:
        """Compare the document of a contract."""
        findings = self._comparison.compare(contract)
        exchanges = list(exchanges_of(contract))
        total = sum(len(some) for name in ("interactions", "messages") if isinstance(some := contract.get(name), list))
        silent = {one.location for one in exchanges if (one.kind == "http") is self._of_messages}
        silent |= {
            one.location.partition(".comments")[0] for one in findings.found if one.code in NOTHING_TO_COMPARE_WITH
        }
        return Evidence(findings, total, total - len(exchanges) + len(silent))
