"""A changed description asked before it ships: what breaks, and what is merely no longer allowed by the rulebook."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from tallystick.contract import paths
from tallystick.contract.model import Contract, HttpInteraction
from tallystick.contract.openapi import Comparison
from tallystick.contract.openapi.changes import difference
from tallystick.contract.openapi.edits import Edit
from tallystick.contract.openapi.findings import Finding
from tallystick.contract.openapi.operations import operations
from tallystick.contract.openapi.prediction import Prediction, predict
from tallystick.contract.openapi.touched import Touched, touched
from tallystick.contract.usage import usage
from tallystick.contract.writing import to_document

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


def what_if(
    contracts: Iterable[tuple[Key, Contract]],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    differing: Touched | None = None,
) -> WhatIf[Key]:
    """Compare both descriptions with each other, and each contract with both, where these differ.

    `differing`: what `touched` says of the two, where it was asked already.
    """
    pairs = list(contracts)
    edits = difference(old, new)
    templates = [one.template for one in operations(old)]
    prediction = predict(pairs, edits, templates=templates, strength="B")
    broken = {(one.key, one.position) for one in prediction.breaks}
    asked = {(key, position, edit.target.path) for key, position, edit in prediction.tolerated if _is_answer(edit)}
    findings: list[tuple[Key, Finding]] = []
    with_old, with_new = Comparison(old), Comparison(new)
    differing = differing or touched(old, new)
    for key, contract in pairs:
        # What both say alike gives the same errors with both, and what breaks is told already.
        asked_of = {
            f"[root].interactions[{position}]"
            for position, one in enumerate(contract.interactions)
            if isinstance(one, HttpInteraction)
            and (key, position) not in broken
            and differing.meets(one.request.method, one.request.path)
        }
        if not asked_of:
            continue
        document = to_document(contract)
        errors = with_new.compare(document, asked_of).errors
        before = {(one.code, one.location) for one in with_old.compare(document, asked_of).errors} if errors else set()
        for one in errors:
            position = _position(one)
            if (one.code, one.location) in before:
                continue
            if one.code == "response.body.incompatible":
                path = _path(one)
                if (key, position, paths.render(path)) in asked or _any_value_will_do(contract, position, path, one):
                    continue
            findings.append((key, one))
    return WhatIf(edits, prediction, tuple(findings))


def _is_answer(edit: Edit) -> bool:
    return edit.target.part == "response body" and edit.kind != "drop operation"


def _position(finding: Finding) -> int:
    """Of its interaction: the number in `[root].interactions[7].response.body.total`."""
    return int(finding.location.split("[", 2)[2].partition("]")[0])


def _path(finding: Finding) -> paths.Path:
    """The place of a finding in the body, indexes generalised."""
    steps = finding.location.partition(".response.body")[2].split(".")[1:]
    return tuple(paths.ANY_INDEX if step.isdecimal() else step for step in steps)


_OF_VALUES: Final = frozenset(
    {"format", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
    | {"multipleOf", "enum", "const", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"}
)
"""Keywords about which values there are. What the API may no longer answer is the example, not what fits its rule."""


def _any_value_will_do(contract: Contract, position: int, path: paths.Path, finding: Finding) -> bool:
    """Whether the finding is about the value of an example whose rule takes every value of its type."""
    if finding.spec_location.rpartition(".")[2] not in _OF_VALUES:
        return False
    at = paths.render(path)
    rows = [row for row in usage(contract.interactions[position]) if row.part == "response body" and row.path == at]
    return bool(rows) and all(row.strictness in ("presence", "type") for row in rows)
