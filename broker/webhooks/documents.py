"""Webhooks, deliveries and their logs as HAL. Secrets are stars."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Row

from tallystick.broker.access.audit import STARS
from tallystick.broker.http.hal import moment, times
from tallystick.broker.http.links import Link, Links, link, segment
from tallystick.broker.settings import Settings
from tallystick.broker.webhooks.secrets import Vault
from tallystick.broker.webhooks.templates import templated

DELIVERIES_SHOWN: Final = 100


def name_of(row: Row[Any]) -> str:
    """The description, or method and host when there is none."""
    return row.description or f"{row.method} {urlsplit(row.url).hostname}"


def webhook(row: Row[Any], events: Sequence[str], vault: Vault, links: Links) -> dict[str, Any]:
    """A webhook. Secret values are stars unless they are variables only."""
    document: dict[str, Any] = {"uuid": row.uuid, "description": name_of(row)}
    for role in ("consumer", "provider"):
        name, label = getattr(row, role), getattr(row, f"{role}_label")
        if name is not None or label is not None:
            document[role] = {"name": name} if name is not None else {"label": label}
    document["enabled"] = row.enabled
    document["request"] = _request(row, vault)
    document["events"] = [{"name": event} for event in events]
    if row.only_changes:
        document["ts:onlyChanges"] = True
    document.update(times(row.created_at, row.updated_at))
    document["_links"] = _links(row, links)
    return document


def _request(row: Row[Any], vault: Vault) -> dict[str, Any]:
    # The vault may not have the key any more; that a secret is there can be shown all the same.
    try:
        hidden = vault.opened(row.secrets)
    except Exception:
        hidden = {"password": STARS}
    request: dict[str, Any] = {"method": row.method, "url": row.url}
    headers = {**json.loads(row.headers or "{}"), **dict.fromkeys(hidden.get("headers", {}), STARS)}
    if headers:
        request["headers"] = dict(sorted(headers.items()))
    if row.body is not None:
        request["body"] = json.loads(row.body)
    if row.username is not None:
        request["username"] = row.username
    if hidden.get("password"):
        request["password"] = hidden["password"] if templated(hidden["password"]) else STARS
    if not row.verify_tls:
        request["ts:verifyTls"] = False
    return request


def _links(row: Row[Any], links: Links) -> dict[str, Any]:
    href = links.webhook(row.uuid)
    found: dict[str, Any] = {
        "self": link(href, name_of(row)),
        "pb:execute": link(f"{href}/execute", "Try the webhook out, with the newest contract or result, by POST"),
    }  # fmt: skip
    for role in ("consumer", "provider"):
        name, label = getattr(row, role), getattr(row, f"{role}_label")
        if name is not None:
            found[f"pb:{role}"] = link(links.participant(name), role.capitalize(), name)
        elif label is not None:
            found[f"pb:{role}s"] = link(
                f"{links.participants()}/label/{segment(label)}", f"{role.capitalize()}s by label", label
            )
    if row.consumer is not None and row.provider is not None:
        found["pb:pact-webhooks"] = link(
            links.pair_webhooks(row.consumer, row.provider), "All webhooks for consumer and provider"
        )
    found["pb:webhooks"] = link(links.webhooks(), "All webhooks")
    found["ts:deliveries"] = link(f"{href}/deliveries", "What this webhook has delivered")
    return found


def scope_of(row: Row[Any]) -> str:
    """Between whom: "A webhook for the pact between Web and Orders"."""
    sides = {}
    for role in ("consumer", "provider"):
        name, label = getattr(row, role), getattr(row, f"{role}_label")
        sides[role] = name or (f"{role}s labelled '{label}'" if label else None)
    consumer, provider = sides["consumer"], sides["provider"]
    if consumer and provider:
        return f"A webhook for the pact between {consumer} and {provider}"
    if consumer or provider:
        return f"A webhook for all pacts with {'consumer' if consumer else 'provider'} {consumer or provider}"
    return "A webhook for all pacts"


def listed(rows: Sequence[Row[Any]], url: str, title: str, create: str, links: Links) -> dict[str, Any]:
    return {
        "_links": {
            "self": link(url, title),
            "pb:create": link(create, "POST to create a webhook"),
            "pb:webhooks": [link(links.webhook(row.uuid), scope_of(row), name_of(row)) for row in rows],
            "curies": [link(f"{links.base}/doc/webhooks-{{rel}}", name="pb", templated=True)],
        }
    }


# --- deliveries ---------------------------------------------------------------------------------------------------


def delivery(row: Row[Any], links: Links, settings: Settings) -> dict[str, Any]:
    """A triggered webhook, in Pact's words."""
    href = f"{links.base}/triggered-webhooks/{segment(row.uuid)}"
    logs = link(f"{href}/logs", "Webhook execution logs", _delivery_name(row))
    most = len(settings.webhook_retry_schedule) + 1
    found: dict[str, Link] = {"pb:logs": logs, "logs": {**logs, "title": "DEPRECATED - Use pb:logs"}}
    if row.webhook_uuid is not None:
        found["pb:webhook"] = link(links.webhook(row.webhook_uuid), "Webhook")
    found["ts:redeliver"] = link(f"{href}/redeliver", "Send it again, under the same id, by POST")
    return {
        "name": _delivery_name(row),
        "status": row.status,
        "attemptsMade": row.attempts,
        "attemptsRemaining": 0 if row.status in ("success", "failure") else most - row.attempts,
        "triggerType": "resource_creation",
        "eventName": row.event,
        "triggeredAt": moment(row.created_at),
        "ts:uuid": row.uuid,
        "_links": found,
    }


def _delivery_name(row: Row[Any]) -> str:
    return f"{row.method} {urlsplit(row.url).hostname}" if row.method is not None else "a deleted webhook"


def deliveries(rows: Sequence[Row[Any]], url: str, title: str, links: Links, settings: Settings) -> dict[str, Any]:
    return {
        "_embedded": {"triggeredWebhooks": [delivery(row, links, settings) for row in rows]},
        "_links": {"self": link(url, title)},
    }


def status(
    rows: Sequence[Row[Any]], url: str, consumer: str, provider: str, pact: str | None, links: Links, settings: Settings
) -> dict[str, Any]:
    """How telling the newest contract of a pair went."""
    counts = {kind: sum(row.status == kind for row in rows) for kind in ("success", "failure", "retrying", "not_run")}
    summary = {"successful": counts["success"], "failed": counts["failure"]}
    if counts["retrying"]:
        summary["retrying"] = counts["retrying"]
    if counts["not_run"]:
        summary["notRun"] = counts["not_run"]
    failed = [delivery(row, links, settings)["_links"]["pb:logs"] for row in rows if row.status == "failure"]
    found: dict[str, Any] = {
        "self": link(url, "Webhooks status"),
        "pb:error-logs": failed,
        "pb:pact-webhooks": link(
            links.pair_webhooks(consumer, provider), f"Webhooks for the pact between {consumer} and {provider}"
        ),
    }
    if pact is not None:
        found["pb:pact-version"] = link(pact, "Pact")
    found["pb:consumer"] = link(links.participant(consumer), "Consumer", consumer)
    found["pb:provider"] = link(links.participant(provider), "Provider", provider)
    shown = [delivery(row, links, settings) for row in rows]
    return {"summary": summary, "_embedded": {"triggeredWebhooks": shown}, "_links": found}


def logs(row: Row[Any], attempts: Sequence[Row[Any]], url: str, links: Links) -> dict[str, Any]:
    found: dict[str, Link] = {"self": link(url)}
    if row.webhook_uuid is not None:
        found["pb:webhook"] = link(links.webhook(row.webhook_uuid), "Webhook")
    return {
        "eventName": row.event,
        "consumerName": row.consumer,
        "providerName": row.provider,
        "executions": [
            {"success": each.success, "logs": each.log, "createdAt": moment(each.created_at)} for each in attempts
        ],
        "_embedded": {"triggeredWebhook": {"uuid": row.uuid}},
        "_links": found,
    }
