"""Addresses: everything the broker links to, built from one base URL. No other module writes a URL."""

from __future__ import annotations

from typing import Any, TypeAlias
from urllib.parse import quote

Link: TypeAlias = dict[str, Any]


def segment(name: str) -> str:
    """A name as one path segment: all but the unreserved characters of RFC 3986 are percent-encoded."""
    return quote(name, safe="")


def link(href: str, title: str | None = None, name: str | None = None, **more: Any) -> Link:
    """A link object; what is None is left out."""
    made: Link = {"href": href}
    if title is not None:
        made["title"] = title
    if name is not None:
        made["name"] = name
    for key, value in more.items():
        if value is not None:
            made[key] = value
    return made


def templated(href: str, title: str | None = None) -> Link:
    return link(href, title, templated=True)


class Links:
    """The addresses of the broker's resources below a base URL (which has no trailing slash)."""

    __slots__ = ("base",)

    def __init__(self, base: str) -> None:
        self.base = base

    # applications
    def participants(self) -> str:
        return f"{self.base}/pacticipants"

    def participant(self, name: str) -> str:
        return f"{self.base}/pacticipants/{segment(name)}"

    def label(self, participant: str, label: str) -> str:
        return f"{self.participant(participant)}/labels/{segment(label)}"

    def versions(self, participant: str) -> str:
        return f"{self.participant(participant)}/versions"

    def version(self, participant: str, number: str) -> str:
        return f"{self.participant(participant)}/versions/{segment(number)}"

    def tag(self, participant: str, number: str, tag: str) -> str:
        return f"{self.version(participant, number)}/tags/{segment(tag)}"

    def branches(self, participant: str) -> str:
        return f"{self.participant(participant)}/branches"

    def branch(self, participant: str, branch: str) -> str:
        return f"{self.participant(participant)}/branches/{segment(branch)}"

    def branch_version(self, participant: str, branch: str, number: str) -> str:
        return f"{self.branch(participant, branch)}/versions/{segment(number)}"

    # environments
    def environments(self) -> str:
        return f"{self.base}/environments"

    def environment(self, uuid: str) -> str:
        return f"{self.base}/environments/{segment(uuid)}"

    def deployed_version(self, uuid: str) -> str:
        return f"{self.base}/deployed-versions/{segment(uuid)}"

    def released_version(self, uuid: str) -> str:
        return f"{self.base}/released-versions/{segment(uuid)}"

    def record_deployment(self, participant: str, number: str, environment_uuid: str) -> str:
        return f"{self.version(participant, number)}/deployed-versions/environment/{segment(environment_uuid)}"

    def record_release(self, participant: str, number: str, environment_uuid: str) -> str:
        return f"{self.version(participant, number)}/released-versions/environment/{segment(environment_uuid)}"

    # contracts
    def provider_pacts(self, provider: str) -> str:
        return f"{self.base}/pacts/provider/{segment(provider)}"

    def pair(self, consumer: str, provider: str) -> str:
        return f"{self.base}/pacts/provider/{segment(provider)}/consumer/{segment(consumer)}"

    def pact(self, consumer: str, provider: str, number: str) -> str:
        return f"{self.pair(consumer, provider)}/version/{segment(number)}"

    def pact_content(self, consumer: str, provider: str, sha: str, metadata: str | None = None) -> str:
        href = f"{self.pair(consumer, provider)}/pact-version/{sha}"
        return f"{href}/metadata/{metadata}" if metadata else href

    def verification_results(self, consumer: str, provider: str, sha: str, metadata: str | None = None) -> str:
        return f"{self.pact_content(consumer, provider, sha, metadata)}/verification-results"

    def verification_result(self, consumer: str, provider: str, sha: str, number: int) -> str:
        return f"{self.verification_results(consumer, provider, sha)}/{number}"

    def comparison(self, consumer: str, provider: str, sha: str, number: str) -> str:
        return f"{self.pact_content(consumer, provider, sha)}/comparison/provider-version/{segment(number)}"

    def description(self, provider: str, number: str) -> str:
        return f"{self.version(provider, number)}/description"

    def for_verification(self, provider: str) -> str:
        return f"{self.provider_pacts(provider)}/for-verification"

    # webhooks
    def webhooks(self) -> str:
        return f"{self.base}/webhooks"

    def webhook(self, uuid: str) -> str:
        return f"{self.base}/webhooks/{segment(uuid)}"

    def pair_webhooks(self, consumer: str, provider: str) -> str:
        return f"{self.webhooks()}/provider/{segment(provider)}/consumer/{segment(consumer)}"

    # documentation of relations
    def curies(self, context: str) -> list[Link]:
        return [link(f"{self.base}/doc/{{rel}}?context={context}", name="pb", templated=True)]
