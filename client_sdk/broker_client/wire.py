"""Operations are generators: they yield calls and are sent replies, so that one text serves both clients."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import quote, urlsplit

from tallystick.client_sdk.broker_client.errors import NotAHalBroker

R = TypeVar("R")

HAL: Final = "application/hal+json, application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the broker: a path from its root (or a link of its own), and a JSON body."""

    method: str
    url: str
    body: Any = None
    content_type: str = "application/json"
    allow: tuple[int, ...] = ()
    """Statuses that are answers here, not failures."""
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the broker said."""

    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Operation: TypeAlias = Generator[Call, Answer, R]


def resolve(base: str, url: str) -> str:
    """The address to ask. Of a link only path and query count: a broker behind a proxy may not know its own name.

    `base` may have a path of its own, which links hold already or not.
    """
    root = base.rstrip("/")
    parts = urlsplit(url)
    path = parts.path if parts.scheme else url.partition("?")[0]
    query = parts.query if parts.scheme else url.partition("?")[2]
    prefix = urlsplit(root).path
    if prefix and (path == prefix or path.startswith(prefix + "/")):
        path = path[len(prefix) :]
    return root + (path if path.startswith("/") else f"/{path}") + (f"?{query}" if query else "")


def expand(template: str, **values: str) -> str:
    """Fill in a link's `{names}`, every reserved character encoded: a slash in a branch stays in one segment."""
    for name, value in values.items():
        template = template.replace("{" + name + "}", quote(value, safe=""))
    return template


def segments(*names: str) -> str:
    """A path of encoded segments."""
    return "/" + "/".join(quote(name, safe="") for name in names)


def link(document: Any, relation: str, *, where: str) -> str:
    """The address of a relation. Raises `NotAHalBroker` when the resource has none."""
    found = _links(document).get(relation)
    if isinstance(found, Mapping) and isinstance(found.get("href"), str):
        return str(found["href"])
    raise NotAHalBroker(where, f"it has no link {relation!r}", tuple(_links(document)))


def links(document: Any, relation: str) -> list[Mapping[str, Any]]:
    """The links of a relation that may have many."""
    found = _links(document).get(relation, [])
    return [found] if isinstance(found, Mapping) else [one for one in found if isinstance(one, Mapping)]


def embedded(document: Any, name: str) -> list[Any]:
    """The embedded resources of that name."""
    found = document.get("_embedded", {}).get(name, []) if isinstance(document, Mapping) else []
    return found if isinstance(found, list) else [found]


def parsed(content: bytes) -> Any:
    """The JSON of an answer, None for none."""
    if not content.strip():
        return None
    return json.loads(content)


def _links(document: Any) -> Mapping[str, Any]:
    found = document.get("_links") if isinstance(document, Mapping) else None
    return found if isinstance(found, Mapping) else {}
