"""From a stored webhook to an attempt: what is sent, whether it succeeded, and the log that people read.

Nothing here writes: the worker and the test run store, or don't store, what they get.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row

from tallystick.broker.access.audit import names_a_secret
from tallystick.broker.settings import Settings
from tallystick.broker.webhooks import sending
from tallystick.broker.webhooks.inputs import Asked
from tallystick.broker.webhooks.secrets import Vault
from tallystick.broker.webhooks.sending import Ready, Sent

HIDDEN = (
    "For security purposes, the response details are not logged. To enable response logging, "
    "configure the webhook_host_whitelist property."
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: what was sent and got, and the log of it."""

    request: Ready
    sent: Sent
    success: bool
    lines: tuple[str, ...]
    digest: str


def asked_by(webhook: Row[Any], vault: Vault) -> Asked:
    """The stored webhook's request, its secrets in place. Raises `SecretUnreadable`."""
    hidden = vault.opened(webhook.secrets)
    headers = {**json.loads(webhook.headers or "{}"), **hidden.get("headers", {})}
    return Asked(
        webhook.method, webhook.url, headers, None if webhook.body is None else json.loads(webhook.body),
        webhook.username, hidden.get("password"), webhook.verify_tls,
    )  # fmt: skip


def prepared(asked: Asked, values: Mapping[str, str], delivery: str, settings: Settings) -> tuple[Ready, str]:
    """The request to send, and the digest by which the same again is known (the delivery's id left out)."""
    request = sending.ready(asked, values, delivery, settings)
    headers = [pair for pair in request.headers if pair[0] != sending.DELIVERY_HEADER]
    told = json.dumps([request.method, request.url, headers, request.content.decode("utf-8", "replace")])
    return request, hashlib.sha256(told.encode()).hexdigest()


def attempt(
    asked: Asked, values: Mapping[str, str], delivery: str, context: Mapping[str, Any], settings: Settings, at: datetime
) -> Attempt:
    """Send it once, and write down what happened."""
    request, digest = prepared(asked, values, delivery, settings)
    sent = sending.send(request, settings)
    success = sent.status is not None and str(sent.status) in settings.webhook_http_code_success
    return Attempt(request, sent, success, tuple(_log(request, sent, context, asked, settings, at)), digest)


def line(at: datetime, text: str, level: str = "INFO") -> str:
    return f"[{at.strftime('%Y-%m-%dT%H:%M:%SZ')}] {level}: {text}"


def completion(success: bool, attempts: int, wait_seconds: int | None) -> str:
    """The last line of an attempt's log."""
    if success:
        return "Successfully executed webhook"
    if wait_seconds is not None:
        return f"Retrying webhook in {wait_seconds} seconds"
    return f"Webhook execution failed after {attempts} attempts"


def _log(
    request: Ready, sent: Sent, context: Mapping[str, Any], asked: Asked, settings: Settings, at: datetime
) -> Sequence[str]:
    shown = shown_request(request, asked, settings)
    lines = [line(at, f"Webhook context {json.dumps(context, ensure_ascii=False)}", "DEBUG")]
    lines.append(line(at, f"HTTP/1.1 {shown.method} {shown.url}"))
    lines += [line(at, f"{name}: {value}") for name, value in shown.headers]
    lines.append(line(at, shown.content.decode("utf-8", "replace")))
    if sent.status is None:
        lines.append(line(at, f"Error executing webhook - {sent.error}", "ERROR"))
    elif not settings.webhook_host_whitelist:
        lines.append(line(at, f"HTTP/1.1 {sent.status}"))
        lines.append(line(at, HIDDEN))
    else:
        lines.append(line(at, f"HTTP/1.1 {sent.status}"))
        lines += [line(at, f"{name}: {value}") for name, value in sent.headers]
        lines.append(line(at, sent.body))
    return lines


def shown_request(request: Ready, asked: Asked, settings: Settings) -> Ready:
    """The request as logs and test runs may show it. A password never shows, whatever the setting."""
    secret = {"authorization"} if asked.username else set()
    if settings.webhook_redact_sensitive_data:
        secret |= {name for name, _ in request.headers if names_a_secret(name)}
    return sending.starred(request, secret)


def path_and_query(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
