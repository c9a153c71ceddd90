"""Static comparison: is each interaction of a contract allowed by an API description?

Evidence without running anything, and labelled so: it says what a description allows, not what a provider does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tallystick.contract.model import Contract
from tallystick.contract.openapi.comparison import HttpComparison
from tallystick.contract.openapi.exchanges import exchanges_of
from tallystick.contract.openapi.findings import CODES, Finding, Findings
from tallystick.contract.openapi.messages import MessageComparison

__all__ = ["CODES", "Comparison", "Finding", "Findings", "answer", "compare"]


class Comparison:
    """Descriptions made ready: contracts are compared with them one after the other."""

    def __init__(self, description: Mapping[str, Any] | None = None, asyncapi: Mapping[str, Any] | None = None) -> None:
        self._http = HttpComparison(description) if description is not None else None
        self._messages = MessageComparison(asyncapi)

    def compare(self, contract: Contract | Mapping[str, Any], only: Collection[str] | None = None) -> Findings:
        """Compare a contract, or its document. Interactions are compared with the description of their kind.

        Without an OpenAPI one HTTP interactions are not compared; messages without an AsyncAPI one say so. `only`
        has the locations of the interactions to compare (`[root].interactions[0]`); without it all are.
        """
        if isinstance(contract, Contract):
            from tallystick.contract import writing

            contract = writing.to_document(contract)
        version_4 = _is_version_4(contract)
        found: list[Finding] = []
        for exchange in exchanges_of(contract):
            if only is not None and exchange.location not in only:
                continue
            if exchange.kind != "http":
                found.extend(self._messages.compare(exchange))
            elif self._http is not None:
                found.extend(self._http.compare(exchange, version_4=version_4))
        return Findings(tuple(found))


def compare(
    contract: Contract | Mapping[str, Any],
    description: Mapping[str, Any] | None = None,
    asyncapi: Mapping[str, Any] | None = None,
) -> Findings:
    """Compare one contract, or its document, with an OpenAPI (or Swagger 2) description and an AsyncAPI one."""
    return Comparison(description, asyncapi).compare(contract)


def answer(case: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to an OpenAPI case of the conformance protocol: `{"id", "errors", "warnings"}`."""
    found = compare(case["pact"], case.get("oas"), case.get("asyncapi"))
    return {
        "id": case.get("id"),
        "errors": [_shown(one) for one in found.errors],
        "warnings": [_shown(one) for one in found.warnings],
    }


def _shown(one: Finding) -> dict[str, str]:
    return {
        "code": one.code, "message": one.message, "location": one.location, "spec_location": one.spec_location
    }  # fmt: skip


def _is_version_4(document: Mapping[str, Any]) -> bool:
    metadata = document.get("metadata")
    for name in ("pactSpecification", "pact-specification"):
        written = metadata.get(name) if isinstance(metadata, Mapping) else None
        if isinstance(written, Mapping):
            return str(written.get("version", "")).startswith("4")
    return False
