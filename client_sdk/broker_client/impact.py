"""The cost of change, as operations: who needs what, descriptions, what-if, plans. The broker decides; these ask it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.client_sdk.broker_client.wire import Call, Operation, embedded, links, segments


def usage(provider: str, operation: str | None = None, path: str | None = None) -> Operation[Any]:
    """Who uses an operation of a provider, or a place in it; without an operation all that are used."""
    query = tuple((name, value) for name, value in (("operation", operation), ("path", path)) if value)
    answer = yield Call("GET", segments("pacticipants", provider, "usage"), query=query)
    return answer.document


def publish_description(
    provider: str,
    version: str,
    content: bytes,
    *,
    content_type: str = "application/json",
    branch: str | None = None,
    tags: Sequence[str] = (),
    build_url: str | None = None,
    verified: bool | None = None,
    facts: Mapping[str, str] | None = None,
    report: bytes | None = None,
) -> Operation[Any]:
    """Publish the API description of a provider version, JSON or YAML, with its branch and tags.

    `verified`: whether the provider's own check of it passed; None where there was none. `facts` say who made it
    (verifier, verifierVersion) and what `report` is (format, contentType).
    """
    contract: dict[str, Any] = {
        "content": base64.b64encode(content).decode("ascii"),
        "contentType": content_type,
        "specification": "oas",
    }
    if verified is not None:
        contract["selfVerificationResults"] = {"success": verified, **(facts or {})}
        if report is not None:
            contract["selfVerificationResults"]["content"] = base64.b64encode(report).decode("ascii")
    body: dict[str, Any] = {"pacticipantVersionNumber": version, "tags": list(tags), "contract": contract}
    if branch:
        body["branch"] = branch
    if build_url:
        body["buildUrl"] = build_url
    answer = yield Call("POST", segments("provider-contracts", "provider", provider, "publish"), body)
    return answer.document


def comparisons(
    provider: str, version: str, *, consumer: str | None = None, consumer_version: str | None = None
) -> Operation[Any]:
    """The description of a provider version compared with the contracts that count, or with one consumer's."""
    named = (("consumer", consumer), ("consumerVersion", consumer_version))
    answer = yield Call(
        "GET",
        segments("pacticipants", provider, "versions", version, "description", "comparisons"),
        query=tuple((name, value) for name, value in named if value is not None),
    )
    return answer.document


def failures(provider: str, consumer: str | None = None, *, ended: bool = False) -> Operation[Any]:
    """What fails with a provider: since when, what passed last, the first change that broke it; also what is over."""
    query = (*((("consumer", consumer),) if consumer else ()), *((("ended", "true"),) if ended else ()))
    answer = yield Call("GET", segments("pacticipants", provider, "failures"), query=query)
    return answer.document


def unused(provider: str, against: str | None = None) -> Operation[Any]:
    """What a provider offers and nobody uses, by its `description` or its `shape`; None: by what there is."""
    query = (("against", against),) if against else ()
    answer = yield Call("GET", segments("pacticipants", provider, "usage", "unused"), query=query)
    return answer.document


def counted(provider: str) -> Operation[list[Any]]:
    """The contracts that a change of a provider is asked of, each with the link to its content."""
    answer = yield Call("GET", segments("pacticipants", provider, "impact"))
    return embedded(answer.document, "contracts")


def impact(
    provider: str,
    *,
    edits: Sequence[str] = (),
    description: Any = None,
    before: Any = None,
    version: str | None = None,
    replay: Any = None,
) -> Operation[Any]:
    """What edits, a changed description, or a build would break. Nothing is published.

    A build is a `version` that has published results, or a `replay`: what it did with each contract that counts.
    """
    asked = {"description": description, "from": before, "providerVersion": version, "replay": replay}
    body: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if edits:
        body["edits"] = list(edits)
    answer = yield Call("POST", segments("pacticipants", provider, "impact"), body)
    return answer.document


def plans(
    provider: str | None = None, *, title: str | None = None, is_open: bool | None = None
) -> Operation[list[Any]]:
    """Planned changes, open ones first, newest first: all pages of them."""
    wanted = {"provider": provider, "title": title, "open": None if is_open is None else str(is_open).lower()}
    query = tuple((name, value) for name, value in wanted.items() if value is not None)
    answer = yield Call("GET", "/plans", query=query)
    found = embedded(answer.document, "plans")
    while following := links(answer.document, "next"):
        answer = yield Call("GET", following[0]["href"])
        found += embedded(answer.document, "plans")
    return found


def plan(uuid: str) -> Operation[Any]:
    """A planned change as it stands now."""
    answer = yield Call("GET", segments("plans", uuid))
    return answer.document


def may_remove(uuid: str) -> Operation[Any]:
    """Whether the old shape of a planned change may go: yes, no or unknown, and who is in the way."""
    answer = yield Call("GET", segments("plans", uuid, "can-i-remove"))
    return answer.document


def create_plan(
    provider: str,
    edits: Sequence[str],
    *,
    title: str | None = None,
    sunset: str | None = None,
    url: str | None = None,
) -> Operation[Any]:
    """Plan a change: who has to move is counted from now on."""
    said = {"title": title, "sunset": sunset, "url": url}
    body = {"provider": provider, "edits": list(edits), **{name: text for name, text in said.items() if text}}
    answer = yield Call("POST", "/plans", body)
    return answer.document


def change_plan(uuid: str, **said: str | None) -> Operation[Any]:
    """Change the `title`, `sunset` or `url` of a plan; None takes one away."""
    answer = yield Call("PATCH", segments("plans", uuid), said)
    return answer.document


def close_plan(uuid: str, outcome: str | None = None) -> Operation[Any]:
    """The change is made ("done") or given up ("given-up"): the plan is closed. None: done, if its gate is open."""
    answer = yield Call("POST", segments("plans", uuid, "close"), {"as": outcome} if outcome else {})
    return answer.document
