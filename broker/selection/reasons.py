"""Why a contract was selected: as a short name, as a notice, as data, and as what its link remembers.

Pure. One `Reason` per selector and consumer version that led to the contract; a contract has several when selectors
overlap or when versions share content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal[
    "main_branch", "branch", "matching_branch", "latest", "latest_tagged", "tagged", "deployed", "released"
]

WIRE_KIND: Mapping[str, str] = {
    "main_branch": "mainBranch",
    "branch": "branch",
    "matching_branch": "matchingBranch",
    "latest": "latest",
    "latest_tagged": "latestWithTag",
    "tagged": "tag",
    "deployed": "deployed",
    "released": "released",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One way in which a contract came into the answer."""

    kind: Kind
    consumer: str
    version_id: int
    version_number: str
    branch: str | None = None
    tag: str | None = None
    environment: str | None = None
    consumer_asked: bool = False
    """The selector named this consumer."""
    fallback: bool = False
    """No contract had the tag asked for, so the fallback tag was taken."""
    instance: str = ""
    """The application instance of a deployment, "" for none."""

    @property
    def short(self) -> str:
        """A few stable words: clients name tests after them."""
        match self.kind:
            case "main_branch":
                return "latest from main branch"
            case "branch" | "matching_branch":
                return f"latest from branch {self.branch}"
            case "latest":
                return "latest"
            case "latest_tagged":
                return f"latest with tag {self.tag}"
            case "tagged":
                return f"one of {self.consumer} {self.tag}" if self.consumer_asked else f"one of {self.tag}"
            case "deployed":
                return f"deployed to {self.environment}"
            case "released":
                return f"released in {self.environment}"

    @property
    def sentence(self) -> str:
        """The same for a person, with the consumer version it holds for."""
        words = {
            "main_branch": f"newest version on the main branch of {self.consumer}",
            "branch": f"newest version of {self.consumer} on branch {self.branch}",
            "matching_branch": f"newest version of {self.consumer} on branch {self.branch}, named like the provider's",
            "latest": f"newest version of {self.consumer}",
            "latest_tagged": f"newest version of {self.consumer} tagged {self.tag}"
            + (" (fallback)" if self.fallback else ""),
            "tagged": f"a version of {self.consumer} tagged {self.tag}",
            "deployed": f"a version of {self.consumer} deployed to {self.environment}",
            "released": f"a version of {self.consumer} released and supported in {self.environment}",
        }[self.kind]
        return f"{words} ({self.version_number})"

    def remembered(self) -> tuple[tuple[str, str], ...]:
        """What the contract's link keeps of this reason: pairs of the key inside `s[]` and its text, in wire order."""
        newest = self.kind in ("main_branch", "branch", "matching_branch", "latest", "latest_tagged")
        pairs = (
            ("b", self.branch if self.kind in ("branch", "matching_branch") else None),
            ("t", self.tag if self.kind in ("latest_tagged", "tagged") else None),
            ("l", "true" if newest else None),
            ("e", self.environment),
            ("cv", str(self.version_id)),
        )
        return tuple((key, value) for key, value in pairs if value is not None)

    def as_data(self) -> dict[str, Any]:
        """The member of `ts:reasons` for programs."""
        members = {
            "kind": WIRE_KIND[self.kind],
            "consumer": self.consumer,
            "consumerVersion": self.version_number,
            "branch": self.branch,
            "tag": self.tag,
            "environment": self.environment,
            "applicationInstance": self.instance or None,
            "fallback": self.fallback or None,
            "text": self.sentence,
        }
        return {key: value for key, value in members.items() if value is not None}


def short_description(reasons: Iterable[Reason]) -> str:
    """`latest from main branch, deployed to production`: each wording once, in the order of the selectors."""
    return ", ".join(dict.fromkeys(reason.short for reason in reasons))


def selected_notice(url: str, reasons: Sequence[Reason]) -> str:
    """Why this contract is verified, a line per selector; deployments and releases of a consumer share a line."""
    lines = [f"The contract at {url} is verified because it belongs to:"]
    lines += [f"    * {line}" for line in _lines(reasons)]
    return "\n".join(lines)


def _lines(reasons: Sequence[Reason]) -> list[str]:
    lines: list[str] = []
    live: dict[tuple[str, str], list[Reason]] = {}
    for reason in reasons:
        if reason.kind in ("deployed", "released"):
            live.setdefault((reason.kind, reason.consumer), []).append(reason)
        else:
            lines.append(reason.sentence)
    for (kind, consumer), group in live.items():
        where = dict.fromkeys(f"{r.environment} ({r.version_number})" for r in group)
        doing = "deployed to" if kind == "deployed" else "released and supported in"
        lines.append(f"consumer versions of {consumer} {doing} {_and(list(where))}")
    return list(dict.fromkeys(lines))


def wip_notice(url: str, reasons: Sequence[Reason], provider_branch: str | None, provider_tags: Sequence[str]) -> str:
    """Why a contract nobody asked for is here: it is new, and this branch (or tag) of the provider has not met it."""
    newest = _and(list(dict.fromkeys(reason.sentence for reason in reasons)))
    who = f"branch {provider_branch}" if provider_branch else f"a version tagged {_or(provider_tags)}"
    return (
        f"The contract at {url} is work in progress: it belongs to the {newest}, and {who} of the provider "
        "has not yet verified it successfully while it was selected. It cannot fail this build."
    )


def pending_notice(pending: bool, provider_branch: str | None, pending_tags: Sequence[str]) -> str:
    """Whether a failure of this contract fails the build, and why."""
    if provider_branch:
        who = f"a version of the provider from branch {provider_branch}"
    elif pending_tags:
        who = f"a version of the provider tagged {_or(pending_tags)}"
    else:
        who = "the provider"
    if pending:
        return (
            f"This contract is pending: {who} has never verified it successfully. A failure does not fail this build."
        )
    return f"This contract was verified successfully by {who} before. A failure fails this build."


def after_notices(provider_branch: str | None, pending_tags: Sequence[str]) -> list[dict[str, str]]:
    """What becomes of a pending contract, for each way in which the run may end."""
    where = f" by a version from branch {provider_branch}" if provider_branch else ""
    if pending_tags and not provider_branch:
        where = f" by a version tagged {_or(pending_tags)}"
    texts = {
        (True, False): "This contract stays pending: the successful result was not published.",
        (
            True,
            True,
        ): f"This contract is no longer pending: it was verified successfully{where}, and the result is published.",
        (False, False): "This contract stays pending: it was not verified successfully, and nothing was published.",
        (False, True): f"This contract stays pending until a successful verification{where} is published.",
    }
    return [
        {"when": f"after_verification:success_{_lower(success)}_published_{_lower(published)}", "text": text}
        for (success, published), text in texts.items()
    ]


def _lower(value: bool) -> str:
    return "true" if value else "false"


def _and(words: Sequence[str]) -> str:
    return _join(words, "and")


def _or(words: Sequence[str]) -> str:
    return _join(words, "or")


def _join(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
