"""A contract as a page for people: plain, and safe whatever the contract holds. Every value is escaped."""

from __future__ import annotations

from html import escape
from typing import Any

from tallystick.broker.contracts.documents import name, pact_links
from tallystick.broker.http.links import Links
from tallystick.contract import json_text

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1f23;"
    "background:#fff}pre{background:#f3f4f6;padding:1rem;overflow:auto;border-radius:6px}h1{font-size:1.5rem}"
    "h2{font-size:1.1rem;margin-top:2rem}a{color:#0b57d0}@media(prefers-color-scheme:dark){body{color:#e6e6e6;"
    "background:#16181c}pre{background:#23262c}a{color:#8ab4f8}}"
)


def rendered(pact: Any, links: Links) -> str:
    """The page: heading, links, every interaction as it stands in the contract."""
    document: Any = json_text.loads(pact.content)
    relations = pact_links(pact, links)
    members = []
    if isinstance(document, dict):
        members = [*_list(document.get("interactions")), *_list(document.get("messages"))]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(name(pact))}</title><style>{STYLE}</style></head><body>",
        f"<h1>A pact between {escape(pact.consumer)} and {escape(pact.provider)}</h1>",
        f"<p>{escape(pact.consumer)} version {escape(pact.number)}</p><ul>",
    ]
    for relation in ("pb:consumer", "pb:provider", "pb:all-pact-versions", "pb:matrix-for-consumer-version"):
        shown = relations[relation]
        parts.append(f'<li><a href="{escape(shown["href"])}">{escape(shown.get("title") or relation)}</a></li>')
    badge = f"{links.pair(pact.consumer, pact.provider)}/latest/badge.svg"
    parts.append(f'</ul><p><img src="{escape(badge)}" alt="verification status"></p>')
    for each in members:
        described = each.get("description") if isinstance(each, dict) else None
        parts.append(f"<h2>{escape(str(described or 'An interaction'))}</h2>")
        parts.append(f"<pre>{escape(json_text.dumps(each, indent=2).decode())}</pre>")
    if not members:
        parts.append(f"<pre>{escape(json_text.dumps(document, indent=2).decode())}</pre>")
    return "".join([*parts, "</body></html>"])


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
