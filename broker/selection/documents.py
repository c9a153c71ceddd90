"""What a build must verify, as a HAL document that the strictest client reads.

Clients deserialise it member by member: a notice holds nothing but texts, `_links` nothing but objects, `pending` is a
boolean or absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tallystick.broker.http import metadata
from tallystick.broker.http.links import Links, link
from tallystick.broker.selection import reasons
from tallystick.broker.selection.decide import Selected
from tallystick.broker.selection.inputs import Asked
from tallystick.broker.selection.owed import Owed

_DEPRECATED: Final = {
    "when": "before_verification",
    "text": "Contracts to verify were asked for with GET, which is deprecated: upgrade the verifier to one that POSTs.",
}


def for_verification(
    provider: str, selected: Sequence[Selected], asked: Asked, ignored: Sequence[str], links: Links, url: str
) -> dict[str, Any]:
    """The whole answer. `ignored` are members of the request that mean nothing here."""
    document: dict[str, Any] = {
        "_embedded": {"pacts": [_entry(provider, each, asked, links) for each in selected]},
        "_links": {
            "self": link(url, f"Pacts to be verified by provider {provider}"),
            "ts:owed-verifications": link(f"{links.participant(provider)}/owed-verifications", "Verifications owed"),
        },
    }
    if ignored:
        document["ts:notices"] = [
            {"type": "warning", "text": f"{name} is not known to this broker and was ignored"} for name in ignored
        ]
    return document


def _entry(provider: str, each: Selected, asked: Asked, links: Links) -> dict[str, Any]:
    content = links.pact_content(each.consumer, provider, each.sha)
    notices = [_DEPRECATED] if asked.deprecated else []
    if each.wip:
        remembered = metadata.encode(wip=True)
        tags = each.pending_tags or asked.tags
        text = reasons.wip_notice(content, each.reasons, asked.branch, tags)
    else:
        remembered = metadata.encode(
            selectors=(reason.remembered() for reason in each.reasons), pending=each.pending if asked.pending else None
        )
        text = reasons.selected_notice(content, each.reasons)
    notices.append({"when": "before_verification", "text": text})
    properties: dict[str, Any] = {}
    if asked.pending:
        pending = bool(each.pending)
        properties["pending"] = pending
        tags = each.pending_tags if pending else asked.tags
        notices.append({"when": "before_verification", "text": reasons.pending_notice(pending, asked.branch, tags)})
        if pending:
            notices += reasons.after_notices(asked.branch, tags)
    if each.wip:
        properties["wip"] = True
    return {
        "shortDescription": reasons.short_description(each.reasons),
        "verificationProperties": {**properties, "notices": notices},
        "ts:reasons": [reason.as_data() for reason in each.reasons],
        "_links": {
            "self": link(
                links.pact_content(each.consumer, provider, each.sha, remembered),
                name=f"Pact between {each.consumer} ({each.version_number}) and {provider}",
            )
        },
    }


def owed_verifications(provider: str, missing: Sequence[Owed], links: Links, url: str) -> dict[str, Any]:
    """The verifications a provider owes, each with the link to fetch the contract by."""
    return {
        "provider": provider,
        "ts:count": len(missing),
        "_embedded": {"ts:owed": [_owed(provider, each, links) for each in missing]},
        "_links": {
            "self": link(url, f"Verifications that {provider} owes"),
            "pb:provider": link(links.participant(provider), "Provider", provider),
            "pb:provider-pacts-for-verification": link(links.for_verification(provider), "Pacts for verification"),
        },
    }


def _owed(provider: str, each: Owed, links: Links) -> dict[str, Any]:
    contract = each.contract
    remembered = metadata.encode(selectors=(reason.remembered() for reason in contract.reasons))
    pact = link(
        links.pact_content(contract.consumer, provider, contract.sha, remembered),
        name=f"Pact between {contract.consumer} ({contract.version_number}) and {provider}",
    )
    made: dict[str, Any] = {"pb:pact-version": pact}
    if each.version.id is not None and each.version.number is not None:
        made["pb:provider-version"] = link(links.version(provider, each.version.number), name=each.version.number)
    return {
        "consumer": contract.consumer,
        "consumerVersion": contract.version_number,
        "contractSha": contract.sha,
        "providerVersion": each.version.number,
        "why": {
            "contract": [reason.as_data() for reason in contract.reasons],
            "provider": list(each.version.reasons),
        },
        "_links": made,
    }
