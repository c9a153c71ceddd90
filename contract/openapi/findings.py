"""What a comparison of a contract with an API description finds: a closed list of codes, each with both places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Level: TypeAlias = Literal["error", "warning", "info"]

CODES: Final[dict[str, Level]] = {
    "request.path-or-method.unknown": "error",
    "request.authorization.missing": "error",
    "request.header.incompatible": "error",
    "request.header.unknown": "warning",
    "request.query.incompatible": "error",
    "request.query.unknown": "warning",
    "request.accept.incompatible": "error",
    "request.accept.unknown": "warning",
    "request.content-type.incompatible": "error",
    "request.content-type.missing": "warning",
    "request.content-type.unknown": "warning",
    "request.body.incompatible": "error",
    "request.body.unknown": "warning",
    "request.body.unvalidatable": "warning",
    "response.status.unknown": "error",
    "response.status.default": "warning",
    "response.header.incompatible": "error",
    "response.header.unknown": "error",
    "response.header.undefined": "warning",
    "response.content-type.incompatible": "error",
    "response.content-type.unknown": "warning",
    "response.body.incompatible": "error",
    "response.body.unknown": "error",
    "response.body.unvalidatable": "warning",
    "message.spec.missing": "error",
    "message.references.missing": "error",
    "message.operation.unknown": "error",
    "message.no.match": "error",
    "message.reply.missing": "error",
    "message.payload.unknown": "warning",
    "message.matched": "info",
}
"""Every code and its level. `unvalidatable` and `unknown` warnings mean "not checked", which is a result."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. Error: the description does not allow what the contract expects, or may not give it."""

    code: str
    message: str
    location: str
    """In the contract: `[root].interactions[0].request.body.total`."""
    spec_location: str
    """In the description: `[root].paths./orders.get.responses.200.content.application/json.schema.type`."""
    interaction: str
    """The description of the interaction."""

    @property
    def level(self) -> Level:
        return CODES[self.code]


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that a comparison found, in the order of the contract."""

    found: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.found if one.level == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.found if one.level == "warning")

    @property
    def infos(self) -> tuple[Finding, ...]:
        return tuple(one for one in self.found if one.level == "info")

    @property
    def compatible(self) -> bool:
        """No error. Warnings don't forbid, but say what was not checked."""
        return not self.errors
