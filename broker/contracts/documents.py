"""Contracts as documents: the content as it is stored, with links; and the lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from tallystick.broker.http.hal import moment
from tallystick.broker.http.links import Link, Links, link, segment, templated

DEPRECATED = "DEPRECATED - please use the {} relation"


def name(pact: Any) -> str:
    """What a contract is called: `Pact between Foo (1) and Bar`."""
    return f"Pact between {pact.consumer} ({pact.number}) and {pact.provider}"


def pact_bytes(pact: Any, links: Links, *, metadata: str | None = None, versions: Sequence[str] | None = None) -> bytes:
    """The stored content with `createdAt` and `_links` put behind it; untouched when it is no object.

    `metadata` is carried into the link for results; `versions` are those that the metadata names.
    """
    stored: bytes = pact.content
    if not stored.startswith(b"{"):
        return stored
    added: bytes = orjson.dumps(
        {"createdAt": moment(pact.created_at), "_links": pact_links(pact, links, metadata=metadata, versions=versions)}
    )
    if stored == b"{}":
        return added
    return b"".join((stored[:-1], b",", added[1:]))


def extended(pact: Any, links: Links, tags: Sequence[str]) -> bytes:
    """The extended document: the content under `contract`, and the tags of which this is the newest version."""
    embedded = {
        "tags": [
            {
                "name": tag,
                "latest": True,
                "_links": {
                    "self": link(links.tag(pact.consumer, pact.number, tag), "Tag", tag),
                    "pb:latest-pact": link(
                        f"{links.pair(pact.consumer, pact.provider)}/latest/{segment(tag)}",
                        f"Latest pact for tag {tag}",
                    ),
                },
            }
            for tag in tags
        ]
    }
    rest = {"createdAt": moment(pact.created_at), "_embedded": embedded, "_links": pact_links(pact, links)}
    content: bytes = pact.content
    return b'{"contract":' + content + b"," + orjson.dumps(rest)[1:]


def pact_links(
    pact: Any, links: Links, *, metadata: str | None = None, versions: Sequence[str] | None = None
) -> dict[str, Any]:
    """All relations of a contract."""
    consumer, provider, number, sha = pact.consumer, pact.provider, pact.number, pact.sha
    pair = links.pair(consumer, provider)
    own = links.pact(consumer, provider, number)
    content = links.pact_content(consumer, provider, sha)
    version = links.version(consumer, number)
    matrix = f"{links.base}/matrix?q%5B%5D%5Bpacticipant%5D={segment(consumer)}&q%5B%5D%5Bversion%5D={segment(number)}"
    relations: dict[str, Any] = {
        "self": link(own, "Pact", name(pact)),
        "pb:consumer": link(links.participant(consumer), "Consumer", consumer),
        "pb:consumer-version": link(version, "Consumer version", number),
    }
    if versions is not None:
        relations["pb:consumer-versions"] = [
            link(links.version(consumer, each), "Consumer version", each) for each in versions
        ]
    relations |= {
        "pb:provider": link(links.participant(provider), "Provider", provider),
        "pb:pact-version": link(content, "Pact content version permalink", sha),
        "pb:latest-pact-version": link(f"{pair}/latest", "Latest version of this pact"),
        "pb:all-pact-versions": link(f"{pair}/versions", "All versions of this pact"),
        "pb:latest-untagged-pact-version": link(f"{pair}/latest-untagged", "Latest untagged version of this pact"),
        "pb:latest-tagged-pact-version": templated(f"{pair}/latest/{{tag}}", "Latest tagged version of this pact"),
        "pb:previous-distinct": link(f"{own}/previous-distinct", "Previous distinct version of this pact"),
        "pb:diff-previous-distinct": link(
            f"{own}/diff/previous-distinct", "Diff with previous distinct version of this pact"
        ),
        "pb:diff": templated(
            f"{content}/diff/pact-version/{{pactVersion}}", "Diff with another specified version of this pact"
        ),
        "pb:pact-webhooks": link(
            links.pair_webhooks(consumer, provider),
            f"Webhooks for the pact between {consumer} and {provider}",
        ),
        "pb:consumer-webhooks": link(
            f"{links.webhooks()}/consumer/{segment(provider)}", f"Webhooks for all pacts with provider {provider}"
        ),
        "pb:tag-prod-version": link(f"{version}/tags/prod", "PUT to this resource to tag this version as 'production'"),
        "pb:tag-version": link(f"{version}/tags/{{tag}}", "PUT to this resource to tag this consumer version"),
        "pb:publish-verification-results": link(
            links.verification_results(consumer, provider, sha, metadata), "Publish verification results"
        ),
        "pb:latest-verification-results": link(f"{content}/verification-results/latest"),
        "pb:triggered-webhooks": link(
            f"{own}/triggered-webhooks", "Webhooks triggered by the publication of this pact"
        ),
        "pb:matrix-for-consumer-version": link(
            f"{matrix}&latestby=cvpv", f"View matrix rows for the consumer version {number}"
        ),
        "ts:comparison": templated(
            f"{content}/comparison/provider-version/{{providerVersion}}",
            "Compare this pact with the API description of a provider version",
        ),
        "curies": links.curies("pact"),
    }
    return relations


# --- lists --------------------------------------------------------------------------------------------------------


def pair_list(
    pacts: Sequence[Any], consumer: str, provider: str, links: Links, url: str, *, tag: bool
) -> dict[str, Any]:
    """Publications of a pair, newest first; lists by tag name their relations anew."""
    prefix = "pb:" if tag else ""
    return {
        "_embedded": {
            "pacts": [
                {
                    "createdAt": moment(pact.created_at),
                    "_embedded": {
                        "consumerVersion": {
                            "number": pact.number,
                            "_links": {"self": link(links.version(consumer, pact.number), "Version", pact.number)},
                        }
                    },
                    "_links": {"self": link(links.pact(consumer, provider, pact.number), "Pact", name(pact))},
                }
                for pact in pacts
            ]
        },
        "_links": {
            "self": link(url, f"All versions of the pact between {consumer} and {provider}"),
            f"{prefix}consumer": link(links.participant(consumer), "Consumer", consumer),
            f"{prefix}provider": link(links.participant(provider), "Provider", provider),
            f"{prefix}pact-versions": [
                link(links.pact(consumer, provider, pact.number), "Pact", name(pact)) for pact in pacts
            ],
        },
    }


def provider_list(pacts: Sequence[Any], provider: str, links: Links, url: str, title: str) -> dict[str, Any]:
    """Contracts of a provider, as links. `pacts` is what old verifiers read."""
    listed: list[Link] = [
        link(links.pact(pact.consumer, provider, pact.number), name(pact), pact.consumer) for pact in pacts
    ]
    return {
        "_links": {
            "self": link(url, title),
            "pb:provider": link(links.participant(provider), "Provider", provider),
            "pb:pacts": listed,
            "provider": link(links.participant(provider), DEPRECATED.format("pb:provider"), provider),
            "pacts": listed,
        }
    }


def latest_list(pacts: Sequence[Any], links: Links, url: str) -> dict[str, Any]:
    """The latest contract of every integration."""
    listed = [link(links.pact(pact.consumer, pact.provider, pact.number), name(pact), pact.consumer) for pact in pacts]
    return {
        "pacts": [
            {
                "createdAt": moment(pact.created_at),
                "_embedded": {
                    "consumer": {
                        "name": pact.consumer,
                        "_embedded": {
                            "version": {
                                "number": pact.number,
                                "_links": {"self": link(links.version(pact.consumer, pact.number))},
                            }
                        },
                        "_links": {"self": link(links.participant(pact.consumer))},
                    },
                    "provider": {
                        "name": pact.provider,
                        "_links": {"self": link(links.participant(pact.provider))},
                    },
                },
                "_links": {
                    "self": [
                        link(f"{links.pair(pact.consumer, pact.provider)}/latest"),
                        link(links.pact(pact.consumer, pact.provider, pact.number)),
                    ]
                },
            }
            for pact in pacts
        ],
        "_links": {
            "self": link(url, "Latest pact versions"),
            "pb:pacts": listed,
            "pacts": listed,
            "curies": links.curies("pact"),
        },
    }
