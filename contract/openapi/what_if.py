"""A changed description asked before it ships: what breaks, and what is merely no longer allowed by the rulebook."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tallystick.contract.model import Contract
from tallystick.contract.openapi import Comparison
from tallystick.contract.openapi.changes import difference
from tallystick.contract.openapi.edits import Edit
from tallystick.contract.openapi.findings import Finding
from tallystick.contract.openapi.operations import operations
from tallystick.contract.openapi.prediction import Prediction, predict

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class WhatIf(Generic[Key]):
    """The answer: static evidence (B) throughout."""

    edits: tuple[Edit, ...]
    """What changed and could break somebody."""
    prediction: Prediction[Key]
    """Whom it breaks, by which edit; `unmatched` are the edits that break nobody because nobody relies on the place."""
    findings: tuple[tuple[Key, Finding], ...]
    """Errors of the comparison with the new description that the old one doesn't give, in contracts and interactions
    that no edit was found to break: changes too involved to name."""

    @property
    def breaking(self) -> bool:
        return bool(self.prediction.breaks or self.findings)


def what_if(contracts: Iterable[tuple[Key, Contract]], old: Mapping[str, Any], new: Mapping[str, Any]) -> WhatIf[Key]:
    """Compare both descriptions with each other, and each contract with both."""
    pairs = list(contracts)
    edits = difference(old, new)
    templates = [one.template for one in operations(old)]
    prediction = predict(pairs, edits, templates=templates, strength="B")
    broken = {(one.key, one.interaction) for one in prediction.breaks}
    findings: list[tuple[Key, Finding]] = []
    with_old, with_new = Comparison(old), Comparison(new)
    for key, contract in pairs:
        errors = with_new.compare(contract).errors
        before = {(one.code, one.location) for one in with_old.compare(contract).errors} if errors else set()
        findings.extend(
            (key, one)
            for one in errors
            if (one.code, one.location) not in before and (key, one.interaction) not in broken
        )
    return WhatIf(edits, prediction, tuple(findings))
