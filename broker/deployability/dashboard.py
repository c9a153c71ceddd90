"""`/dashboard`: the latest contract of every pair and how it stands, for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.deployability import queries
from tallystick.broker.deployability.decorations import Decoration, Named, decorations
from tallystick.broker.deployability.latest import Latest, heads
from tallystick.broker.deployability.representation import table, told_consumer
from tallystick.broker.errors import UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.links import Links, link
from tallystick.broker.http.media import HAL, TEXT
from tallystick.broker.http.routing import Routes

routes = Routes("Dashboard")

PAGE_SIZE: Final = 30
QUERY: Final = {"page": "the page, from 1", "size": f"items on a page ({PAGE_SIZE})"}


@routes.get(
    "/dashboard",
    produces=(HAL, TEXT),
    summary="The latest contract of every pair, and of every tag",
    query=QUERY,
    answer={"items": []},
)
def get_dashboard(call: CallDep) -> Response:
    return _told(call, None)


@routes.get(
    "/dashboard/provider/{provider}/consumer/{consumer}",
    produces=(HAL, TEXT),
    summary="The latest contract of a pair, and of every tag",
    query=QUERY,
    answers={200: {"items": []}, 404: {"error": "No provider with name 'Orders' found"}},
)
def get_pair(call: CallDep, provider: str, consumer: str) -> Response:
    return _told(call, (consumer, provider))


def _told(call: Call, pair: tuple[str, str] | None) -> Response:
    page = call.page(always=True, size=PAGE_SIZE)
    assert page is not None
    with read(call.engine) as connection:
        ids = None
        if pair is not None:
            known = queries.participants_named(connection, pair)
            for name, role in zip(pair, ("consumer", "provider"), strict=True):
                if name not in known:
                    raise UnknownParticipant(name, role)
            ids = (known[pair[0]].id, known[pair[1]].id)
        items = heads(connection, ids)[page.offset : page.offset + page.size]
        versions = [item.version_id for item in items]
        told = decorations(connection, versions + [i.verified.provider_version_id for i in items if i.verified])
    if call.media_type == TEXT:
        return hal.raw(_text(items, told), media_type=TEXT)
    return hal.answer({"items": [_item(item, told, call.links) for item in items]})


def _item(item: Latest, told: Mapping[int, Decoration], links: Links) -> dict[str, Any]:
    verified = item.verified
    provider = told[verified.provider_version_id] if verified else Decoration()
    return {
        "consumer": {
            "name": item.consumer,
            "version": _version(item.consumer, item.number, told[item.version_id], links),
            "_links": {"self": {"href": links.participant(item.consumer)}},
        },
        "provider": {
            "name": item.provider,
            "version": _version(item.provider, verified.provider_number, provider, links) if verified else None,
            "_links": {"self": {"href": links.participant(item.provider)}},
        },
        "pact": {
            "createdAt": hal.moment(item.published_at),
            "_links": {"self": {"href": links.pact(item.consumer, item.provider, item.number)}},
        },
        "pactTags": [_tag(Named(tag, True), item.consumer, item.number, links) for tag in item.tags],
        "latestVerificationResult": {
            "success": verified.success,
            "verifiedAt": hal.moment(verified.at),
            "_links": {
                "self": {
                    "href": links.verification_results(
                        item.consumer, item.provider, verified.sha, told_consumer(item.number)
                    )
                    + f"/{verified.number}"
                }
            },
        }
        if verified
        else None,
        "latestVerificationResultTags": [
            _tag(tag, item.provider, verified.provider_number, links) for tag in provider.tags
        ]
        if verified
        else [],
        "verificationStatus": item.status,
        "webhookStatus": "none",
        "latestWebhookExecution": None,
        "_links": {
            "pb:webhook-status": link(
                f"{links.pair(item.consumer, item.provider)}/webhooks/status",
                f"Status of webhooks for {item.consumer}/{item.provider} pact",
            )
        },
    }


def _version(name: str, number: str, told: Decoration, links: Links) -> dict[str, Any]:
    return {
        "number": number,
        "branch": told.branch,
        "headBranchNames": [branch.name for branch in told.branches if branch.latest],
        "_links": {"self": {"href": links.version(name, number)}},
    }


def _tag(tag: Named, name: str, number: str, links: Links) -> dict[str, Any]:
    return {"name": tag.name, "latest": tag.latest, "_links": {"self": {"href": links.tag(name, number, tag.name)}}}


_COLUMNS: Final = ("CONSUMER_NAME", "C_VERSION", "C_TAGS", "PROVIDER_NAME", "P_VERSION", "P_TAGS", "SUCCESS")


def _text(items: list[Latest], told: Mapping[int, Decoration]) -> str:
    lines = [_COLUMNS]
    for item in items:
        verified = item.verified
        provider_tags = [tag.name for tag in told[verified.provider_version_id].tags] if verified else []
        lines.append(
            (
                item.consumer,
                item.number,
                ", ".join(item.tags),
                item.provider,
                verified.provider_number if verified else "",
                ", ".join(provider_tags),
                "" if verified is None else str(verified.success).lower(),
            )
        )
    return table(lines) + "\n"
