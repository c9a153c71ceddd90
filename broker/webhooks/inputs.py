"""A webhook as clients describe it: every member doubted, complaints under the classic keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from tallystick.broker.errors import Invalid
from tallystick.broker.http.checks import Fields, text_complaints
from tallystick.broker.settings import Settings
from tallystick.broker.webhooks.addresses import host_allowed
from tallystick.broker.webhooks.templates import VARIABLE

CONTENT_CHANGED: Final = "contract_content_changed"
EVENTS: Final = (
    "contract_published",
    CONTENT_CHANGED,
    "contract_requiring_verification_published",
    "provider_verification_published",
    "provider_verification_succeeded",
    "provider_verification_failed",
    "plan_gate_opened",
    "plan_gate_closed",
)
VERBS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
UUID: Final = re.compile(r"[A-Za-z0-9_\-]{16,}")
TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Side:
    """Consumers or providers that a webhook is about: one by name, those with a label, or any."""

    name: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The HTTP request that a webhook makes; texts may hold variables."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: Any = None
    username: str | None = None
    password: str | None = None
    verify_tls: bool = True


@dataclass(frozen=True, slots=True)
class Described:
    """What was sent, doubted. `events` and `description` None: not sent, keep what is stored."""

    consumer: Side
    provider: Side
    enabled: bool
    request: Asked
    description: str | None = None
    events: tuple[str, ...] | None = None
    only_changes: bool = False


def described(sent: Any, settings: Settings) -> Described:
    """The webhook, or `Invalid` with every complaint. Whether names exist is asked later, in the transaction."""
    fields = Fields(sent)
    description = fields.text("description")
    enabled = fields.boolean("enabled")
    only_changes = fields.boolean("ts:onlyChanges")
    consumer, provider = _side(fields, "consumer"), _side(fields, "provider")
    if fields.members.get("consumer") == {} or fields.members.get("provider") == {}:
        fields.complain("consumer.name", "can't be blank")
    events = _events(fields)
    request = _request(fields, settings)
    fields.refuse_if_wrong()
    assert request is not None
    return Described(
        consumer, provider, enabled is not False, request, description or None, events, only_changes is True
    )


def uuid_or_refuse(text: str) -> None:
    if not UUID.fullmatch(text):
        raise Invalid({"uuid": ["must be at least 16 characters, only letters, digits, _ and -"]})


def _side(fields: Fields, role: str) -> Side:
    sent = fields.object(role)
    if not sent:
        return Side()
    name, label = sent.get("name"), sent.get("label")
    for key, value in (("name", name), ("label", label)):
        if value is not None:
            for message in text_complaints(value, filled=True, blank=False):
                fields.complain(f"{role}.{key}", message)
    if name is None and label is None:
        fields.complain(f"{role}.name", "can't be blank")
    if name is not None and label is not None:
        fields.complain(f"{role}.label", "cannot be used together with name")
    return Side(name if isinstance(name, str) else None, label if isinstance(label, str) else None)


def _events(fields: Fields) -> tuple[str, ...] | None:
    sent = fields.array("events")
    if sent is None:
        return None
    if not sent:
        fields.complain("events", "must have at least one event")
    names = []
    for index, event in enumerate(sent):
        name = event.get("name") if isinstance(event, Mapping) else None
        if name not in EVENTS:
            fields.complain("events", f"name must be one of: {', '.join(EVENTS)} (at index {index})")
        else:
            names.append(name)
    return tuple(dict.fromkeys(names))


def _request(fields: Fields, settings: Settings) -> Asked | None:
    sent = fields.members.get("request")
    if "request" not in fields:
        fields.complain("request", "is missing")
        return None
    if not isinstance(sent, Mapping) or not sent:
        fields.complain("request", "must be filled")
        return None
    method = _method(fields, sent.get("method"), settings)
    url = _url(fields, sent.get("url"), settings)
    headers = _headers(fields, sent.get("headers"))
    for key in ("username", "password"):
        value = sent.get(key)
        for message in text_complaints(value) if value is not None else []:
            fields.complain(f"request.{key}", message)
    verify = sent.get("ts:verifyTls")
    if verify is not None and not isinstance(verify, bool):
        fields.complain("request.ts:verifyTls", "must be boolean")
    if fields.errors:
        return None
    return Asked(
        method, url, headers, sent.get("body"), sent.get("username"), sent.get("password"), verify is not False
    )


def _method(fields: Fields, sent: Any, settings: Settings) -> str:
    allowed = [verb.upper() for verb in settings.webhook_http_method_whitelist]
    if sent is None:
        fields.complain("request.method", "is missing")
    elif not isinstance(sent, str) or sent.upper() not in VERBS:
        fields.complain("request.method", "must be a valid HTTP method")
    elif sent.upper() not in allowed:
        fields.complain(
            "request.method", f"must be {' or '.join(allowed)}. See /doc/webhooks#whitelist for more information."
        )
    return sent.upper() if isinstance(sent, str) else ""


def _url(fields: Fields, sent: Any, settings: Settings) -> str:
    """The first rule that fails is the one complaint."""
    wrong = _url_complaint(sent, settings)
    if wrong:
        fields.complain("request.url", wrong)
    return sent if isinstance(sent, str) else ""


def _url_complaint(sent: Any, settings: Settings) -> str | None:
    if sent is None:
        return "is missing"
    if not isinstance(sent, str) or text_complaints(sent, filled=True, blank=False):
        return "must be filled"
    try:
        plain = urlsplit(VARIABLE.sub("placeholder", sent))
        host = plain.hostname
        _ = plain.port
    except ValueError:
        return "is not a valid URL eg. http://example.org"
    if not plain.scheme or not host:
        return "is not a valid URL eg. http://example.org"
    if VARIABLE.search(urlsplit(sent).netloc):
        return "cannot have a template parameter in the host"
    schemes = [scheme.lower() for scheme in settings.webhook_scheme_whitelist]
    if plain.scheme.lower() not in schemes or plain.scheme.lower() not in ("http", "https"):
        return f"scheme must be {' or '.join(schemes)}. See /doc/webhooks#whitelist for more information."
    if not host_allowed(host, settings.webhook_host_whitelist):
        allowed = ", ".join(settings.webhook_host_whitelist)
        return f"host must be in the whitelist {allowed}. See /doc/webhooks#whitelist for more information."
    return None


def _headers(fields: Fields, sent: Any) -> dict[str, str]:
    if sent is None:
        return {}
    if not isinstance(sent, Mapping):
        fields.complain("request.headers", "must be a hash")
        return {}
    headers = {}
    for name, value in sent.items():
        if not isinstance(value, str):
            fields.complain("request.headers", f"{name} must be a string")
        elif not TOKEN.fullmatch(name) or "\n" in value or "\r" in value or "\0" in value:
            fields.complain("request.headers", f"{name} is not a valid header")
        else:
            headers[name.lower()] = value
    return headers
