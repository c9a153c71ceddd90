"""A result as verifiers publish it."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from tallystick.broker.errors import Malformed
from tallystick.broker.http.checks import Fields
from tallystick.contract import json_text

# The characters of RFC 3986; a relative reference passes, a space does not.
_URI: Final = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")


@dataclass(frozen=True, slots=True)
class Published:
    """What was sent, doubted."""

    success: bool
    provider_version: str
    build_url: str | None
    executed_at: datetime | None
    """When the client says it ran; None asks for the broker's clock."""
    verified_by: str | None
    """JSON text."""
    report: Any
    """`testResults` as parsed; None when there are none."""
    report_text: bytes | None
    """The same as compact JSON."""

    @property
    def packed(self) -> bytes | None:
        return None if self.report_text is None else zlib.compress(self.report_text, 6)

    @property
    def report_sha(self) -> str | None:
        return None if self.report_text is None else hashlib.sha256(self.report_text).hexdigest()


def published(sent: Any, body: bytes) -> Published:
    """The result, or `Invalid` with every complaint. `sent` is what `body` holds."""
    fields = Fields(sent)
    success = fields.boolean("success", required=True)
    version = fields.text("providerApplicationVersion", required=True, blank=False)
    build_url = fields.text("buildUrl")
    if build_url is not None and not _URI.fullmatch(build_url):
        fields.complain("buildUrl", "is not a valid URI")
    executed_at = _moment(fields)
    fields.refuse_if_wrong()
    assert success is not None
    assert version is not None
    verified_by = fields.members.get("verifiedBy")
    report = fields.members.get("testResults")
    return Published(
        success=success,
        provider_version=version,
        build_url=build_url,
        executed_at=executed_at,
        verified_by=orjson.dumps(verified_by).decode() if isinstance(verified_by, dict) else None,
        report=report,
        report_text=None if report is None else _as_written(body),
    )


def _as_written(body: bytes) -> bytes:
    """The report with its numbers as they were written: a mismatch may be about 1 and 1.0, or 30 digits long."""
    try:
        whole = json_text.loads(body)
    except json_text.JsonInvalid as invalid:
        raise Malformed(f"JSON::ParserError - {invalid}") from None
    assert isinstance(whole, dict)
    return json_text.dumps(whole["testResults"])


def _moment(fields: Fields) -> datetime | None:
    text = fields.text("verificationDate")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        fields.complain("verificationDate", "must be a date and time, such as 2024-05-01T10:00:00+00:00")
        return None
