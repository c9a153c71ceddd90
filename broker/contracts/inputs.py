"""What `contracts/publish` is sent, doubted: every complaint at once."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.broker.contracts.content import named, parse
from tallystick.broker.errors import Malformed
from tallystick.broker.http.checks import Fields, text_complaints

MEMBERS: Final = frozenset({"pacticipantName", "pacticipantVersionNumber", "branch", "tags", "buildUrl", "contracts"})
CONTRACT_MEMBERS: Final = frozenset(
    {"consumerName", "providerName", "content", "contentType", "specification", "onConflict", "writtenBy"}
)


@dataclass(frozen=True, slots=True)
class Submitted:
    """One contract, with its document parsed."""

    provider: str
    document: Mapping[str, Any]
    merge: bool


@dataclass(frozen=True, slots=True)
class Publication:
    """A version and its contracts."""

    consumer: str
    number: str
    branch: str | None
    tags: tuple[str, ...]
    build_url: str | None
    contracts: tuple[Submitted, ...]
    unknown: tuple[str, ...]
    """Members that nobody knows: ignored, and told."""


def publication(sent: Any) -> Publication:
    """What is to be published, or `Invalid`."""
    fields = Fields(sent)
    consumer = fields.text("pacticipantName", required=True, blank=False)
    number = fields.text("pacticipantVersionNumber", required=True, blank=False)
    tags: list[str] = []
    for index, tag in enumerate(fields.array("tags") or []):
        wrong = ["must be filled"] if tag is None else text_complaints(tag, filled=True, blank=False)
        for message in wrong:
            fields.complain("tags", f"{message} (at index {index})")
        if not wrong:
            tags.append(tag)
    branch = fields.text("branch", blank=False)
    build_url = fields.text("buildUrl")
    contracts = []
    unknown = sorted(key for key in fields.members if key not in MEMBERS)
    for index, each in enumerate(fields.array("contracts", required=True) or []):
        if not isinstance(each, Mapping):
            fields.complain("contracts", f"must be a hash (at index {index})")
            continue
        unknown += sorted(f"contracts[{index}].{key}" for key in each if key not in CONTRACT_MEMBERS)
        submitted, complaints = _contract(each, consumer)
        for message in complaints:
            fields.complain("contracts", f"{message} (at index {index})")
        if submitted is not None:
            contracts.append(submitted)
    fields.refuse_if_wrong()
    assert consumer is not None
    assert number is not None
    return Publication(
        consumer, number, branch, tuple(dict.fromkeys(tags)), build_url, tuple(contracts), tuple(unknown)
    )


def _contract(sent: Mapping[str, Any], consumer: str | None) -> tuple[Submitted | None, list[str]]:
    fields = Fields(sent)
    consumer_name = fields.text("consumerName", required=True, blank=False)
    provider_name = fields.text("providerName", required=True, blank=False)
    content = fields.text("content", required=True, lines=True)
    for key, allowed in (("contentType", "application/json"), ("specification", "pact")):
        value = fields.text(key, required=True)
        if value is not None and value != allowed:
            fields.complain(key, f"must be one of: {allowed}")
    on_conflict = fields.text("onConflict")
    if on_conflict is not None and on_conflict not in ("overwrite", "merge"):
        fields.complain("onConflict", "must be one of: overwrite, merge")
    if consumer_name is not None and consumer is not None and consumer_name != consumer:
        fields.complain("consumerName", f"must match pacticipantName ('{consumer_name}' is not '{consumer}')")
    complaints = [f"{key} {message}" for key, messages in fields.errors.items() for message in messages]
    document = None
    if content is not None:
        document, wrong = _document(content)
        complaints += wrong
        complaints += _other_names(document, consumer_name, provider_name)
    if complaints or not isinstance(document, Mapping) or provider_name is None:
        return None, complaints
    return Submitted(provider_name, document, on_conflict == "merge"), []


def _document(content: str) -> tuple[Any, list[str]]:
    try:
        decoded = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return None, ["content could not be base64 decoded: it must be strict base64, without line breaks"]
    try:
        document = parse(decoded)
    except Malformed as error:
        return None, [f"content could not be parsed as JSON: {error}"]
    return (document, []) if isinstance(document, Mapping) else (None, ["content must be a JSON object"])


def _other_names(document: Any, consumer: str | None, provider: str | None) -> Iterator[str]:
    for role, expected in (("consumer", consumer), ("provider", provider)):
        inside = named(document, role)
        if inside is not None and expected is not None and inside != expected:
            yield (f"{role} name in contract content ('{inside}') must match {role}Name ('{expected}')")
