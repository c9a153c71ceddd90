"""What a provider says of its own check that it does what its description says; sent as the official commands do."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.broker.http.checks import Fields
from tallystick.broker.http.hal import present

LARGEST: Final = 1024 * 1024
"""Bytes of a report. A larger one is not kept; whether the check passed is."""

_MEMBER: Final = "selfVerificationResults"
_FACTS: Final = ("verifier", "verifierVersion", "format", "contentType")


@dataclass(frozen=True, slots=True)
class SelfVerification:
    """Whether the check passed, who made it, and its report as it was sent."""

    success: bool
    facts: Mapping[str, str] = field(default_factory=dict)
    """verifier, verifierVersion, format, contentType: those that were sent."""
    content: bytes | None = None
    left_out: int = 0
    """Bytes of a report that was too large to keep."""

    def columns(self) -> dict[str, Any]:
        """As `descriptions.save` keeps it."""
        facts = json.dumps(dict(self.facts), ensure_ascii=False)
        return {
            "self_verified": self.success,
            "self_verification": facts,
            "self_verification_content": self.content,
        }


NONE: Final[Mapping[str, Any]] = {
    "self_verified": None, "self_verification": None, "self_verification_content": None
}  # fmt: skip
"""The columns where nothing was said."""


def read(contract: Fields, sent: Fields) -> SelfVerification | None:
    """From the contract of a publication; None where nothing was said. What is wrong is complained of in `sent`."""
    given = contract.members.get(_MEMBER)
    if given is None:
        return None
    at = f"contract.{_MEMBER}"
    if not isinstance(given, Mapping):
        sent.complain(at, "must be a hash")
        return None
    fields = Fields(given)
    success = fields.boolean("success", required=True)
    facts = {name: text for name in _FACTS if (text := fields.text(name, longest=1000))}
    content, left_out = _report(fields)
    for name, messages in fields.errors.items():
        for message in messages:
            sent.complain(f"{at}.{name}", message)
    return SelfVerification(bool(success), facts, content, left_out)


def _report(fields: Fields) -> tuple[bytes | None, int]:
    encoded = fields.text("content", lines=True)
    if not encoded:
        return None, 0
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        fields.complain("content", "is not base64")
        return None, 0
    return (content, 0) if len(content) <= LARGEST else (None, len(content))


def notices(said: SelfVerification | None) -> list[dict[str, str]]:
    """What is told about it to whoever publishes."""
    if said is None:
        return []
    told = []
    if not said.success:
        text = "The provider's own check of this description failed: it is not taken as evidence for any contract"
        told.append({"type": "warning", "text": text})
    if said.left_out:
        text = f"The report of the check is not kept: {said.left_out} bytes are more than the {LARGEST} allowed"
        told.append({"type": "warning", "text": text})
    return told


def document(row: Any) -> dict[str, Any]:
    """As it is shown; the report as it was sent."""
    content = row.self_verification_content
    return present(
        {
            "success": row.self_verified,
            **json.loads(row.self_verification or "{}"),
            "content": None if content is None else base64.b64encode(content).decode(),
        }
    )
