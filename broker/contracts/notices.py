"""What a publisher is told. Pure: facts in, notices out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tallystick.broker.contracts.service import Published
from tallystick.broker.http.links import Links, segment
from tallystick.broker.webhooks.service import Triggered

Notice: TypeAlias = dict[str, str]


def notice(kind: str, text: str) -> Notice:
    """Kinds: debug, success, info, warning, prompt, error."""
    return {"type": kind, "text": text}


@dataclass(frozen=True, slots=True)
class Advice:
    """What is still missing for a pair."""

    verified: bool
    has_webhook: bool


def about_version(name: str, number: str, *, is_new: bool, branch: str | None, tags: Sequence[str]) -> list[Notice]:
    """What became of the version, and a prompt when it has no branch."""
    text = f"{'Created' if is_new else 'Updated'} {name} version {number}"
    if branch is not None:
        text += f" with branch {branch}"
    if tags:
        text += f"{' and' if branch is not None else ' with'} tags {', '.join(tags)}"
    notices = [notice("debug", text)]
    if branch is None:
        notices.append(
            notice(
                "prompt",
                f"Next steps:\n  Configure the version branch to be the value of your repository branch, for {name}.",
            )
        )
    return notices


def about_contract(published: Published, url: str, advice: Advice, webhooks: Sequence[Notice] = ()) -> list[Notice]:
    """What became of a contract, where it is, what it caused, what to do next."""
    who = f"{published.consumer} version {published.number} and provider {published.provider}"
    outcome = {
        "new": ("success", f"Pact successfully published for {who}."),
        "unchanged": ("success", f"Pact successfully republished for {who} with no content changes."),
        "changed": (
            "warning",
            f"Pact successfully republished for {who}, with other content than before. This is not recommended in "
            "normal circumstances: it makes the answers of can-i-deploy unreliable, and may mean that the version "
            "number is not unique for each commit.",
        ),
        "merged": ("success", f"Pact successfully merged for {who}."),
    }
    notices = [notice(*outcome[published.how]), notice("debug", f"  View the published pact at {url}")]
    if published.events:
        told = ", ".join(f"{event} ({reason})" if reason else event for event, reason in published.events)
        notices.append(notice("debug", f"  Events detected: {told}"))
    notices.extend(webhooks)
    if advice.has_webhook and not webhooks:
        notices.append(notice("debug", "  No enabled webhooks found for the detected events"))
    missing = []
    if not advice.verified:
        missing.append(
            f"    * Add pact verification tests to the {published.provider} build. "
            "See https://docs.pact.io/go/provider_verification"
        )
    if not advice.has_webhook:
        missing.append(
            f"    * Configure a webhook that runs the verification of {published.provider} when the pact changes. "
            "See https://docs.pact.io/go/webhooks"
        )
    if missing:
        notices.append(notice("prompt", "\n".join(["  Next steps:", *missing])))
    return notices


def about_delivery(triggered: Triggered, links: Links) -> Notice:
    """A webhook that will be told, and where its log will be."""
    log = f"{links.base}/triggered-webhooks/{segment(triggered.uuid)}/logs"
    return notice(
        "debug",
        f'  Webhook "{triggered.description}" triggered for event {triggered.event}.\n    View logs at {log}',
    )


def logs(notices: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The same, in the words of older clients."""
    return [
        {"level": each["type"], "message": each["text"], "deprecationWarning": "Replaced by notices"}
        for each in notices
    ]
